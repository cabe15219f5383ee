"""The decisions of ``prune`` as a table, Markdown or JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ..index.pruning import Decision
from ..text import counted, markdown_code, markdown_text, plain, size_text
from .block import Block, chained, listed
from .table import Rendered, Table

FORMAT_VERSION: Final = "2.0"


@dataclass(frozen=True, kw_only=True, slots=True)
class PruneReport:
    """The decisions about the wheels of one index.

    Attributes:
        index: its path, or its URL without credentials.
        done: whether the obsolete wheels are deleted.
    """

    index: str
    variant: str
    decisions: Sequence[Decision]
    done: bool = False

    @property
    def obsolete(self) -> Sequence[Decision]:
        """The wheels to delete."""
        return [each for each in self.decisions if each.delete]

    @property
    def kept(self) -> Sequence[Decision]:
        """The wheels to keep, although the settings do not give their build tags."""
        return [each for each in self.decisions if not each.delete]

    @property
    def size(self) -> int:
        """The known bytes that are freed."""
        return sum(each.size or 0 for each in self.obsolete)

    def __str__(self) -> str:
        done = "deleted" if self.done else "to delete"
        wheels = counted(len(self.obsolete), "wheel")
        return f"{wheels} {done} ({self._size_text()}), {len(self.kept):,} kept"

    def _size_text(self) -> str:
        known = [each.size for each in self.obsolete if each.size is not None]
        if len(known) == len(self.obsolete):
            return size_text(self.size)
        return f"at least {size_text(self.size)}" if known else "size unknown"


def render_table(reports: Iterable[PruneReport]) -> list[str | Table]:
    """Return a table for each index."""
    return [part for number, report in enumerate(reports) for part in _parts(number, report)]


def _parts(number: int, report: PruneReport) -> Iterator[str | Table]:
    delete = "deleted" if report.done else "delete"
    rows = [
        (
            delete if each.delete else "keep",
            plain(each.wheel.file.filename),
            size_text(each.size),
            each.reason,
        )
        for each in [*report.obsolete, *report.kept]
    ]
    if number:
        yield "\n"
    if rows:
        yield Table(heading=("", "WHEEL", "SIZE", "REASON"), rows=rows)
    yield f"{plain(report.index)} for {report.variant}: {report}\n"


def render_markdown(reports: Iterable[PruneReport]) -> str:
    """Return lists for each index."""
    return chained([_markdown(report) for report in reports], "wheel").within()


def _markdown(report: PruneReport) -> Block:
    delete = "deleted" if report.done else "to delete"
    lists = [
        listed(f"{title} ({len(decisions):,})", [_item(each) for each in decisions], "wheel")
        for title, decisions in ((delete, report.obsolete), ("kept", report.kept))
        if decisions
    ]
    head = f"**{markdown_code(report.index)} for {markdown_code(report.variant)}: {report}**\n"
    return chained(lists, "wheel", head)


def _item(each: Decision) -> str:
    name = markdown_code(each.wheel.file.filename)
    return f"- {name} ({size_text(each.size)}): {markdown_text(each.reason)}"


def render_json(reports: Iterable[PruneReport]) -> str:
    """Return an object with ``format_version`` and ``indexes``."""
    indexes = [
        {
            "index": report.index,
            "variant": report.variant,
            "done": report.done,
            "bytes": report.size,
            "delete": [_record(each) for each in report.obsolete],
            "keep": [_record(each) for each in report.kept],
        }
        for report in reports
    ]
    return json.dumps({"format_version": FORMAT_VERSION, "indexes": indexes}, indent=1) + "\n"


def _record(each: Decision) -> dict[str, object]:
    return {
        "filename": each.wheel.file.filename,
        "location": each.wheel.file.location,
        "reason": each.reason,
        "bytes": each.size,
    }


RENDERERS: Final[Mapping[str, Callable[[Iterable[PruneReport]], Rendered]]] = {
    "table": render_table,
    "markdown": render_markdown,
    "json": render_json,
}
