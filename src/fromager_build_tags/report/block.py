"""Markdown that fits into so many characters, and says how many rows it leaves out.

A comment of a forge has a limit, and a review has none. Each part of a report gets a share of the
room, so that none starves another; what a part has no room for is counted in its own rows.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ..text import markdown_text, plain

#: GitHub takes 65,536 characters in a comment, other forges more.
LONGEST: Final = 60_000
_LONG_LIST: Final = 10
_LONGEST_TITLE: Final = 2_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """Rows, or blocks of them, between a head and a foot.

    Attributes:
        parts: rows, which end a line, and blocks.
        noun: what a row is; another gets an ``s``.
    """

    parts: Sequence[str | Block]
    noun: str
    head: str = ""
    foot: str = ""

    @property
    def whole(self) -> str:
        """All of it."""
        return "".join([self.head, *map(_whole, self.parts), self.foot])

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return sum(map(_rows, self.parts))

    @property
    def length(self) -> int:
        """How many characters all of it has."""
        return len(self.head) + sum(map(_length, self.parts)) + len(self.foot)

    @property
    def least(self) -> int:
        """How many characters it needs to show anything."""
        shortest = min(map(_least, self.parts), default=0)
        return min(self.length, self._frame + shortest)

    def within(self, room: int = LONGEST - 1) -> str:
        """Return as much of it as *room* characters hold, and how many rows are left out.

        The first parts are shown, and of each at least a row; what room is left they share.
        """
        if self.length <= room:
            return self.whole
        room -= self._frame
        shown: list[str | Block] = []
        for part in self.parts:
            if _least(part) <= room:
                shown.append(part)
                room -= _least(part)
        shares = _shares([_length(part) - _least(part) for part in shown], room)
        texts = [
            part.within(part.least + share) if isinstance(part, Block) else part
            for part, share in zip(shown, shares, strict=True)
        ]
        left_out = self.rows - sum(map(_rows, shown))
        return "".join([self.head, *texts, self._more(left_out) if left_out else "", self.foot])

    @property
    def _frame(self) -> int:
        return len(self.head) + len(self._more(self.rows)) + len(self.foot)

    def _more(self, left_out: int) -> str:
        return f"\n… and {left_out:,} more {self.noun}{'' if left_out == 1 else 's'}\n"


def _whole(part: str | Block) -> str:
    return part.whole if isinstance(part, Block) else part


def _rows(part: str | Block) -> int:
    return part.rows if isinstance(part, Block) else 1


def _length(part: str | Block) -> int:
    return part.length if isinstance(part, Block) else len(part)


def _least(part: str | Block) -> int:
    return part.least if isinstance(part, Block) else len(part)


def _shares(wanted: Sequence[int], room: int) -> list[int]:
    """Share *room* out: who wants little gets all of it, the others get as much as each other."""
    shares = [0] * len(wanted)
    by_want = sorted(range(len(wanted)), key=wanted.__getitem__)
    for left, number in zip(range(len(wanted), 0, -1), by_want, strict=True):
        shares[number] = min(wanted[number], room // left)
        room -= shares[number]
    return shares


def listed(title: str, rows: Iterable[str], noun: str) -> Block:
    """Return a list below its title, which is plain text; folded if it is long."""
    return titled(title, [f"{row}\n" for row in rows], noun)


def titled(
    title: str, parts: Sequence[str | Block], noun: str, *, fold: bool | None = None
) -> Block:
    """Return parts below their title, which is plain text.

    Args:
        title: what they are.
        parts: rows, which end a line, and blocks.
        noun: what a row is.
        fold: whether only the title shows at first; by default, if there are many rows.
    """
    block = Block(parts=parts, noun=noun)
    if block.rows > _LONG_LIST if fold is None else fold:
        shown = html.escape(plain(title, _LONGEST_TITLE))  # no Markdown is read in there
        head, foot = f"\n<details><summary>{shown}</summary>\n\n", "\n</details>\n"
    else:
        head, foot = f"\n**{markdown_text(title)}**\n\n", ""
    return Block(head=head, parts=parts, noun=noun, foot=foot)


def chained(blocks: Iterable[Block], noun: str, head: str = "") -> Block:
    """Return blocks one below the other; empty ones are left away."""
    return Block(head=head, parts=[*_filled(blocks)], noun=noun)


def _filled(blocks: Iterable[Block]) -> Iterator[Block]:
    return (block for block in blocks if block.parts)
