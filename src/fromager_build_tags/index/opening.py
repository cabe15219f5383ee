"""Open what an argument names: a folder, or a simple API."""

from __future__ import annotations

import pathlib
from collections.abc import Callable

from ..errors import InputError
from .directory import open_directory
from .listing import Index
from .place import IndexPlace


def open_index(
    place: IndexPlace,
    *,
    cache: pathlib.Path | None = None,
    note: Callable[[str], None] = lambda _: None,
) -> Index:
    """Open an index: its list of projects is read, no project yet.

    Args:
        place: where it is.
        cache: a folder for pages that can be asked for again; None for no cache.
        note: is told what somebody who waits should know, from any thread.

    Raises:
        InputError: there is no index, or it cannot be read.
    """
    if place.is_url:
        from ..http.session import Session
        from .simple import open_simple

        return open_simple(place, Session(place.address, cache=cache, note=note))
    if place.scheme:
        raise InputError(f"an index is a folder, or a URL with http:// or https://, not {place}")
    return open_directory(place)
