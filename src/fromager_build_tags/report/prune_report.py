"""What can be deleted from indexes, as a table, Markdown or JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ..index.pruning import Judgement
from ..text import counted, markdown_code, markdown_text, plain, size_text
from .block import Block, chained, listed
from .table import Rendered, Table

FORMAT_VERSION: Final = "1.0"


@dataclass(frozen=True, kw_only=True, slots=True)
class PruneReport:
    """What is to delete in one index.

    Attributes:
        index: its path, or its URL without credentials.
        done: whether it is deleted.
    """

    index: str
    variant: str
    judgements: Sequence[Judgement]
    done: bool

    @property
    def doomed(self) -> Sequence[Judgement]:
        """What is to delete."""
        return [each for each in self.judgements if each.delete]

    @property
    def kept(self) -> Sequence[Judgement]:
        """What the settings don't give, and stays."""
        return [each for each in self.judgements if not each.delete]

    @property
    def size(self) -> int:
        """Bytes to free, as far as they are known."""
        return sum(each.size or 0 for each in self.doomed)

    def __str__(self) -> str:
        done = "deleted" if self.done else "to delete"
        wheels = counted(len(self.doomed), "wheel")
        if more := sum(len(each.companions) for each in self.doomed):
            wheels += f" and {counted(more, 'file')} beside them"
        return f"{wheels} {done} ({self._size_text()}), {len(self.kept):,} kept"

    def _size_text(self) -> str:
        """Return the size in words; it is not known of what a page tells no size of."""
        known = [each.size for each in self.doomed if each.size is not None]
        if len(known) == len(self.doomed):
            return size_text(self.size)
        return f"at least {size_text(self.size)}" if known else "size not known"


def render_table(reports: Iterable[PruneReport]) -> list[str | Table]:
    """Return a table for each index."""
    return [part for number, report in enumerate(reports) for part in _parts(number, report)]


def _parts(number: int, report: PruneReport) -> Iterator[str | Table]:
    rows = [
        (_word(report, each), plain(each.wheel.file.filename), size_text(each.size), _why(each))
        for each in [*report.doomed, *report.kept]
    ]
    if number:
        yield "\n"
    if rows:
        yield Table(heading=("", "WHEEL", "SIZE", "WHY"), rows=rows)
    yield f"{plain(report.index)} for {report.variant}: {report}\n"


def render_markdown(reports: Iterable[PruneReport]) -> str:
    """Return a list for each index."""
    return chained([_markdown(report) for report in reports], "wheel").within()


def _markdown(report: PruneReport) -> Block:
    lists = [
        listed(f"{title} ({len(judged):,})", [_item(each) for each in judged], "wheel")
        for title, judged in (("to delete", report.doomed), ("kept", report.kept))
        if judged
    ]
    head = f"**{markdown_code(report.index)} for {markdown_code(report.variant)}: {report}**\n"
    return chained(lists, "wheel", head)


def _item(each: Judgement) -> str:
    name = markdown_code(each.wheel.file.filename)
    return f"- {name} ({size_text(each.size)}): {markdown_text(_why(each))}"


def render_json(reports: Iterable[PruneReport]) -> str:
    """Return an object with ``format_version`` and ``indexes``."""
    indexes = [
        {
            "index": report.index,
            "variant": report.variant,
            "done": report.done,
            "bytes": report.size,
            "delete": [_record(each) for each in report.doomed],
            "keep": [_record(each) for each in report.kept],
        }
        for report in reports
    ]
    return json.dumps({"format_version": FORMAT_VERSION, "indexes": indexes}, indent=1) + "\n"


def _record(each: Judgement) -> dict[str, object]:
    return {
        "filename": each.wheel.file.filename,
        "location": each.wheel.file.location,
        "reason": each.reason,
        "bytes": each.size,
        "companions": [str(path) for path in each.companions],
    }


def _why(each: Judgement) -> str:
    names = ", ".join(path.name for path in each.companions)
    return f"{each.reason}; with {names}" if names else each.reason


def _word(report: PruneReport, each: Judgement) -> str:
    return ("deleted" if report.done else "delete") if each.delete else "keep"


RENDERERS: Final[Mapping[str, Callable[[Iterable[PruneReport]], Rendered]]] = {
    "table": render_table,
    "markdown": render_markdown,
    "json": render_json,
}
