"""A report for people: lines, tables and contents of files. Formats for machines are texts.

A pipe or a file gets plain aligned columns, one row a line, for grep and for lists of any length.
A terminal gets what :mod:`.terminal` makes of the same parts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from ..text import plain_line


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """Rows of texts below a heading, which can be empty.

    Attributes:
        compared: the columns of a tag before and after a change.
        below: how many of the last columns a terminal that is too narrow shows below the others.
    """

    heading: Sequence[str]
    rows: Sequence[Sequence[str]]
    compared: tuple[int, int] | None = None
    below: int = 0

    def __str__(self) -> str:
        lines = [self.heading, *self.rows] if self.heading else self.rows
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        template = "  ".join(f"{{:<{width}}}" for width in widths)
        return "".join(template.format(*line).rstrip() + "\n" for line in lines)


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """Lines of a file, or of the difference of two files: no terminal breaks one of them."""

    lines: Sequence[str]
    is_diff: bool = False

    def __str__(self) -> str:
        return "".join(f"{line}\n" for line in self.lines)


type Part = str | Table | Content
#: A text for machines, or the parts of a report for people; a text part ends its line.
type Rendered = str | Sequence[Part]


def plain_text(rendered: Rendered) -> str:
    """Return what a pipe or a file gets."""
    return rendered if isinstance(rendered, str) else "".join(map(_text, plain_parts(rendered)))


def _text(part: Part) -> str:
    return f"{part}\n" if isinstance(part, str) else str(part)


def plain_parts(parts: Iterable[Part]) -> Iterator[Part]:
    """Yield parts without control characters: names in them come from files and indexes."""
    for part in parts:
        match part:
            case str():
                yield plain_line(part)
            case Table():
                yield replace(part, rows=[[*map(plain_line, row)] for row in part.rows])
            case Content():
                yield replace(part, lines=[*map(plain_line, part.lines)])
