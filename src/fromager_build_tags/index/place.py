"""Where an index is, told by an argument: ``PATH|URL`` or ``VARIANT=PATH|URL``."""

from __future__ import annotations

import os
import re
import urllib.parse
from dataclasses import dataclass
from typing import Final

from ..errors import InputError
from ..http.urls import shown_url

#: One slash is a slip, and what follows may be a password all the same.
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):/")
_VARIANT: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)=(.*)", re.DOTALL)


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexPlace:
    """Where an index is, and which variant it is meant for.

    Attributes:
        address: a path, or a URL, which may hold credentials: never shown.
        variant: fromager's word.
    """

    address: str
    variant: str

    @property
    def is_url(self) -> bool:
        """Whether it is asked over HTTP."""
        return self.address.lower().startswith(("http://", "https://"))

    @property
    def scheme(self) -> str:
        """What tells a URL from a path, "" for a path."""
        match = _SCHEME.match(self.address)
        return match[1] if match else ""

    @property
    def identity(self) -> str:
        """What all spellings of one place have in common; of a URL with its query: not shown."""
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
        """Show no credentials in a traceback either."""
        return f"IndexPlace({self!s}, {self.variant})"


def parse_place(text: str, variant: str) -> IndexPlace:
    """Return where an index is; *variant* is what it is meant for unless it says another.

    Raises:
        InputError: it is nowhere: a path that is empty would be the current folder.
    """
    address = text
    if named := _VARIANT.fullmatch(text):
        variant, address = named.groups()
    if not address.strip():
        raise InputError(f"the INDEX {text!r} names no folder or URL: is a variable not set?")
    return IndexPlace(address=address, variant=variant)
