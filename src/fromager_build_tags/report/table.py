"""A report for people: lines and tables. Formats for machines are texts.

A pipe or a file gets plain aligned columns, one row a line, for grep and for lists of any length
(rich takes seven seconds for the 14,400 rows of a large settings tree, this a tenth).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """Rows of texts below a heading."""

    heading: Sequence[str]
    rows: Sequence[Sequence[str]]

    def __str__(self) -> str:
        lines = [self.heading, *self.rows]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        template = "  ".join(f"{{:<{width}}}" for width in widths)
        return "".join(template.format(*line).rstrip() + "\n" for line in lines)


#: A text for machines, or the parts of a report for people; a text part ends its line.
type Rendered = str | list[str | Table]


def plain_text(rendered: Rendered) -> str:
    """Return what a pipe or a file gets."""
    return rendered if isinstance(rendered, str) else "".join(map(str, rendered))
