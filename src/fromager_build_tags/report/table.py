"""A report for people: lines and tables. Formats for machines are texts.

A pipe or a file gets plain aligned columns, one row a line, for grep and for lists of any length
(rich takes seven seconds for the 14,400 rows of a large settings tree, this a tenth). A terminal
gets a report by rich: tables fit its width, segments and severities have colours. ``NO_COLOR`` and
``FORCE_COLOR`` have the meaning that rich gives them.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ..tag.segment import Order, segment_texts
from ..text import plain_line

_BUILD_TAG: Final = re.compile(r"(?<![\w.])[0-9]+(?P<suffix>(?:_[A-Za-z][A-Za-z0-9.]*)+)")
_SEGMENT: Final = re.compile(r"(?<=_)[A-Za-z0-9.]+")
_SEVERITY: Final = re.compile(r"\b(error|warning|note|suppressed) BT\d+")
_STYLES: Final[dict[object, str]] = {
    Order.DISTRIBUTION: "green",
    Order.ACCELERATOR: "magenta",
    Order.TORCH: "yellow",
    "error": "bold red",
    "warning": "yellow",
    "note": "cyan",
    "suppressed": "dim",
}
_LOG_WIDTH: Final = 10_000
#: rich takes 0.3 ms for each row, so that longer tables are printed plain.
_LONGEST: Final = 1_000


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
    return rendered if isinstance(rendered, str) else "".join(map(str, _plain_parts(rendered)))


def _plain_parts(parts: Iterable[str | Table]) -> Iterator[str | Table]:
    """Yield parts without control characters: names in them come from files and indexes."""
    for part in parts:
        if isinstance(part, str):
            yield f"{plain_line(part)}\n"
        else:
            rows = [[*map(plain_line, row)] for row in part.rows]
            yield Table(heading=part.heading, rows=rows)


def print_report(parts: Iterable[str | Table]) -> None:
    """Print the parts of a report; tables are folded to the width of a terminal, lines are not."""
    from rich import console, table, text  # 0.1 s, which pipes and files do without

    def highlighted(line: str) -> text.Text:
        return text.Text(line, spans=[text.Span(*each) for each in _styled(line)])

    # a log in colour has no width, and no cell of it is folded
    out = console.Console(width=None if sys.stdout.isatty() else _LOG_WIDTH)
    for part in _plain_parts(parts):
        if isinstance(part, str):
            out.print(highlighted(part), end="", soft_wrap=True)
        elif len(part.rows) > _LONGEST:
            out.file.write(str(part))
        else:
            columns = [table.Column(word, overflow="fold") for word in part.heading]
            grid = table.Table(*columns, box=None, padding=(0, 2, 0, 0), pad_edge=False)
            for row in part.rows:
                grid.add_row(*map(highlighted, row))
            out.print(grid)


def _styled(line: str) -> Iterator[tuple[int, int, str]]:
    """Yield the start, the end and the style of each segment and each severity."""
    for tag in _BUILD_TAG.finditer(line):
        kinds = {text: order for order, text in segment_texts(tag["suffix"]).items()}
        for segment in _SEGMENT.finditer(line, *tag.span()):
            if order := kinds.get(segment[0]):
                yield *segment.span(), _STYLES[order]
    for match in _SEVERITY.finditer(line):
        yield *match.span(), _STYLES[match[1]]
