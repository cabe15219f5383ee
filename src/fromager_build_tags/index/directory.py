"""A folder of files: flat, a folder for each project, or fromager's ``wheels-repo``."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from packaging.utils import NormalizedName, canonicalize_name

from ..errors import InputError
from ..files import printable
from ..wheel import WheelArchive
from .listing import IndexFile, Listed, project_word
from .place import IndexPlace

#: fromager's folders of finished and of pre-built wheels, in one that holds no wheel itself;
#: ``simple`` links to both, and ``build`` holds what is not finished.
_FROMAGER: Final = ("downloads", "prebuilt")


#: Of each project, (file name, folder).
type _Files = dict[NormalizedName, list[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class DirectoryIndex:
    """The files of a folder: of each project, (file name, folder)."""

    place: IndexPlace
    files: Mapping[NormalizedName, list[tuple[str, str]]]

    def projects(self) -> Iterator[Listed]:
        """Yield every project, in the order of their names."""
        for project in sorted(self.files):
            files = tuple(
                IndexFile(project, filename, f"{folder}/{filename}")
                for filename, folder in sorted(self.files[project])
            )
            yield Listed(project=project, files=files)

    def open(self, file: IndexFile) -> WheelArchive:
        """Open a wheel."""
        return WheelArchive.open(file.location)

    def close(self) -> None:
        """Do nothing: no file stays open."""

    def __len__(self) -> int:
        return len(self.files)


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
    try:
        for folder in _folders(root, files):
            _list(folder, files)
    except OSError as err:
        raise InputError(f"{str(root)!r} cannot be read: {err.strerror}") from None
    return DirectoryIndex(place, files)


def _folders(root: pathlib.Path, files: _Files) -> list[str]:
    """List *root*, and return the folders to list: those one level below, or only fromager's."""
    below = _list(str(root), files)
    fromager = [str(root / name) for name in _FROMAGER if (root / name).is_dir()]
    names = (name for of_project in files.values() for name, _ in of_project)
    if not fromager or any(name.endswith(".whl") for name in names):
        return below
    files.clear()
    return fromager


def _list(folder: str, files: _Files) -> list[str]:
    """Add the files of a folder; return the folders in it that are not hidden."""
    by_word: dict[str, list[tuple[str, str]]] = {}
    below = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_file():
                filename = printable(entry.name)
                word = project_word(filename)
                if word not in by_word:
                    by_word[word] = files.setdefault(canonicalize_name(word), [])
                by_word[word].append((filename, folder))
            elif entry.name[0] != "." and entry.is_dir():
                below.append(entry.path)
    return below
