"""Markdown that fits into a number of characters, and counts the rows that it leaves out.

A forge limits the length of a comment; a review has no limit. Each part of a report gets a share
of the room, so that a long part does not push out the others.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from ..text import counted, markdown_text, plain

#: GitHub takes 65,536 characters in a comment, other forges more.
LONGEST: Final = 60_000
_LONG_LIST: Final = 10
_LONGEST_TITLE: Final = 2_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """Rows, or blocks of them, between a head and a foot.

    Attributes:
        parts: rows, which end a line, and blocks.
        noun: the word for a row, in the singular.
    """

    parts: Sequence[str | Block]
    noun: str
    head: str = ""
    foot: str = ""

    @property
    def full_text(self) -> str:
        """The text, of any length."""
        return "".join([self.head, *map(_full_text, self.parts), self.foot])

    @property
    def rows(self) -> int:
        """The number of rows."""
        return sum(map(_rows, self.parts))

    @property
    def length(self) -> int:
        """The number of characters of the full text."""
        return len(self.head) + sum(map(_length, self.parts)) + len(self.foot)

    @property
    def least_length(self) -> int:
        """The number of characters that it needs to show one row."""
        shortest = min(map(_least, self.parts), default=0)
        return min(self.length, self._frame + shortest)

    def within(self, room: int = LONGEST - 1) -> str:
        """Return as many rows as *room* characters hold, and the number of rows left out.

        Show the first parts that fit with at least one row, and share the remaining room.
        """
        if self.length <= room:
            return self.full_text
        room -= self._frame
        shown: list[str | Block] = []
        for part in self.parts:
            if _least(part) <= room:
                shown.append(part)
                room -= _least(part)
        shares = _shares([_length(part) - _least(part) for part in shown], room)
        texts = [
            part.within(part.least_length + share) if isinstance(part, Block) else part
            for part, share in zip(shown, shares, strict=True)
        ]
        left_out = self.rows - sum(map(_rows, shown))
        return "".join([self.head, *texts, self._more(left_out) if left_out else "", self.foot])

    @property
    def _frame(self) -> int:
        return len(self.head) + len(self._more(self.rows)) + len(self.foot)

    def _more(self, left_out: int) -> str:
        return f"\n… and {counted(left_out, f'more {self.noun}')}\n"


def _full_text(part: str | Block) -> str:
    return part.full_text if isinstance(part, Block) else part


def _rows(part: str | Block) -> int:
    return part.rows if isinstance(part, Block) else 1


def _length(part: str | Block) -> int:
    return part.length if isinstance(part, Block) else len(part)


def _least(part: str | Block) -> int:
    return part.least_length if isinstance(part, Block) else len(part)


def _shares(wanted: Sequence[int], room: int) -> list[int]:
    """Divide *room*: small parts get what they want, the others get equal shares."""
    shares = [0] * len(wanted)
    by_want = sorted(range(len(wanted)), key=wanted.__getitem__)
    for left, number in zip(range(len(wanted), 0, -1), by_want, strict=True):
        shares[number] = min(wanted[number], room // left)
        room -= shares[number]
    return shares


def listed(title: str, rows: Iterable[str], noun: str) -> Block:
    """Return a list below its title, which is plain text; fold a long one."""
    return titled(title, [f"{row}\n" for row in rows], noun)


def titled(
    title: str, parts: Sequence[str | Block], noun: str, *, fold: bool | None = None
) -> Block:
    """Return parts below a title.

    Args:
        title: plain text.
        parts: rows, which end a line, and blocks.
        noun: the word for a row, in the singular.
        fold: show only the title at first; by default, if there are many rows.
    """
    block = Block(parts=parts, noun=noun)
    if block.rows > _LONG_LIST if fold is None else fold:
        shown = html.escape(plain(title, _LONGEST_TITLE))  # no Markdown is read in there
        head, foot = f"\n<details><summary>{shown}</summary>\n\n", "\n</details>\n"
    else:
        head, foot = f"\n**{markdown_text(title)}**\n\n", ""
    return Block(head=head, parts=parts, noun=noun, foot=foot)


def chained(blocks: Iterable[Block], noun: str, head: str = "") -> Block:
    """Return blocks one below the other, without empty ones."""
    return Block(head=head, parts=[block for block in blocks if block.parts], noun=noun)
