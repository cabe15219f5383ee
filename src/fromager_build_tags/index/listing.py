"""The contents of an index, and its place: frozen data for every kind of index."""

from __future__ import annotations

import os
import re
import urllib.parse
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from packaging.utils import NormalizedName

from ..errors import InputError
from ..http.urls import is_url, shown_url
from ..wheel.archive import WheelArchive

#: A single slash is a typing error, and the text after it may still be a password.
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):/")
_VARIANT: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)=(.*)", re.DOTALL)


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexPlace:
    """The place of an index, and the variant that its wheels are built for.

    Attributes:
        address: a path, or a URL, which may contain credentials: never shown.
        variant: the name of a fromager variant.
    """

    address: str
    variant: str

    @property
    def is_url(self) -> bool:
        """Whether it is read over HTTP."""
        return is_url(self.address)

    @property
    def scheme(self) -> str:
        """The scheme of a URL; "" for a path."""
        match = _SCHEME.match(self.address)
        return match[1] if match else ""

    @property
    def identity(self) -> str:
        """The same text for all spellings of one place; it contains the URL's query: not shown."""
        if not self.is_url:
            return os.path.realpath(self.address)
        try:
            parts = urllib.parse.urlsplit(self.address)
        except ValueError:
            return self.address
        host = parts.netloc.rpartition("@")[2].lower()
        path = parts.path.rstrip("/")
        return urllib.parse.urlunsplit((parts.scheme, host, path, parts.query, ""))

    def __str__(self) -> str:
        if self.is_url:
            return shown_url(self.address)
        return f"{self.scheme}:…" if self.scheme else self.address

    def __repr__(self) -> str:
        """Hide credentials in a traceback, too."""
        return f"IndexPlace({self!s}, {self.variant})"


def parse_place(text: str, variant: str) -> IndexPlace:
    """Return the place that ``PATH|URL`` or ``VARIANT=PATH|URL`` names.

    Args:
        text: the argument.
        variant: the variant of an argument that names none.

    Raises:
        InputError: the address is empty; an empty path would be the current folder.
    """
    address = text
    if named := _VARIANT.fullmatch(text):
        variant, address = named.groups()
    if not address.strip():
        raise InputError(f"INDEX {text!r} is empty: check that the variable in it is set")
    return IndexPlace(address=address, variant=variant)


class IndexFile(NamedTuple):
    """A file of a project: a tuple, since an index has up to a million.

    Attributes:
        project: canonical; for a file whose name cannot be parsed, the text before the first "-".
        filename: as listed; any text is possible.
        location: a path, or a URL without credentials, query and fragment.
        sha256: as listed, in lower case; "" if it is not listed.
        size: in bytes; None if it is not listed.
        yanked: whether the index marks the file as yanked (PEP 592).
        requires_python: as listed; it may be an invalid specifier.
        signed: the URL with its credentials or query, if it has any: never shown.
    """

    project: NormalizedName
    filename: str
    location: str
    sha256: str = ""
    size: int | None = None
    yanked: bool = False
    requires_python: str = ""
    signed: str = ""

    @property
    def address(self) -> str:
        """The path or URL to open; it may contain credentials."""
        return self.signed or self.location

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


class Index(Protocol):
    """An open index."""

    @property
    def place(self) -> IndexPlace:
        """The place and variant of the index."""
        ...

    def projects(self) -> Iterator[ListedProject]:
        """Yield every project, sorted by name.

        Raises:
            InputError: the index cannot be read.
        """
        ...

    def open(self, file: IndexFile) -> AbstractContextManager[WheelArchive]:
        """Open a wheel of the index; any thread may call it.

        Raises:
            WheelError: the wheel cannot be read; ``__enter__`` may raise it, too.
        """
        ...

    def close(self) -> None:
        """Close open connections; the index can still be read."""
        ...

    def __len__(self) -> int:
        """Return the number of projects."""
        ...


def project_word(filename: str) -> str:
    """Return the part of a file name that names the project.

    Old sdists have a "-" in the project's name.
    """
    if filename.endswith((".tar.gz", ".zip")):
        return filename.rpartition("-")[0]
    return filename.partition("-")[0]
