"""The content of a wheel, to compare wheels that have the same name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..text import first_few
from .archive import WheelArchive

#: Members that a difference lists.
_MOST: Final = 3

#: Mode and SHA-256 of each member but RECORD, which follows from the others: without times, and
#: without the order of members.
type Content = Mapping[str, tuple[int, bytes]]


def read_content(archive: WheelArchive) -> Content:
    """Return the content of a wheel, which is read to its end.

    Raises:
        WheelError: it is damaged.
    """
    return {
        member.name: (member.info.external_attr >> 16, member.digest("sha256"))
        for member in archive.members
        if member.name != archive.record
    }


def difference(first: Content, second: Content, names: tuple[str, str]) -> str:
    """Return the members in which two wheels with these *names* differ; "" for none."""
    members = [
        f"{name} differs"
        if name in first and name in second
        else f"{name} is in {names[0] if name in first else names[1]} only"
        for name in sorted(first.keys() | second.keys())
        if first.get(name) != second.get(name)
    ]
    return first_few(members, _MOST, separator="; ")
