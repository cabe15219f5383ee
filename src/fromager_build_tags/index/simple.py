"""A simple API, in HTML or JSON, whose list of projects is read at once and pages as they come.

What a web server says of a flat folder of wheels is an index, too, as ``--find-links`` takes it.

Source: PyPA specification "Simple repository API"; PEP 503 and PEP 691.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

import pypi_simple
from packaging.utils import NormalizedName

from ..errors import InputError
from ..http.prefetch import prefetch
from ..http.session import Session
from ..http.urls import FetchError, shown_url
from ..wheel import WheelArchive, open_url
from .listing import Broken, IndexFile, Listed
from .pages import each_once, project_files, read_root
from .place import IndexPlace


@dataclass(frozen=True, slots=True)
class SimpleIndex:
    """The projects of a simple API.

    Attributes:
        pages: each with the URL of its page, "" if it has none.
        files: those that the root page lists itself.
    """

    place: IndexPlace
    pages: Sequence[tuple[NormalizedName, str]]
    files: Mapping[NormalizedName, Sequence[IndexFile]]
    session: Session

    def projects(self) -> Iterator[Listed]:
        """Yield every project, in the order of their names; pages are prefetched."""
        return prefetch(self._project, self.pages)

    def open(self, file: IndexFile) -> AbstractContextManager[WheelArchive]:
        """Download a wheel, and open it."""
        return open_url(file.address, self.session)

    def close(self) -> None:
        """Close the connections."""
        self.session.close()

    def _project(self, page: tuple[NormalizedName, str]) -> Listed:
        project, url = page
        beside = self.files.get(project, ())
        if not url:
            return Listed(project=project, files=each_once(beside))
        try:
            files, wrong = project_files(project, self.session.get(url))
        except FetchError as err:
            broken = Broken(location=err.location, reason=err.reason)
            return Listed(project=project, files=each_once(beside), broken=broken)
        return Listed(
            project=project,
            files=each_once([*beside, *files]),
            broken=Broken(location=shown_url(url), reason=wrong) if wrong else None,
        )

    def __len__(self) -> int:
        return len(self.pages)


def open_simple(place: IndexPlace, session: Session) -> SimpleIndex:
    """Read the list of projects.

    Raises:
        InputError: it cannot be had, or is none.
    """
    # A later version 1.x of the API only adds to it.
    warnings.filterwarnings("ignore", category=pypi_simple.UnexpectedRepoVersionWarning)
    try:
        root = read_root(session.get(session.root))
    except FetchError as err:
        session.close()
        raise InputError(str(err)) from None
    if not (root.pages or root.files or root.says_so):
        session.close()
        raise InputError(
            f"no project is listed at {shown_url(session.root)}: an index is the URL of a simple "
            "API, which mostly ends in /simple/, or of a folder with wheels"
        )
    pages = [
        (name, root.pages.get(name, "")) for name in sorted(root.pages.keys() | root.files.keys())
    ]
    return SimpleIndex(place, pages, root.files, session)
