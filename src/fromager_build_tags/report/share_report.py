"""What indexes share, as a table, Markdown, or a plan in JSON that a pipeline can act on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, assert_never

from ..index import Broken, IndexFile
from ..index.sharing import Bound, Difference, Outcome, Shared, Unshared
from ..text import markdown_code, markdown_text, plain, size_text
from .block import chained, listed
from .table import Rendered, Table

FORMAT_VERSION: Final = "2.0"
_MOST: Final = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class ShareReport:
    """What is the same over several indexes.

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

    @property
    def planned(self) -> Sequence[Shared]:
        """Those with copies; the others are one file already."""
        return [each for each in self.shared if each.copies]

    def __str__(self) -> str:
        everywhere = sum(len(each.indexes) == len(self.indexes) for each in self.shared)
        some = len(self.shared) - everywhere
        linked = len(self.shared) - len(self.planned)
        return (
            f"{everywhere:,} the same in all {len(self.indexes)} indexes"
            + (f", {some:,} in some of them" if some else "")
            + (f", {linked:,} of these one file already" if linked else "")
            + f" ({self.builds:,} builds and {size_text(self.saved)} saved), "
            f"{len(self.unshared):,} that could be, "
            f"{self.bound:,} wheels tied to accelerator or Torch"
        )


def render_table(report: ShareReport) -> list[str | Table]:
    """Return what is shared, what could be and why it is not, and the counts."""
    rows = [
        ("same", plain(each.keep.filename), plain(_copies(report, each), 1_000))
        for each in report.planned
    ]
    rows += [
        ("differs", f"{each.project} {each.version}", plain(_why(report, each), 1_000))
        for each in report.unshared
    ]
    table = [Table(heading=("", "WHEEL", "WHY"), rows=rows)] if rows else []
    return [*table, f"{report}\n"]


def render_markdown(report: ShareReport) -> str:
    """Return the counts, and two lists."""
    same = [
        f"- {markdown_code(each.keep.filename)}: {markdown_text(_copies(report, each))}"
        for each in report.planned
    ]
    differ = [
        f"- {markdown_code(f'{each.project} {each.version}')}: {markdown_text(_why(report, each))}"
        for each in report.unshared
    ]
    lists = [
        listed(f"the same ({len(same):,})", same, "wheel"),
        listed(f"could be the same ({len(differ):,})", differ, "wheel"),
    ]
    return chained(lists, "wheel", f"**{report}**\n").within()


def render_json(report: ShareReport) -> str:
    """Return the plan: of each shared wheel, which file to keep, and which it stands in for.

    What is to be linked has its hash; what it replaces holds the same, and has another hash.
    """
    plan = {
        "format_version": FORMAT_VERSION,
        "indexes": list(report.indexes),
        "saved": {"builds": report.builds, "bytes": report.saved},
        "tied": report.bound,
        "shared": [_shared(report, each) for each in report.planned],
        "linked": len(report.shared) - len(report.planned),
        "unshared": [_unshared(report, each) for each in report.unshared],
    }
    return json.dumps(plan, indent=1) + "\n"


def _shared(report: ShareReport, each: Shared) -> dict[str, object]:
    return {
        "filename": each.keep.filename,
        "indexes": [report.indexes[number] for number in each.indexes],
        "keep": each.keep.location,
        "link": _locations(each.link),
        "replace": [
            {"delete": location, "by": each.keep.location} for location in _locations(each.replace)
        ],
        "bytes": each.saved,
    }


def _unshared(report: ShareReport, each: Unshared) -> dict[str, object]:
    return {
        "project": each.project,
        "version": str(each.version),
        "wheels": {
            report.indexes[number]: _locations(files)
            for number, files in sorted(each.wheels.items())
        },
        "reason": each.reason,
        "differences": [
            {
                "between": [report.indexes[number] for number in difference.between],
                "member": difference.member,
                "what": _what(report, difference),
            }
            for difference in each.differences
        ],
    }


RENDERERS: Final[Mapping[str, Callable[[ShareReport], Rendered]]] = {
    "table": render_table,
    "markdown": render_markdown,
    "json": render_json,
}


def _copies(report: ShareReport, each: Shared) -> str:
    parts = [f"{len(each.link)} with the same hash"] if each.link else []
    parts += [f"{len(each.replace)} but for timestamps and RECORD"] if each.replace else []
    where = [report.indexes[number] for number in each.indexes]
    some = f" in {', '.join(where)}" if len(where) < len(report.indexes) else ""
    return f"{', '.join(parts)}{some} ({size_text(each.saved)})"


def _why(report: ShareReport, each: Unshared) -> str:
    """Return why wheels are not the same; of each pair, the first few files that differ."""
    by_pair: dict[tuple[int, int], list[Difference]] = {}
    for difference in each.differences:
        by_pair.setdefault(difference.between, []).append(difference)
    told = []
    for (one, other), differences in by_pair.items():
        shown = [f"{each.member} {_what(report, each)}" for each in differences[:_MOST]]
        more = len(differences) - len(shown)
        shown += [f"and {more:,} more files"] if more else []
        told.append(f"{report.indexes[one]} and {report.indexes[other]}: {'; '.join(shown)}")
    return "; ".join(told) or each.reason


def _what(report: ShareReport, difference: Difference) -> str:
    if difference.only_in is None:
        return "differs"
    return f"is in {report.indexes[difference.only_in]} only"


def _locations(files: Iterable[IndexFile]) -> list[str]:
    return [each.location for each in files]
