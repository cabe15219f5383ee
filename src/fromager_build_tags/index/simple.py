"""A simple API, in HTML or JSON, whose list of projects is read at once and pages as they come.

Source: PyPA specification "Simple repository API"; PEP 503 and PEP 691.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from packaging.utils import NormalizedName

from ..ahead import ahead
from ..errors import InputError
from ..wheel import WheelArchive
from ..wheel.remote import open_url
from ..wheel.server import Traffic
from .listing import Broken, IndexFile, Listed
from .pages import project_files, project_links
from .place import IndexPlace
from .session import PageError, Session


@dataclass(frozen=True, slots=True)
class SimpleIndex:
    """The projects of a simple API, and the URL of each one's page."""

    place: IndexPlace
    pages: Sequence[tuple[NormalizedName, str]]
    session: Session

    def projects(self) -> Iterator[Listed]:
        """Yield every project, in the order of their names; pages are asked for ahead."""
        return ahead(self._project, self.pages)

    def open(self, file: IndexFile) -> AbstractContextManager[WheelArchive]:
        """Open a wheel, to be read by ranges."""
        return open_url(file.address, Traffic(), self.session.files)

    def close(self) -> None:
        """Close the connections."""
        self.session.close()

    def _project(self, page: tuple[NormalizedName, str]) -> Listed:
        project, url = page
        try:
            files = project_files(project, self.session.get(url))
        except PageError as err:
            broken = Broken(location=err.location, reason=err.reason)
            return Listed(project=project, broken=broken)
        return Listed(project=project, files=files)

    def __len__(self) -> int:
        return len(self.pages)


def open_simple(place: IndexPlace, session: Session) -> SimpleIndex:
    """Read the list of projects.

    Raises:
        InputError: it cannot be had, or is none.
    """
    try:
        links = project_links(session.get(session.root))
    except PageError as err:
        session.close()
        raise InputError(str(err)) from None
    return SimpleIndex(place, sorted(links.items()), session)
