"""A folder of files: flat, a folder for each project, or fromager's ``wheels-repo``."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from packaging.utils import NormalizedName, canonicalize_name

from ..errors import InputError
from ..files import printable
from ..wheel import WheelArchive
from .listing import Broken, IndexFile, Listed, project_word
from .place import IndexPlace

#: fromager's folders of finished and of pre-built wheels; ``simple`` links to both, and ``build``
#: holds what is not finished.
_FROMAGER: Final = ("downloads", "prebuilt")


#: Of each project, (file name, folder).
type _Files = dict[NormalizedName, list[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class DirectoryIndex:
    """The files of a folder: of each project, (file name, folder); and links to no file."""

    place: IndexPlace
    files: _Files
    dangling: _Files

    def projects(self) -> Iterator[Listed]:
        """Yield every project, in the order of their names."""
        for project in sorted(self.files.keys() | self.dangling.keys()):
            files = tuple(
                IndexFile(project, filename, f"{folder}/{filename}")
                for filename, folder in sorted(self.files.get(project, ()))
            )
            yield Listed(project=project, files=files, broken=self._broken(project))

    def _broken(self, project: NormalizedName) -> Broken | None:
        links = [f"{folder}/{name}" for name, folder in sorted(self.dangling.get(project, ()))]
        if not links:
            return None
        more = f", as {len(links) - 1:,} more" if len(links) > 1 else ""
        return Broken(location=links[0], reason=f"it is a link that leads to no file{more}")

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
        InputError: there is none, or it cannot be read.
    """
    root = pathlib.Path(place.address)
    if not root.exists():
        raise InputError(f"{str(root)!r} does not exist; an index is a folder or an http(s) URL")
    if not root.is_dir():
        raise InputError(f"{str(root)!r} is a file; an index is a folder or an http(s) URL")
    files: _Files = {}
    dangling: _Files = {}
    try:
        for folder in _folders(root, files, dangling):
            _list(folder, files, dangling)
    except OSError as err:
        raise InputError(f"{str(root)!r} cannot be read: {err.strerror}") from None
    return DirectoryIndex(place, files, dangling)


def _folders(root: pathlib.Path, files: _Files, dangling: _Files) -> list[str]:
    """List *root*, and return the folders to list: those one level below, or only fromager's.

    Beside a wheel, fromager's folders may be projects of their names, unless all are there.
    """
    below = _list(str(root), files, dangling)
    fromager = [str(root / name) for name in _FROMAGER if (root / name).is_dir()]
    names = (name for of_project in files.values() for name, _ in of_project)
    loose = any(name.endswith(".whl") for name in names)
    complete = len(fromager) == len(_FROMAGER) and (root / "build").is_dir()
    if not fromager or (loose and not complete):
        return below
    if not loose:
        files.clear()
        dangling.clear()
    return fromager


def _list(folder: str, files: _Files, dangling: _Files) -> list[str]:
    """Add the files of a folder, and links to no file; return its folders, but hidden ones."""
    by_word: dict[str, list[tuple[str, str]]] = {}
    below = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if _holds(entry, entry.is_file):
                filename = printable(entry.name)
                word = project_word(filename)
                if word not in by_word:
                    by_word[word] = files.setdefault(canonicalize_name(word), [])
                by_word[word].append((filename, folder))
            elif _holds(entry, entry.is_dir):
                if entry.name[0] != ".":
                    below.append(entry.path)
            elif entry.is_symlink() and entry.name.endswith(".whl"):
                filename = printable(entry.name)
                project = canonicalize_name(project_word(filename))
                dangling.setdefault(project, []).append((filename, folder))
    return below


def _holds(entry: os.DirEntry[str], question: Callable[[], bool]) -> bool:
    try:
        return question()
    except OSError:  # of a link to itself, or through a folder that nobody may enter
        if entry.is_symlink():
            return False
        raise
