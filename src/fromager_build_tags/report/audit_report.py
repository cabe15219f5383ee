"""An audit in every format: findings, counts for each index, and a page of projects by indexes.

The HTML page needs neither JavaScript, which adds filters to it, nor a network: its own policy
(CSP) forbids to load anything. Every text from outside is escaped.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import Final

from ..findings.finding import Finding, Severity, Verdict
from ..findings.rules import NAMES, NO_CHANGELOG_ENTRY, UNKNOWN_TAGS, UNREADABLE_INDEX
from ..index.auditing import Audited
from ..index.index_checks import Tally
from ..index.status import ProjectView
from ..text import counted, dump_json, markdown_code, plain
from . import findings_report
from .block import Block, chained
from .index_reports import place_record
from .table import Rendered, Table


@dataclass(frozen=True, slots=True)
class Grid:
    """The rows of the page, rendered during the audit.

    Attributes:
        names: the indexes that are audited, as the page shows them.
        codes: the rules of all rows, and of unknown statuses.
        index_findings: the findings about the indexes themselves.
    """

    names: Sequence[str]
    rows: list[str] = field(default_factory=list)
    codes: set[str] = field(default_factory=set)
    accelerators: set[str] = field(default_factory=set)
    index_findings: list[Finding] = field(default_factory=list)

    def add(self, audited: Audited) -> None:
        """Add the row of a project."""
        if audited.project is None:
            self.index_findings.extend(finding for _, finding in audited.findings)
            return
        wheels = (wheel for view in audited.views.values() for wheel in view.all_wheels())
        accelerators = {wheel.accelerator for wheel in wheels} - {""}
        codes: set[str] = set()
        cells = ""
        for number, name in enumerate(self.names):
            findings = [each for numbers, each in audited.findings if number in numbers]
            cells += _cell(name, audited.views.get(number), findings, codes)
        self.codes.update(codes)
        self.accelerators.update(accelerators)
        self.rows.append(
            f'<tr data-accelerators="{_text(" ".join(sorted(accelerators)))}" '
            f'data-codes="{" ".join(sorted(codes))}">'
            f'<th scope="row">{_text(audited.project)}</th>{cells}</tr>\n'
        )


def _cell(name: str, view: ProjectView | None, findings: list[Finding], codes: set[str]) -> str:
    """Return the cell of a project in one index, and add its rules to *codes*."""
    if view is None and not findings:
        return f'<td class="absent dim" data-index="{_text(name)}">&ndash;</td>'
    active = [each for each in findings if not each.suppression]
    unknown = set() if view is None else _unknown(view)
    of_cell = {each.code for each in active} | unknown
    codes |= of_cell
    state = min(active, key=lambda each: each.severity.rank).severity.value if active else "ok"
    if unknown and state in {"ok", Severity.NOTE.value}:
        state = "unknown"
    wheels = counted(0 if view is None else sum(1 for _ in view.all_wheels()), "wheel")
    if suppressed := len(findings) - len(active):
        wheels += f", {suppressed:,} suppressed"
    return (
        f'<td class="{state}" data-index="{_text(name)}"><details><summary><strong>{state}</strong>'
        f' {" ".join(sorted(of_cell))} <span class="dim">{wheels}</span></summary>'
        f"<ul>{''.join(map(_finding, findings))}</ul></details></td>"
    )


def _unknown(view: ProjectView) -> set[str]:
    """Return the rules that give the reason of an unknown status."""
    unnumbered = {NO_CHANGELOG_ENTRY.code} if view.is_unnumbered else set()
    return unnumbered | ({UNKNOWN_TAGS.code} if view.errors else set())


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditReport:
    """The result of an audit.

    Attributes:
        grid: the rows of the page; other formats need none.
    """

    verdict: Verdict
    indexes: Sequence[Tally]
    grid: Grid


def _counts(index: Tally) -> str:
    if index.error:
        return "not audited"
    text = f"{counted(index.projects, 'project')}, {counted(index.wheels, 'wheel')}"
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
            "error": each.error,
        }
        for each in report.indexes
    ]
    return dump_json(findings_report.as_json(report.verdict) | {"indexes": indexes})


def render_html(report: AuditReport) -> str:
    """Return the page."""
    grid = report.grid
    indexes = [
        f"<li><code>{_text(str(each.place))}</code> for {_text(each.place.label)}: "
        f"{_text(_counts(each))}</li>"
        for each in report.indexes
    ]
    unread = [each for each in report.verdict.findings if each.code == UNREADABLE_INDEX.code]
    findings = [_finding(each, f"{each.place}: ") for each in [*unread, *grid.index_findings]]
    parts = {
        "VERDICT": _text(str(report.verdict)),
        "HEAD": f"<ul>{''.join([*indexes, *findings])}</ul>",
        "ACCELERATORS": _options((text, text) for text in sorted(grid.accelerators)),
        "CODES": _options((code, f"{code} {NAMES[code]}") for code in sorted(grid.codes)),
        "COLUMNS": "".join(f'<th scope="col">{_text(name)}</th>' for name in grid.names),
        "ROWS": "".join(grid.rows),
    }
    template = resources.files(__package__).joinpath("audit.html").read_text(encoding="utf-8")
    return re.sub(r"@([A-Z]+)@", lambda match: parts[match[1]], template)


def _finding(finding: Finding, place: str = "") -> str:
    label = finding.label
    return (
        f'<li class="{label}"><strong>{label} {finding.code}</strong>: '
        f"{_text(place + finding.message, 2_000)}. "
        f'<span class="dim">{_text(finding.advice, 2_000)}</span></li>'
    )


def _options(pairs: Iterable[tuple[str, str]]) -> str:
    return "".join(
        f'<option value="{_text(value)}">{_text(text)}</option>' for value, text in pairs
    )


def _text(text: str, longest: int = 300) -> str:
    return html.escape(plain(text, longest))


def _of_findings(format_: str) -> Callable[[AuditReport], Rendered]:
    return lambda report: findings_report.FINDINGS[format_](report.verdict)


RENDERERS: Final[Mapping[str, Callable[[AuditReport], Rendered]]] = {
    "table": render_table,
    "markdown": render_markdown,
    "json": render_json,
    **{each: _of_findings(each) for each in ("github", "gitlab", "sarif")},
    "html": render_html,
}
