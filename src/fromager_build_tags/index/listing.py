"""The files of an index, for every kind of index; and a folder as an index.

A folder is flat, or has a folder for each project, or is fromager's ``wheels-repo``.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import pathlib
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from packaging.utils import NormalizedName, canonicalize_name

from ..errors import InputError
from ..files import printable
from ..wheel.archive import WheelArchive
from .file_name import project_word
from .place import IndexPlace

#: fromager's folders of built and of pre-built wheels; ``simple`` contains links to both, and
#: ``build`` unfinished wheels.
FROMAGER_FOLDERS: Final = ("downloads", "prebuilt")


class IndexFile(NamedTuple):
    """A file of a project: a tuple, since an index has up to a million.

    Attributes:
        project: canonical; for a file whose name cannot be parsed, the text before the first "-".
        filename: as listed; any text is possible.
        location: a path, or a URL without credentials, query and fragment.
        sha256: as listed, in lower case; "" if it is not listed.
        size: in bytes; None if it is not listed.
        yanked: whether the index marks the file as yanked (PEP 592).
        bare_yank: yanked without a value (HTML) or with an empty one (JSON): not yanked for pip.
        requires_python: as listed; it may be an invalid specifier.
        signed: the URL with its credentials or query, if it has any: never shown.
        repeated: whether a file before it on the page has the same URL.
    """

    project: NormalizedName
    filename: str
    location: str
    sha256: str = ""
    size: int | None = None
    yanked: bool = False
    bare_yank: bool = False
    requires_python: str = ""
    signed: str = ""
    repeated: bool = False

    @property
    def address(self) -> str:
        """The path or URL to open; it may contain credentials."""
        return self.signed or self.location

    @property
    def path(self) -> pathlib.Path | None:
        """The path of a file on this machine; None for a URL."""
        return None if "://" in self.location else pathlib.Path(self.location)

    def read_size(self) -> int | None:
        """Return the size in bytes, listed or of the file; None if it is unknown."""
        try:
            return self.path.stat().st_size if self.size is None and self.path else self.size
        except OSError:
            return None

    def read_sha256(self) -> str:
        """Return the SHA-256, listed or computed; "" if it is unknown."""
        if self.sha256 or self.path is None:
            return self.sha256
        try:
            with self.path.open("rb") as stream:
                return hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError:
            return ""

    def __repr__(self) -> str:
        """Hide a signature in a traceback, too."""
        return f"IndexFile({self.project}, {self.location})"


@dataclass(frozen=True, kw_only=True, slots=True)
class Unreadable:
    """A page, or a link in a folder, that cannot be read (in full), and the reason."""

    location: str
    reason: str

    def __str__(self) -> str:
        return f"{self.location} cannot be read: {self.reason}"


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedProject:
    """The files of one project, each once, and the reason why some or all are missing."""

    project: NormalizedName
    files: tuple[IndexFile, ...] = ()
    unreadable: Unreadable | None = None


@dataclass(frozen=True, slots=True)
class DirectoryIndex:
    """A folder's wheels and other files, and its links that have no target.

    Attributes:
        files: for each project, (file name, folder, whether it is a file and no such link).
    """

    place: IndexPlace
    files: dict[NormalizedName, list[tuple[str, str, bool]]] = field(default_factory=dict)

    def projects(self, named: Container[NormalizedName] | None = None) -> Iterator[ListedProject]:
        """Yield every project, or those that are *named*, sorted by name."""
        names = (each for each in sorted(self.files) if named is None or each in named)
        return map(self.project, names)

    def project(self, name: NormalizedName) -> ListedProject:
        """Return one project, without files if there is none."""
        listed = sorted(self.files.get(name, ()))
        files = tuple(
            IndexFile(name, filename, f"{folder}/{filename}")
            for filename, folder, is_file in listed
            if is_file
        )
        unreadable = None
        if links := [f"{folder}/{link}" for link, folder, is_file in listed if not is_file]:
            more = f" (and {len(links) - 1:,} other)" if len(links) > 1 else ""
            unreadable = Unreadable(location=links[0], reason=f"the link has no target{more}")
        return ListedProject(project=name, files=files, unreadable=unreadable)

    def open(self, file: IndexFile) -> WheelArchive:
        """Open a wheel.

        Raises:
            WheelError: it cannot be read.
        """
        return WheelArchive.open(file.location)

    def close(self) -> None:
        """Do nothing: no file stays open."""

    def __len__(self) -> int:
        return len(self.files)

    def folders(self) -> set[str]:
        """Return the folders of the files."""
        return {folder for files in self.files.values() for _, folder, _ in files}

    def read(self, root: pathlib.Path) -> None:
        """List *root* and the folders one level below, or only fromager's.

        Beside a wheel, a folder with one of fromager's names is a project, unless all three exist.

        Raises:
            OSError: a folder cannot be read.
        """
        below = self._list(str(root))
        fromager = [str(root / name) for name in FROMAGER_FOLDERS if (root / name).is_dir()]
        files = itertools.chain.from_iterable(self.files.values())
        has_wheel = any(name.endswith(".whl") for name, _, is_file in files if is_file)
        complete = len(fromager) == len(FROMAGER_FOLDERS) and (root / "build").is_dir()
        if fromager and (complete or not has_wheel):
            below = fromager
            if not has_wheel:
                self.files.clear()
        for folder in below:
            self._list(folder)

    def _list(self, folder: str) -> list[str]:
        """Add the files and dangling links of a folder; return its folders that are not hidden."""
        by_word: dict[str, list[tuple[str, str, bool]]] = {}
        below = []
        with os.scandir(folder) as entries:
            for entry in entries:
                is_file = _is(entry, entry.is_file)
                if not is_file and _is(entry, entry.is_dir):
                    if entry.name[0] != ".":
                        below.append(entry.path)
                elif is_file or (entry.is_symlink() and entry.name.endswith(".whl")):
                    filename = printable(entry.name)
                    word = project_word(filename)
                    if word not in by_word:
                        by_word[word] = self.files.setdefault(canonicalize_name(word), [])
                    by_word[word].append((filename, folder, is_file))
        return below


def _is(entry: os.DirEntry[str], test: Callable[[], bool]) -> bool:
    try:
        return test()
    except OSError:  # a link to itself, or through a folder without permission to enter
        if entry.is_symlink():
            return False
        raise


def open_directory(place: IndexPlace) -> DirectoryIndex:
    """List a folder.

    Raises:
        InputError: the folder does not exist or cannot be read.
    """
    root = pathlib.Path(place.address)
    if not root.is_dir():
        problem = "is a file" if root.exists() else "does not exist"
        raise InputError(f"index {str(place)!r} {problem}: use a folder or an http(s) URL")
    index = DirectoryIndex(place)
    try:
        index.read(root)
    except OSError as err:
        raise InputError(f"index {str(place)!r} cannot be read: {err.strerror}") from None
    return index
