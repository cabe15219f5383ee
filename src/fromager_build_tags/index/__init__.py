"""Wheel indexes: a folder, fromager's ``wheels-repo``, or a simple API in HTML or JSON.

Projects come one at a time, sorted by name, so that several indexes can be read side by side and
none has to fit into memory.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from packaging.utils import NormalizedName

from ..errors import InputError
from .listing import DirectoryIndex, open_directory
from .place import IndexPlace

if TYPE_CHECKING:
    from .simple import SimpleIndex

#: An open index; any thread may open its wheels.
type Index = DirectoryIndex | SimpleIndex


def open_index(place: IndexPlace, named: Iterable[NormalizedName] = ()) -> Index:
    """Open an index and read its list of projects, but no project yet.

    Args:
        place: the index.
        named: the projects to ask for where a web server has no list of them.

    Raises:
        InputError: the index does not exist or cannot be read.
    """
    if place.is_url:
        from .simple import open_simple  # imports bs4 and pydantic in 0.5 s

        return open_simple(place, named)
    if place.scheme:
        raise InputError(f"unsupported index {place}: use a folder or an http(s) URL")
    return open_directory(place)
