"""The place of an index, as an argument names it: a path or URL, and the variant of its wheels."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Final

from ..errors import InputError
from ..http.urls import is_url, shown_url
from ..stack.key import StackKey
from ..text import redact_argument

#: A single slash is a typing error, and the text after it may still be a password.
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):/")
#: After a stack, text with an "@" is no address: before it may be a password that contains "=".
_VARIANT: Final = re.compile(
    r"([A-Za-z0-9][A-Za-z0-9._-]*)(?::([A-Za-z0-9.]+(?:[ _-][A-Za-z0-9.]+)*)(?==(?![^/]*@)))?=(.*)",
    re.DOTALL,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexPlace:
    """The place of an index, and the variant, or one stack of it, that its wheels are built for.

    Attributes:
        address: a path, or a URL, which may contain credentials: never shown.
        variant: the name of a fromager variant.
        stack: segments of the stack, such as ``cuda13.0``; "" for all stacks of the variant.
        key: the stack, after it is looked up in the settings.
    """

    address: str
    variant: str
    stack: str = ""
    key: StackKey | None = None

    @property
    def label(self) -> str:
        """``VARIANT:STACK``, or ``VARIANT`` for all of its stacks."""
        return f"{self.variant}:{self.stack}" if self.stack else self.variant

    @property
    def is_url(self) -> bool:
        """Whether it is read over HTTP."""
        return is_url(self.address)

    @property
    def scheme(self) -> str:
        """The scheme of a URL; "" for a path."""
        match = _SCHEME.match(self.address)
        return match[1] if match else ""

    def __str__(self) -> str:
        if self.is_url:
            return shown_url(self.address)
        return f"{self.scheme}:…" if self.scheme else redact_argument(self.address)

    def __repr__(self) -> str:
        """Hide credentials in a traceback, too."""
        return f"IndexPlace({self!s}, {self.label})"


def parse_place(text: str, variant: str, *, what: str = "INDEX") -> IndexPlace:
    """Return the place that ``PATH|URL``, ``VARIANT=…`` or ``VARIANT:STACK=…`` names.

    A text with a colon that is a folder's name is a path.

    Args:
        text: the argument.
        variant: the variant of an argument that names none.
        what: the argument's name, for an error.

    Raises:
        InputError: the address is empty; an empty path would be the current folder.
    """
    address, stack = text, ""
    named = _VARIANT.fullmatch(text)
    # noqa, since a Path raises an error for a name that is too long
    if named and not (named[2] and os.path.isdir(text)):  # noqa: PTH112
        variant, stack, address = named.groups("")
    if not address.strip():
        raise InputError(f"{what} {text!r} is empty: check that the variable in it is set")
    return IndexPlace(address=address, variant=variant, stack=stack)
