"""The result of ``merge`` as a table, Markdown or JSON; the verdict comes first."""

from __future__ import annotations

import collections
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ..findings.finding import Severity, Verdict
from ..index.machines import MachineChoice
from ..index.pool.merging import MergedProject, MergedWheel
from ..index.pool.pool import Pool, PooledWheel
from ..text import counted, dump_json, first_few, markdown_code, markdown_text, plain, size_text
from . import findings_report
from .block import Block, chained
from .table import Rendered, Table

_HEADING: Final = ("PROJECT", "WHEELS", "SAVED", "VIEWS")
_CHOICES: Final = ("PROJECT", "PYTHON", "MACHINE", "WHEEL")


@dataclass(frozen=True, kw_only=True, slots=True)
class MergeReport:
    """The result of a merge.

    Attributes:
        folder: the folder of the pool.
        pool: all of its wheels after the merge.
        projects: those of the inputs.
        choices: which wheels the named machines get from the index of all accelerators.
        verdict: the findings; with an error, nothing is written.
        dry_run: whether nothing is written in any case.
    """

    folder: str
    pool: Pool
    projects: Sequence[MergedProject]
    choices: Sequence[MachineChoice]
    verdict: Verdict
    dry_run: bool

    @property
    def headline(self) -> str:
        """What the pool has after the merge, or that the merge failed."""
        if errors := self.verdict.count(Severity.ERROR):
            return f"{self.folder} is not changed: {counted(errors, 'error')}"
        totals = _totals(self.pool)
        return (
            f"{self.folder}{' would have' if self.dry_run else ':'} "
            f"{counted(totals['views'], 'view')}, {counted(totals['wheels'], 'wheel')}, "
            f"{totals['distinct']:,} distinct: "
            f"{_copies(totals['wheels'] - totals['distinct'])} saved, {size_text(totals['bytes'])}"
        )

    @property
    def remarks(self) -> Sequence[str]:
        """What was added, left out and skipped, a line each."""
        merged = [each for project in self.projects for each in project.wheels]
        added = sum(each.source is not None for each in merged)
        equal = [path for each in merged for path in each.equal]
        skipped = sum(each.skipped for each in self.projects)
        lines = []
        if not self.verdict.count(Severity.ERROR):
            old = len(merged) - added
            lines.append(f"{counted(added, 'new wheel')}, {old:,} in the pool already")
        if shared := [each for each in self.pool.wheels.values() if each.shared]:
            copies = [each.labelled.size for each in shared if each.labelled]
            lines.append(
                f"index of all accelerators: {counted(len(shared), 'wheel')}"
                + (
                    f", {len(copies):,} as copies with a label ({size_text(sum(copies))})"
                    if copies
                    else ""
                )
            )
        if equal:
            lines.append(
                f"left out, since only the timestamps or the order of the members differ from the "
                f"kept wheel: {first_few(equal)}"
            )
        if skipped:
            lines.append(f"skipped: {counted(skipped, 'file')} other than wheels")
        return lines


def _copies(number: int) -> str:
    return f"{number:,} {'copy' if number == 1 else 'copies'}"


def _totals(pool: Pool) -> Mapping[str, int]:
    wheels = pool.wheels.values()
    return {
        "views": len(pool.views),
        "wheels": sum(len(each.views) for each in wheels),
        "distinct": len(wheels),
        "bytes": sum(each.saved for each in wheels),
    }


def _rows(pool: Pool) -> list[tuple[str, str, str, str]]:
    """Return a row for each project: its wheels, what sharing saves, the wheels of each view."""
    rows: list[tuple[str, str, str, str]] = []
    for project, wheels in pool.by_project().items():
        counts = _view_counts(wheels)
        views = ", ".join(f"{view} {counts[view]:,}" for view in counts)
        saved = sum(each.saved for each in wheels)
        rows.append((project, f"{len(wheels):,}", size_text(saved) if saved else "", views))
    return rows


def _view_counts(wheels: Sequence[PooledWheel]) -> Mapping[str, int]:
    counts = collections.Counter(view for wheel in wheels for view in wheel.views)
    return dict(sorted(counts.items()))


def _choice_rows(report: MergeReport) -> list[tuple[str, str, str, str]]:
    return [
        (
            each.project,
            str(each.target),
            ", ".join(map(str, each.machines)),
            each.filename or "none",
        )
        for each in report.choices
    ]


def render_table(report: MergeReport) -> list[str | Table]:
    """Return the headline, the projects, the remarks and the findings."""
    *findings, _ = findings_report.render_table(report.verdict)
    rows = [[plain(text) for text in row] for row in _rows(report.pool)]
    table: list[str | Table] = [Table(heading=_HEADING, rows=rows, below=1)] if rows else []
    chosen = [[plain(text) for text in row] for row in _choice_rows(report)]
    if chosen:
        table += ["", Table(heading=_CHOICES, rows=chosen, below=1), ""]
    return [f"{plain(report.headline)}\n", *table, *map(plain, report.remarks), *findings]


def render_markdown(report: MergeReport) -> str:
    """Return the headline, the remarks, the findings and the projects."""
    remarks = [f"- {markdown_text(text)}\n" for text in report.remarks]
    rows = [
        f"| {markdown_code(project)} | {wheels} | {saved} | {markdown_text(views)} |\n"
        for project, wheels, saved, views in _rows(report.pool)
    ]
    chosen = [
        f"| {markdown_code(project)} | {markdown_text(target)} | {machines} | "
        f"{markdown_code(filename)} |\n"
        for project, target, machines, filename in _choice_rows(report)
    ]
    blocks = [
        Block(parts=remarks, noun="remark"),
        *findings_report.sections(report.verdict),
        Block(head=_head(_CHOICES), parts=chosen, noun="row"),
        Block(head=_head(_HEADING), parts=rows, noun="project"),
    ]
    return chained(blocks, "row", f"**{markdown_text(report.headline)}**\n\n").within()


def _head(heading: Sequence[str]) -> str:
    return f"\n| {' | '.join(heading)} |\n|{' --- |' * len(heading)}\n"


def render_json(report: MergeReport) -> str:
    """Return the findings as for any other command, and the pool."""
    merged = {each.wheel.filename: each for project in report.projects for each in project.wheels}
    return dump_json(
        findings_report.as_json(report.verdict)
        | {
            "format_version": "1.0",
            "headline": report.headline,
            "folder": report.folder,
            "dry_run": report.dry_run,
            "views": report.pool.views,
            "totals": _totals(report.pool),
            "skipped": sum(each.skipped for each in report.projects),
            "machines": [*map(_choice_record, report.choices)],
            "projects": [
                {
                    "project": project,
                    "saved": sum(each.saved for each in wheels),
                    "views": _view_counts(wheels),
                    "wheels": [
                        _record(each) | _input_record(merged.get(each.filename)) for each in wheels
                    ],
                }
                for project, wheels in report.pool.by_project().items()
            ],
        }
    )


def _choice_record(choice: MachineChoice) -> Mapping[str, Any]:
    return {
        "project": choice.project,
        "abi": choice.target.abi,
        "platform": choice.target.platform,
        "machines": [*map(str, choice.machines)],
        "filename": choice.filename,
    }


def _record(wheel: PooledWheel) -> dict[str, Any]:
    return {
        "filename": wheel.filename,
        "sha256": wheel.sha256,
        "bytes": wheel.size,
        "views": sorted(wheel.views),
        "shared": wheel.shared,
        "labelled": wheel.labelled._asdict() if wheel.labelled else None,
    }


def _input_record(merged: MergedWheel | None) -> dict[str, Any]:
    """Return whether the merge adds a wheel, and the files that are left out for it."""
    return {
        "new": merged is not None and merged.source is not None,
        "equal": [*merged.equal] if merged else [],
    }


#: Each format's renderer, by the name that ``--format`` takes.
MERGED: Final[Mapping[str, Callable[[MergeReport], Rendered]]] = {
    "table": render_table,
    "markdown": render_markdown,
    "json": render_json,
}
