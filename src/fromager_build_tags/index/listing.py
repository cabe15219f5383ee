"""What an index lists: frozen data, whatever kind of index it comes from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from packaging.utils import NormalizedName

from ..wheel import WheelArchive
from .place import IndexPlace


class IndexFile(NamedTuple):
    """A file of a project: a tuple, since there are a million of them.

    Attributes:
        project: canonical; of a name that nothing can read, what stands before the first "-".
        filename: as listed; it can hold anything.
        location: a path, or a URL without credentials, query and fragment.
        sha256: as listed, in lower case; "" if it is not listed.
        size: in bytes; None if it is not listed.
        yanked: whether an installer takes it only for a version that is pinned.
        requires_python: as listed; it can be no specifier at all.
        signed: the URL with its credentials or query, where it has some: never shown.
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
        """What to open: a path, or a URL that may hold what is secret."""
        return self.signed or self.location

    def __repr__(self) -> str:
        """Show no signature in a traceback either."""
        return f"IndexFile({self.project}, {self.location})"


@dataclass(frozen=True, kw_only=True, slots=True)
class Broken:
    """A page that cannot be read: which, and why."""

    location: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """The files of one project, each once, and why its page gives none, or not all of them."""

    project: NormalizedName
    files: tuple[IndexFile, ...] = ()
    broken: Broken | None = None


class Index(Protocol):
    """An index whose projects can be read."""

    @property
    def place(self) -> IndexPlace:
        """Where it is, and what it is meant for."""
        ...

    def projects(self) -> Iterator[Listed]:
        """Yield every project, in the order of their names.

        Raises:
            InputError: the index cannot be read at all.
        """
        ...

    def open(self, file: IndexFile) -> AbstractContextManager[WheelArchive]:
        """Open a wheel of the index, from any thread.

        Raises:
            WheelError: it cannot be read; also when it is entered.
        """
        ...

    def close(self) -> None:
        """Close what is open; the index can still be read."""
        ...

    def __len__(self) -> int:
        """Return how many projects there are."""
        ...


def project_word(filename: str) -> str:
    """Return what stands for the project; sdists of old spell it with a "-" in it."""
    if filename.endswith((".tar.gz", ".zip")):
        return filename.rpartition("-")[0]
    return filename.partition("-")[0]
