"""The wheels that indexes share, as a table, Markdown, or a plan in JSON for a pipeline."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ..index import IndexFile, Unreadable
from ..index.sharing import ComparedProject, Difference, SharedWheel, UnsharedWheels
from ..text import counted, first_few, markdown_code, markdown_text, plain, size_text
from .block import chained, listed
from .table import Rendered, Table

FORMAT_VERSION: Final = "2.0"
#: Differences of a pair of wheels that a report lists.
_MOST: Final = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class ShareReport:
    """The result of a comparison of several indexes.

    Attributes:
        indexes: their paths, or URLs without credentials, in the order of the arguments.
        dependent: the number of wheels that depend on the accelerator or Torch.
    """

    indexes: Sequence[str]
    shared: Sequence[SharedWheel]
    unshared: Sequence[UnsharedWheels]
    dependent: int
    unreadable: Sequence[Unreadable] = ()

    @classmethod
    def of(cls, indexes: Sequence[str], projects: Sequence[ComparedProject]) -> ShareReport:
        """Return the report for all projects."""
        return cls(
            indexes=indexes,
            shared=[each for project in projects for each in project.shared],
            unshared=[each for project in projects for each in project.unshared],
            dependent=sum(project.dependent for project in projects),
            unreadable=[each for project in projects for each in project.unreadable],
        )

    @property
    def builds(self) -> int:
        """The number of builds that were unnecessary."""
        return sum(each.copies for each in self.shared)

    @property
    def saved(self) -> int:
        """The known bytes of the copies."""
        return sum(each.saved for each in self.shared)

    @property
    def planned(self) -> Sequence[SharedWheel]:
        """The shared wheels that have copies; the others are one file already."""
        return [each for each in self.shared if each.copies]

    def __str__(self) -> str:
        everywhere = sum(len(each.indexes) == len(self.indexes) for each in self.shared)
        some = len(self.shared) - everywhere
        linked = len(self.shared) - len(self.planned)
        return (
            f"same in all {len(self.indexes)} indexes: {counted(everywhere, 'wheel')}"
            + (f", in some: {some:,}" if some else "")
            + (f", already one file: {linked:,}" if linked else "")
            + f" (saves {counted(self.builds, 'build')}, {size_text(self.saved)}); "
            f"could be the same: {len(self.unshared):,}; "
            f"dependent on accelerator or Torch: {self.dependent:,}"
        )


def render_table(report: ShareReport) -> list[str | Table]:
    """Return the shared wheels, the others with the reason, and the counts."""
    rows = [
        ("same", plain(each.keep.filename), plain(_copies(report, each), 1_000))
        for each in report.planned
    ]
    rows += [
        ("differs", f"{each.project} {each.version}", plain(_reason(report, each), 1_000))
        for each in report.unshared
    ]
    table = [Table(heading=("", "WHEEL", "DETAILS"), rows=rows)] if rows else []
    return [*table, f"{report}\n"]


def render_markdown(report: ShareReport) -> str:
    """Return the counts, and two lists."""
    same = [
        f"- {markdown_code(each.keep.filename)}: {markdown_text(_copies(report, each))}"
        for each in report.planned
    ]
    differ = [
        f"- {markdown_code(f'{each.project} {each.version}')}: "
        f"{markdown_text(_reason(report, each))}"
        for each in report.unshared
    ]
    lists = [
        listed(f"same ({len(same):,})", same, "wheel"),
        listed(f"could be the same ({len(differ):,})", differ, "wheel"),
    ]
    return chained(lists, "wheel", f"**{report}**\n").within()


def render_json(report: ShareReport) -> str:
    """Return the plan: for each shared wheel, the file to keep, and the copies to replace.

    A copy under ``link`` has the same hash; one under ``replace`` the same content only.
    """
    plan = {
        "format_version": FORMAT_VERSION,
        "indexes": list(report.indexes),
        "saved": {"builds": report.builds, "bytes": report.saved},
        "tied": report.dependent,
        "shared": [_shared(report, each) for each in report.planned],
        "linked": len(report.shared) - len(report.planned),
        "unshared": [_unshared(report, each) for each in report.unshared],
    }
    return json.dumps(plan, indent=1) + "\n"


def _shared(report: ShareReport, each: SharedWheel) -> dict[str, object]:
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


def _unshared(report: ShareReport, each: UnsharedWheels) -> dict[str, object]:
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
                "what": _difference(report, difference),
            }
            for difference in each.differences
        ],
    }


def _copies(report: ShareReport, each: SharedWheel) -> str:
    parts = [f"{len(each.link)} with the same hash"] if each.link else []
    parts += [f"{len(each.replace)} with other timestamps only"] if each.replace else []
    where = [report.indexes[number] for number in each.indexes]
    some = f" in {', '.join(where)}" if len(where) < len(report.indexes) else ""
    return f"{', '.join(parts)}{some} ({size_text(each.saved)})"


def _reason(report: ShareReport, each: UnsharedWheels) -> str:
    """Return the first few differences of each pair of wheels; without them, the reason."""
    by_pair: dict[tuple[int, int], list[str]] = {}
    for difference in each.differences:
        text = f"{difference.member} {_difference(report, difference)}"
        by_pair.setdefault(difference.between, []).append(text)
    pairs = [
        f"{report.indexes[one]} and {report.indexes[other]}: "
        + first_few(texts, _MOST, separator="; ")
        for (one, other), texts in by_pair.items()
    ]
    return "; ".join(pairs) or each.reason


def _difference(report: ShareReport, difference: Difference) -> str:
    if difference.only_in is None:
        return "differs"
    return f"is in {report.indexes[difference.only_in]} only"


def _locations(files: Iterable[IndexFile]) -> list[str]:
    return [each.location for each in files]


RENDERERS: Final[Mapping[str, Callable[[ShareReport], Rendered]]] = {
    "table": render_table,
    "markdown": render_markdown,
    "json": render_json,
}
