"""What indexes share, as a table, Markdown, or a plan in JSON that a pipeline can act on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, assert_never

from ..index import Broken, IndexFile
from ..share import Bound, Outcome, Shared, Unshared
from .block import chained, listed
from .columns import render_columns
from .escape import markdown_code, markdown_text, plain
from .sizes import size_text

FORMAT_VERSION: Final = "1.0"
_MOST: Final = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class ShareReport:
    """What is the same over all indexes.

    Attributes:
        indexes: their paths, or URLs without credentials, in the order that was given.
        bound: how many wheels depend on the accelerator or Torch.
        broken: pages that could not be read.
    """

    indexes: Sequence[str]
    shared: Sequence[Shared]
    unshared: Sequence[Unshared]
    bound: int
    broken: Sequence[Broken] = ()

    @classmethod
    def of(cls, indexes: Sequence[str], outcomes: Iterable[Outcome]) -> ShareReport:
        """Sort outcomes by kind."""
        shared: list[Shared] = []
        unshared: list[Unshared] = []
        broken: list[Broken] = []
        bound = 0
        for each in outcomes:
            match each:
                case Shared():
                    shared.append(each)
                case Unshared():
                    unshared.append(each)
                case Bound():
                    bound += each.wheels
                case Broken():
                    broken.append(each)
                case _:
                    assert_never(each)
        return cls(indexes=indexes, shared=shared, unshared=unshared, bound=bound, broken=broken)

    @property
    def builds(self) -> int:
        """How many wheels need not have been built."""
        return sum(each.copies for each in self.shared)

    @property
    def saved(self) -> int:
        """Bytes of the copies."""
        return sum(each.saved for each in self.shared)

    def __str__(self) -> str:
        return (
            f"{len(self.shared):,} the same in all {len(self.indexes)} indexes "
            f"({self.builds:,} builds and {size_text(self.saved)} saved), {len(self.unshared):,} "
            f"that could be, {self.bound:,} wheels tied to accelerator or Torch"
        )


def render_table(report: ShareReport) -> str:
    """Return what is shared, what could be and why it is not, and the counts."""
    rows = [("same", plain(each.keep.filename), _copies(each)) for each in report.shared]
    rows += [
        ("differs", f"{each.project} {each.version}", plain(_why(each), 1_000))
        for each in report.unshared
    ]
    table = render_columns(("", "WHEEL", "WHY"), rows) if rows else ""
    return f"{table}{report}\n"


def render_markdown(report: ShareReport) -> str:
    """Return the counts, and two lists."""
    same = [f"- {markdown_code(each.keep.filename)}: {_copies(each)}" for each in report.shared]
    differ = [
        f"- {markdown_code(f'{each.project} {each.version}')}: {markdown_text(_why(each))}"
        for each in report.unshared
    ]
    lists = [
        listed(f"the same everywhere ({len(same):,})", same, "wheel"),
        listed(f"could be the same ({len(differ):,})", differ, "wheel"),
    ]
    return chained(lists, "wheel", f"**{report}**\n").within()


def render_json(report: ShareReport) -> str:
    """Return the plan: of each shared wheel, which file to keep, to link to it, to delete."""
    plan = {
        "format_version": FORMAT_VERSION,
        "indexes": list(report.indexes),
        "saved": {"builds": report.builds, "bytes": report.saved},
        "tied": report.bound,
        "shared": [
            {
                "filename": each.keep.filename,
                "keep": each.keep.location,
                "link": _locations(each.link),
                "delete": _locations(each.delete),
                "bytes": each.saved,
            }
            for each in report.shared
        ],
        "unshared": [
            {
                "project": each.project,
                "version": str(each.version),
                "wheels": {
                    report.indexes[number]: _locations(files)
                    for number, files in sorted(each.wheels.items())
                },
                "reason": each.reason,
                "differences": [
                    {"member": member, "what": what} for member, what in each.differences
                ],
            }
            for each in report.unshared
        ],
    }
    return json.dumps(plan, indent=1) + "\n"


RENDERERS: Final[Mapping[str, Callable[[ShareReport], str]]] = {
    "table": render_table,
    "markdown": render_markdown,
    "json": render_json,
}


def _copies(each: Shared) -> str:
    parts = [f"{len(each.link)} with the same hash"] if each.link else []
    parts += [f"{len(each.delete)} but for timestamps and RECORD"] if each.delete else []
    return f"{', '.join(parts)} ({size_text(each.saved)})"


def _why(each: Unshared) -> str:
    if not each.differences:
        return each.reason
    shown = [f"{member} {what}" for member, what in each.differences[:_MOST]]
    more = len(each.differences) - len(shown)
    return "; ".join([*shown, *([f"and {more:,} more files"] if more else [])])


def _locations(files: Iterable[IndexFile]) -> list[str]:
    return [each.location for each in files]
