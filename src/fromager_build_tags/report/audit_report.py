"""An audit in every format: findings, counts for each index, and a page of projects by indexes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ..findings.finding import Verdict
from ..index.index_checks import Tally
from ..text import counted, dump_json, first_few, markdown_code, plain
from . import findings_report
from .audit_page import Grid, render_page
from .block import Block, chained
from .index_reports import place_record
from .table import Rendered, Table

_MOST_LABELS: Final = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditReport:
    """The result of an audit.

    Attributes:
        grid: the rows of the page; None for the other formats.
    """

    verdict: Verdict
    indexes: Sequence[Tally]
    grid: Grid | None


def _counts(index: Tally) -> str:
    if index.error:
        return "not audited"
    text = f"{counted(index.projects, 'project')}, {counted(index.wheels, 'wheel')}"
    if index.labels:
        labels = (f"{number:,} {plain(label)}" for label, number in sorted(index.labels.items()))
        text += f" (labelled: {first_few(labels, _MOST_LABELS)})"
    return f"{text}, {counted(index.skipped, 'other file')} skipped" if index.skipped else text


def render_table(report: AuditReport) -> list[str | Table]:
    """Return the findings, a line for each index, and the verdict."""
    *findings, verdict = findings_report.render_table(report.verdict)
    lines = [
        f"{plain(str(each.place))} for {each.place.label}: {_counts(each)}\n"
        for each in report.indexes
    ]
    return [*findings, *lines, verdict]


def render_markdown(report: AuditReport) -> str:
    """Return the verdict, the indexes, and a section for each rule."""
    lines = [
        f"- {markdown_code(str(each.place))} for {markdown_code(each.place.label)}: "
        f"{_counts(each)}\n"
        for each in report.indexes
    ]
    indexes = Block(parts=lines, noun="row")
    blocks = [indexes, *findings_report.sections(report.verdict)]
    return chained(blocks, "finding", f"**{report.verdict}**\n\n").within()


def render_json(report: AuditReport) -> str:
    """Return the findings as for any other command, and ``indexes``."""
    indexes = [
        {
            **place_record(each.place),
            "projects": each.projects,
            "wheels": each.wheels,
            "skipped": each.skipped,
            "labels": dict(sorted(each.labels.items())),
            "error": each.error,
        }
        for each in report.indexes
    ]
    return dump_json(findings_report.as_json(report.verdict) | {"indexes": indexes})


def render_html(report: AuditReport) -> str:
    """Return the page."""
    assert report.grid is not None, "the rows are collected for this format"
    indexes = [(str(each.place), each.place.label, _counts(each)) for each in report.indexes]
    return render_page(report.grid, report.verdict, indexes)


def _of_findings(format_: str) -> Callable[[AuditReport], Rendered]:
    return lambda report: findings_report.FINDINGS[format_](report.verdict)


RENDERERS: Final[Mapping[str, Callable[[AuditReport], Rendered]]] = {
    "table": render_table,
    "markdown": render_markdown,
    "json": render_json,
    **{each: _of_findings(each) for each in ("github", "gitlab", "sarif")},
    "html": render_html,
}
