"""List an index: a directory, fromager's ``wheels-repo``, or a simple API in HTML or JSON.

Projects come one at a time, in the order of their names, so that several indexes can be read
side by side and none has to fit into memory.
"""

from .listing import Broken, Index, IndexFile, Listed
from .opening import open_index
from .place import IndexPlace, parse_place

__all__ = [
    "Broken",
    "Index",
    "IndexFile",
    "IndexPlace",
    "Listed",
    "open_index",
    "parse_place",
]
