"""Open what an argument names: a folder, or a simple API."""

from __future__ import annotations

from ..errors import InputError
from .directory import open_directory
from .listing import Index
from .place import IndexPlace


def open_index(place: IndexPlace) -> Index:
    """Open an index: its list of projects is read, no project yet.

    Args:
        place: where it is.

    Raises:
        InputError: there is no index, or it cannot be read.
    """
    if place.is_url:
        from ..http.session import Session
        from .simple import open_simple

        return open_simple(place, Session(place.address))
    if place.scheme:
        raise InputError(f"an index is a folder, or a URL with http:// or https://, not {place}")
    return open_directory(place)
