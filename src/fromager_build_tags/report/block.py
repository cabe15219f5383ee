"""Markdown that fits into a number of characters, and counts the rows that it leaves out.

A forge limits the length of a comment; a review has no limit. Every list of a report is cut at the
same number of rows, so that a long list does not push out the others.
"""

from __future__ import annotations

import bisect
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ..text import counted, markdown_text, plain

#: GitHub takes 65,536 characters in a comment, other forges more.
LONGEST: Final = 60_000
_LONG_LIST: Final = 10
_HTML: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "@": "@<!-- -->"})
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
    def rows(self) -> int:
        """The number of rows."""
        return sum(map(_rows, self.parts))

    def first(self, most: int) -> str:
        """Return the text with at most so many parts of each block, and count the others' rows."""
        parts = [
            part.first(most) if isinstance(part, Block) else part for part in self.parts[:most]
        ]
        left_out = sum(map(_rows, self.parts[most:]))
        more = f"\n… and {counted(left_out, f'more {self.noun}')}\n" if left_out else ""
        return "".join([self.head, *parts, more, self.foot])

    def within(self, room: int = LONGEST - 1) -> str:
        """Return as much as *room* characters hold; with less room, the head and the foot."""
        text = self.first(sys.maxsize)
        if len(text) <= room:
            return text
        more = bisect.bisect_right(range(self.rows), room, key=lambda most: len(self.first(most)))
        return self.first(max(more - 1, 0))


def _rows(part: str | Block) -> int:
    return part.rows if isinstance(part, Block) else 1


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
    block = Block(head=f"\n**{markdown_text(title)}**\n\n", parts=parts, noun=noun)
    if not (block.rows > _LONG_LIST if fold is None else fold):
        return block
    shown = plain(title, _LONGEST_TITLE).translate(_HTML)  # no Markdown is read in there
    head = f"\n<details><summary>{shown}</summary>\n\n"
    return replace(block, head=head, foot="\n</details>\n")


def chained(blocks: Iterable[Block], noun: str, head: str = "") -> Block:
    """Return blocks one below the other, without empty ones."""
    return Block(head=head, parts=[block for block in blocks if block.parts], noun=noun)
