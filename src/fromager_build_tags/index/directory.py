"""A folder as an index: flat, with a folder for each project, or fromager's ``wheels-repo``."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from packaging.utils import NormalizedName, canonicalize_name

from ..errors import InputError
from ..files import printable
from ..wheel.archive import WheelArchive
from .listing import IndexFile, IndexPlace, ListedProject, Unreadable, project_word

#: fromager's folders of built and of pre-built wheels; ``simple`` contains links to both, and
#: ``build`` unfinished wheels.
FROMAGER_FOLDERS: Final = ("downloads", "prebuilt")

#: For each project, (file name, folder).
type _Files = dict[NormalizedName, list[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class DirectoryIndex:
    """A folder's wheels and other files, and its links that have no target."""

    place: IndexPlace
    files: _Files
    dangling: _Files

    def projects(self) -> Iterator[ListedProject]:
        """Yield every project, sorted by name."""
        for project in sorted(self.files.keys() | self.dangling.keys()):
            files = tuple(
                IndexFile(project, filename, f"{folder}/{filename}")
                for filename, folder in sorted(self.files.get(project, ()))
            )
            yield ListedProject(project=project, files=files, unreadable=self._unreadable(project))

    def _unreadable(self, project: NormalizedName) -> Unreadable | None:
        links = [f"{folder}/{name}" for name, folder in sorted(self.dangling.get(project, ()))]
        if not links:
            return None
        more = f" (and {len(links) - 1:,} other)" if len(links) > 1 else ""
        return Unreadable(location=links[0], reason=f"the link has no target{more}")

    def open(self, file: IndexFile) -> WheelArchive:
        """Open a wheel."""
        return WheelArchive.open(file.location)

    def close(self) -> None:
        """Do nothing: no file stays open."""

    def __len__(self) -> int:
        return len(self.files.keys() | self.dangling.keys())


def open_directory(place: IndexPlace) -> DirectoryIndex:
    """List a folder.

    Raises:
        InputError: the folder does not exist or cannot be read.
    """
    root = pathlib.Path(place.address)
    if not root.exists():
        raise InputError(f"index {str(root)!r} does not exist: use a folder or an http(s) URL")
    if not root.is_dir():
        raise InputError(f"index {str(root)!r} is a file: use a folder or an http(s) URL")
    files: _Files = {}
    dangling: _Files = {}
    try:
        for folder in _folders(root, files, dangling):
            _list(folder, files, dangling)
    except OSError as err:
        raise InputError(f"index {str(root)!r} cannot be read: {err.strerror}") from None
    return DirectoryIndex(place, files, dangling)


def _folders(root: pathlib.Path, files: _Files, dangling: _Files) -> list[str]:
    """List *root*, and return the folders to list: those one level below, or only fromager's.

    Beside a wheel, a folder with one of fromager's names is a project, unless all three exist.
    """
    below = _list(str(root), files, dangling)
    fromager = [str(root / name) for name in FROMAGER_FOLDERS if (root / name).is_dir()]
    names = (name for of_project in files.values() for name, _ in of_project)
    has_wheel = any(name.endswith(".whl") for name in names)
    complete = len(fromager) == len(FROMAGER_FOLDERS) and (root / "build").is_dir()
    if not fromager or (has_wheel and not complete):
        return below
    if not has_wheel:
        files.clear()
        dangling.clear()
    return fromager


def _list(folder: str, files: _Files, dangling: _Files) -> list[str]:
    """Add the files and dangling links of a folder; return its folders that are not hidden."""
    by_word: dict[str, list[tuple[str, str]]] = {}
    below = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if _is(entry, entry.is_file):
                filename = printable(entry.name)
                word = project_word(filename)
                if word not in by_word:
                    by_word[word] = files.setdefault(canonicalize_name(word), [])
                by_word[word].append((filename, folder))
            elif _is(entry, entry.is_dir):
                if entry.name[0] != ".":
                    below.append(entry.path)
            elif entry.is_symlink() and entry.name.endswith(".whl"):
                filename = printable(entry.name)
                project = canonicalize_name(project_word(filename))
                dangling.setdefault(project, []).append((filename, folder))
    return below


def _is(entry: os.DirEntry[str], test: Callable[[], bool]) -> bool:
    try:
        return test()
    except OSError:  # a link to itself, or through a folder without permission to enter
        if entry.is_symlink():
            return False
        raise
