"""A report in a terminal, by rich: tables fit its width, segments and severities have colours.

``NO_COLOR`` and ``FORCE_COLOR`` have the meaning that rich gives them. Importing this module
imports rich, which takes 0.1 s: pipes and files do without.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from typing import Final

from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from ..tag.segment import Order
from ..tag.vocabulary import classify
from .table import Table

_BUILD_TAG: Final = re.compile(r"(?<![\w.])[0-9]+(_[A-Za-z][A-Za-z0-9.]*)+")
_SEGMENT: Final = re.compile(r"(?<=_)[A-Za-z0-9.]+")
_SEGMENT_STYLES: Final = {
    Order.DISTRIBUTION: "green",
    Order.ACCELERATOR: "magenta",
    Order.TORCH: "yellow",
}
_SEVERITY: Final = re.compile(r"\b(error|warning|note|ignored) BT\d+")
_SEVERITY_STYLES: Final = {
    "error": "bold red",
    "warning": "yellow",
    "note": "cyan",
    "ignored": "dim",
}
_LOG_WIDTH: Final = 10_000
#: rich takes 0.3 ms for each row, so that longer tables are printed plain.
_LONGEST: Final = 1_000


def print_report(parts: Iterable[str | Table]) -> None:
    """Print the parts of a report; tables are folded to the width of a terminal, lines are not."""
    # a log in colour has no width, and no cell of it is folded
    console = Console(width=None if sys.stdout.isatty() else _LOG_WIDTH)
    for part in parts:
        if isinstance(part, str):
            console.print(_highlighted(part), end="", soft_wrap=True)
        elif len(part.rows) > _LONGEST:
            console.file.write(str(part))
        else:
            console.print(_grid(part))


def _grid(table: Table) -> Grid:
    grid = Grid(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    for word in table.heading:
        grid.add_column(word, overflow="fold")
    for row in table.rows:
        grid.add_row(*map(_highlighted, row))
    return grid


def _highlighted(text: str) -> Text:
    shown = Text(text)
    for tag in _BUILD_TAG.finditer(text):
        for segment in _SEGMENT.finditer(text, *tag.span()):
            if order := classify(segment[0]):
                shown.stylize(_SEGMENT_STYLES[order], *segment.span())
    for match in _SEVERITY.finditer(text):
        shown.stylize(_SEVERITY_STYLES[match[1]], *match.span())
    return shown
