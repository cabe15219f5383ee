"""A simple API in HTML or JSON, or a web server's listing of a folder of wheels.

The list of projects is read first, and their pages on demand.
"""

from __future__ import annotations

import urllib.parse
import warnings
from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final

import pypi_simple
from packaging.utils import NormalizedName, canonicalize_name

from ..errors import BuildTagError, InputError
from ..http.prefetch import prefetch
from ..http.session import Session
from ..http.urls import FetchError
from ..wheel.archive import WheelArchive, open_url
from .listing import IndexFile, ListedProject, Unreadable
from .place import IndexPlace
from .simple_pages import Files, read_project, read_root

#: Bytes of memory that a file or a project takes at most, besides its texts.
_FILE_COST: Final = 512
#: The status of a project that an index does not have, and of a list of projects.
_NOT_FOUND: Final = 404
_NO_LIST: Final = {403, _NOT_FOUND, 405, 410}
#: The project of entries of the first page that are invalid.
_UNKNOWN: Final = canonicalize_name("(unknown)")


@dataclass(frozen=True, slots=True)
class SimpleIndex:
    """The projects of a simple API.

    Attributes:
        pages: each project with the URL of its page; "" for a project without a page.
        files: the files that the first page lists.
        invalid: the reason why entries of the first page are missing, if some are.
        is_listed: whether the index has a list of projects, and has every project in it.
    """

    place: IndexPlace
    pages: Sequence[tuple[NormalizedName, str]]
    files: Files
    session: Session
    invalid: Unreadable | None = None
    is_listed: bool = True

    def projects(self, named: Container[NormalizedName] | None = None) -> Iterator[ListedProject]:
        """Yield every project, or those that are *named*, sorted by name.

        A few pages are prefetched.
        """
        if self.invalid is not None:
            yield ListedProject(project=_UNKNOWN, unreadable=self.invalid)
        pages = [each for each in self.pages if named is None or each[0] in named]
        yield from prefetch(self._project, pages)

    def project(self, name: NormalizedName) -> ListedProject:
        """Return one project, whose page is read; without files if there is none."""
        return self._project((name, dict(self.pages).get(name, "")))

    def open(self, file: IndexFile) -> AbstractContextManager[WheelArchive]:
        """Download a wheel to a temporary file, and open it: ``__enter__`` raises WheelError."""
        return open_url(file.address, self.session)

    def close(self) -> None:
        """Close the connections."""
        self.session.close()

    def _project(self, place: tuple[NormalizedName, str]) -> ListedProject:
        project, url = place
        files, unreadable = self.files.get(project, ()), None
        try:
            if url:
                with self.session.page(url) as page:
                    found, unreadable = read_project(project, page)
                    self.session.take(_FILE_COST * len(found), url)
                files = [*files, *found]
        except FetchError as err:
            if self.is_listed or err.status != _NOT_FOUND:
                unreadable = Unreadable(location=err.location, reason=err.reason)
        return ListedProject(project=project, files=_unique(files), unreadable=unreadable)

    def __len__(self) -> int:
        return len(self.pages)


def open_simple(place: IndexPlace, named: Iterable[NormalizedName] = ()) -> SimpleIndex:
    """Read the list of projects; if there is none, ask for those that are *named*.

    Raises:
        InputError: the list cannot be read, or the page is not a list of projects.
    """
    # A later version 1.x of the API only adds to it.
    warnings.filterwarnings("ignore", category=pypi_simple.UnexpectedRepoVersionWarning)
    session = Session(place.address)
    asked = {name: urllib.parse.urljoin(session.root, f"{name}/") for name in named}
    try:
        with session.page(session.root) as page:
            pages, files, invalid = read_root(page)
            number = len(pages) + sum(map(len, files.values()))
            session.take(_FILE_COST * number, session.root)
    except BuildTagError as err:
        if asked and isinstance(err, FetchError) and err.status in _NO_LIST:
            return SimpleIndex(place, sorted(asked.items()), {}, session, is_listed=False)
        session.close()
        raise InputError(str(err)) from None
    names = [(name, pages.get(name, "")) for name in sorted(pages.keys() | files.keys())]
    return SimpleIndex(place, names, files, session, invalid)


def _unique(files: Iterable[IndexFile]) -> tuple[IndexFile, ...]:
    """Return files as listed, which is pip's order; a name is twice only for different files.

    Of one file with several URLs, each is another one for installers if its attributes differ.
    """
    unique: dict[IndexFile, IndexFile] = {}
    for each in files:
        location = "" if each.sha256 else each.location
        unique.setdefault(each._replace(location=location, signed="", size=None), each)
    return tuple(unique.values())
