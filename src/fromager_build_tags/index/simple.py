"""A simple API, in HTML or JSON, whose list of projects is read at once and pages as they come.

Source: PyPA specification "Simple repository API"; PEP 503 and PEP 691.
"""

from __future__ import annotations

import collections
import itertools
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from packaging.utils import NormalizedName

from ..errors import InputError
from .listing import Broken, Listed
from .pages import project_files, project_links
from .place import IndexPlace
from .session import THREADS, PageError, Session

#: How many pages are asked for ahead of the one that is looked at.
_AHEAD: Final = 4 * THREADS


@dataclass(frozen=True, slots=True)
class SimpleIndex:
    """The projects of a simple API, and the URL of each one's page."""

    place: IndexPlace
    pages: Sequence[tuple[NormalizedName, str]]
    session: Session

    def projects(self) -> Iterator[Listed]:
        """Yield every project, in the order of their names; pages are asked for ahead."""
        waiting: collections.deque[Future[Listed]] = collections.deque()
        pages = iter(self.pages)
        pool = ThreadPoolExecutor(THREADS)
        try:
            for page in itertools.islice(pages, _AHEAD):
                waiting.append(pool.submit(self._project, *page))
            while waiting:
                listed = waiting.popleft().result()
                for page in itertools.islice(pages, 1):
                    waiting.append(pool.submit(self._project, *page))
                yield listed
        finally:
            pool.shutdown(cancel_futures=True)
            self.session.close()

    def _project(self, project: NormalizedName, url: str) -> Listed:
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
