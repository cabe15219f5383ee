"""A report in a terminal: in colour by rich, and no line longer than the terminal is wide.

A line breaks at spaces only; a cell also after ``_``, ``-``, ``/`` and ``,``. ``FORCE_COLOR`` has
the meaning that rich gives it; with ``NO_COLOR`` or ``TERM=dumb`` there is no escape sequence.
"""

from __future__ import annotations

import itertools
import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from rich.console import Console
from rich.text import Span, Text

from ..tag.segment import Order, segment_texts
from .table import Content, Part, Table, plain_parts

#: Of the 16 colours that each terminal has, those that are readable on black and on white: yellow
#: is not on white, nor blue on black. gcc uses the same for severities.
_STYLES: Final[dict[object, str]] = {
    Order.DISTRIBUTION: "green",
    Order.ACCELERATOR: "magenta",
    Order.TORCH: "cyan",
    "error": "bold red",
    "warning": "bold magenta",
    "note": "bold cyan",
    "suppressed": "dim",
    "All checks passed": "bold green",
}
_CELLS: Final = {"error": "bold red", "delete": "red", "deleted": "red", "no": "red"}
_DIFF: Final = {"+": "green", "-": "red", "@": "cyan"}
_BEFORE: Final = "red"
_AFTER: Final = "bold green"
_BUILD_TAG: Final = re.compile(r"(?<![\w.])[0-9]+(?P<suffix>(?:_[A-Za-z][A-Za-z0-9.]*)+)")
_SEGMENT: Final = re.compile(r"(?<=_)[A-Za-z0-9.]+")
_PART: Final = re.compile(r"[^_]+")
_SEVERITY: Final = re.compile(
    r"\b(?P<label>error|warning|note|suppressed) BT\d+"
    r"|\b[1-9][\d,]* (?P<count>error|warning)s?\b|^(?P<passed>All checks passed)\b"
)
#: A severity and its rule are one word; ``a.whl!b.so``, a file inside a wheel, is two.
_WORD: Final = re.compile(
    r"\s*(?:(?:error|warning|note|suppressed) BT\d+:?(?!\S)|\S+?(?:(?<=\w)!(?=\w)|(?!\S)))\s*"
)
#: Long texts without a place to break at, which only files of strangers have, break anywhere.
_PIECE: Final = re.compile(r"[^_/,-]{1,24}[_/,-]{0,9}|[_/,-]{1,9}")
_GAP: Final = "  "
_BELOW: Final = "    "


def print_report(parts: Iterable[Part]) -> None:
    """Print the parts of a report; a log in colour has no width, and no line of it breaks."""
    out = Console(color_system=None if os.environ.get("NO_COLOR") else "auto")
    width = out.width if sys.stdout.isatty() else sys.maxsize
    for part in plain_parts(parts):
        for line in _lines(part, width):
            out.print(line, soft_wrap=True)


def _lines(part: Part, width: int) -> Iterator[Text]:
    match part:
        case str():
            return _wrapped(part, width)
        case Table():
            return _rows(part, width)
        case Content():
            return (Text(line, _diff_style(line) if part.is_diff else "") for line in part.lines)


def _diff_style(line: str) -> str:
    return "bold" if line.startswith(("--- ", "+++ ")) else _DIFF.get(line[:1], "")


def _wrapped(line: str, width: int) -> Iterator[Text]:
    """Yield a line, broken at spaces, with what follows indented by two more."""
    indent = len(line) - len(line.lstrip()) + 2
    breaks = _breaks(_WORD.findall(line), width, width - indent)
    first, *others = _divided(_styled(line), breaks)
    yield from (first, *(Text(" " * indent) + other for other in others))


def _rows(table: Table, width: int) -> Iterator[Text]:
    """Yield the lines of a table, with columns as wide as the terminal allows."""
    rows = [_cells(row, table.compared) for row in table.rows]
    if table.heading:
        rows.insert(0, [Text(word, "bold") for word in table.heading])
    widths = [max(cell.cell_len for cell in column) for column in zip(*rows, strict=True)]
    split = len(widths) - table.below if _total(widths) > width else len(widths)
    fitted = _fitted(widths[:split], [row[:split] for row in rows], width)
    below = _fitted(widths[split:], [row[split:] for row in rows], width - len(_BELOW))
    for row in rows:
        yield from _row(row[:split], fitted)
        yield from (Text(_BELOW) + line for line in _row(row[split:], below))


def _row(row: Sequence[Text], widths: Sequence[int]) -> Iterator[Text]:
    """Yield the lines of a row; none if it has no cell."""
    columns = [_folded(*each) for each in zip(row, widths, strict=True)]
    for cells in itertools.zip_longest(*columns, fillvalue=Text()):
        yield _joined(cells, widths)


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + len(_GAP) * (len(widths) - 1)


def _fitted(widths: Sequence[int], rows: Sequence[Sequence[Text]], width: int) -> list[int]:
    """Return the widths of columns that are together not wider than *width*, if they can be."""
    fitted = [*widths]
    if (excess := _total(widths) - width) <= 0:
        return fitted
    least = [max(map(_longest_piece, column)) for column in zip(*rows, strict=True)]
    for _ in range(excess):
        wide = [n for n, each in enumerate(fitted) if each > least[n]]
        if wide:
            fitted[max(wide, key=fitted.__getitem__)] -= 1
    return fitted


def _longest_piece(cell: Text) -> int:
    return max((len(piece.rstrip()) for piece in _pieces(cell.plain, 1)), default=0)


def _folded(cell: Text, width: int) -> Sequence[Text]:
    """Return a cell as lines that are not longer than *width*."""
    if cell.cell_len <= width:
        return [cell]
    return _divided(cell, _breaks(_pieces(cell.plain, width), width, width))


def _divided(text: Text, breaks: Iterable[int]) -> Sequence[Text]:
    lines = [*text.divide(breaks)]
    for line in lines:
        line.rstrip()
    return lines


def _pieces(text: str, width: int) -> Sequence[str]:
    """Return the words, and the pieces of those that are longer than *width*."""
    words = _WORD.findall(text)
    whole = (len(word.rstrip()) <= width for word in words)
    pieces = (
        [word] if fits else _PIECE.findall(word) for word, fits in zip(words, whole, strict=True)
    )
    return [*itertools.chain.from_iterable(pieces)]


def _joined(cells: Sequence[Text], widths: Sequence[int]) -> Text:
    line = Text(_GAP).join(
        cell + " " * (width - cell.cell_len) for cell, width in zip(cells, widths, strict=True)
    )
    line.rstrip()
    return line


def _breaks(pieces: Iterable[str], width: int, later: int) -> Iterator[int]:
    """Yield the offsets at which pieces of a text no longer fit: *later* after the first one."""
    start = end = 0
    for piece in pieces:
        if end > start and end + len(piece.rstrip()) - start > width:
            yield end
            start, width = end, later
        end += len(piece)


def _cells(row: Sequence[str], compared: tuple[int, int] | None) -> list[Text]:
    """Return the cells of a row, with the style of a segment or of what changes."""
    cells = [Text(cell, _CELLS[cell]) if cell in _CELLS else _styled(cell) for cell in row]
    if compared:
        before, after = (row[number] for number in compared)
        cells[compared[0]] = _changed(before, after, _BEFORE)
        cells[compared[1]] = _changed(after, before, _AFTER)
    return cells


def _changed(tag: str, other: str, style: str) -> Text:
    """Return a build tag with the style of the parts that the other one does not have."""
    same = {*_PART.findall(other)}
    parts = _PART.finditer(tag) if tag[:1].isdigit() else ()  # the others are words: (new)
    return Text(tag, spans=[Span(*each.span(), style) for each in parts if each[0] not in same])


def _styled(line: str) -> Text:
    """Return a line with the style of each segment and each severity."""
    return Text(line, spans=[*_segments(line), *_severities(line)])


def _segments(line: str) -> Iterator[Span]:
    for tag in _BUILD_TAG.finditer(line):
        kinds = {text: order for order, text in segment_texts(tag["suffix"]).items()}
        for segment in _SEGMENT.finditer(line, *tag.span()):
            if order := kinds.get(segment[0]):
                yield Span(*segment.span(), _STYLES[order])


def _severities(line: str) -> Iterator[Span]:
    for match in _SEVERITY.finditer(line):
        yield Span(*match.span(), _STYLES[match[match.lastgroup or 0]])
