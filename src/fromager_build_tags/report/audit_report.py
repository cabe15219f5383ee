"""An audit in every format: findings, counts for each index, and a page of projects by indexes.

The HTML page needs neither JavaScript, which adds filters to it, nor a network: its own policy
(CSP) forbids to load anything. Every text from outside is escaped.
"""

from __future__ import annotations

import html
import json
import pathlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib import resources
from typing import Final

from ..findings.catalogue import NAMES
from ..findings.finding import Finding, Severity, Verdict
from ..findings.rules import NO_CHANGELOG_ENTRY, UNKNOWN_TAGS, UNREADABLE_INDEX
from ..http.urls import is_url
from ..index.auditing import Audited
from ..index.status import IndexWheel, ProjectView
from ..text import counted, markdown_code, plain
from . import findings_report
from .block import Block, chained
from .table import Rendered, Table

#: Wheels of a cell that are linked; the newest versions come first.
_MOST: Final = 12


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexSummary:
    """The counts of an index.

    Attributes:
        index: its path, or its URL without credentials.
        skipped: files that are neither wheels nor sdists.
        error: why the index cannot be audited; "" if it can.
    """

    index: str
    variant: str
    projects: int = 0
    wheels: int = 0
    skipped: int = 0
    error: str = ""

    @property
    def counts(self) -> str:
        """The counts as text."""
        if self.error:
            return "not audited"
        text = f"{counted(self.projects, 'project')}, {counted(self.wheels, 'wheel')}"
        return f"{text}, {counted(self.skipped, 'other file')} skipped" if self.skipped else text


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """A project in one index, on the page.

    Attributes:
        wheels: file name and location, of the newest versions.
        count: the number of all its wheels.
        unknown: the codes of the rules that say why the status of some wheels is unknown.
    """

    wheels: Sequence[tuple[str, str]]
    count: int
    findings: Sequence[Finding]
    unknown: Sequence[str] = ()

    @property
    def state(self) -> str:
        """The highest severity of the findings that are not suppressed; or unknown, or ok."""
        severities = [each.severity for each in self.active]
        worst = min(severities, key=lambda severity: severity.rank, default=None)
        if self.unknown and worst in {None, Severity.NOTE}:
            return "unknown"
        return "ok" if worst is None else worst.value

    @property
    def active(self) -> Sequence[Finding]:
        """The findings that are not suppressed."""
        return [each for each in self.findings if not each.suppression]

    @property
    def codes(self) -> set[str]:
        """The rules of these findings, and of unknown statuses."""
        return {each.code for each in self.active} | set(self.unknown)


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A project in all indexes, on the page; a cell is None for an index without it."""

    project: str
    cells: Sequence[Cell | None]
    accelerators: Sequence[str]

    @property
    def codes(self) -> set[str]:
        """The rules of all cells."""
        return {code for cell in self.cells if cell for code in cell.codes}


@dataclass(frozen=True, slots=True)
class Grid:
    """The rows of the page, collected during the audit.

    Attributes:
        indexes: the number of indexes.
        index_findings: the findings about the indexes themselves.
    """

    indexes: int
    rows: list[Row] = field(default_factory=list)
    index_findings: list[Finding] = field(default_factory=list)

    def add(self, audited: Audited) -> None:
        """Add the row of a project."""
        if audited.project is None:
            self.index_findings.extend(finding for _, finding in audited.findings)
            return
        cells = [_new_cell(audited, number) for number in range(self.indexes)]
        wheels = (wheel for view in audited.views.values() for wheel in view.all_wheels())
        accelerators = sorted({wheel.accelerator for wheel in wheels} - {""})
        self.rows.append(Row(project=audited.project, cells=cells, accelerators=accelerators))


def _new_cell(audited: Audited, number: int) -> Cell | None:
    view = audited.views.get(number)
    findings = [each for numbers, each in audited.findings if number in numbers]
    if view is None and not findings:
        return None
    wheels = [] if view is None else list(_newest_first(view))
    return Cell(
        wheels=[(each.file.filename, each.file.location) for each in wheels[:_MOST]],
        count=len(wheels),
        findings=findings,
        unknown=[] if view is None else list(_unknown(view)),
    )


def _unknown(view: ProjectView) -> Iterator[str]:
    if view.is_unnumbered:
        yield NO_CHANGELOG_ENTRY.code
    if view.errors:
        yield UNKNOWN_TAGS.code


def _newest_first(view: ProjectView) -> Iterator[IndexWheel]:
    for version in sorted(view.wheels, reverse=True):
        yield from view.wheels[version]


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditReport:
    """The result of an audit.

    Attributes:
        grid: the rows of the page; other formats need none.
    """

    verdict: Verdict
    indexes: Sequence[IndexSummary]
    grid: Grid


def render_table(report: AuditReport) -> list[str | Table]:
    """Return the findings, a line for each index, and the verdict."""
    *findings, verdict = findings_report.render_table(report.verdict)
    lines = [f"{plain(each.index)} for {each.variant}: {each.counts}\n" for each in report.indexes]
    return [*findings, *lines, verdict]


def render_markdown(report: AuditReport) -> str:
    """Return the verdict, the indexes, and a section for each rule."""
    lines = [
        f"- {markdown_code(each.index)} for {markdown_code(each.variant)}: {each.counts}\n"
        for each in report.indexes
    ]
    indexes = Block(parts=lines, noun="row")
    blocks = [indexes, *findings_report.sections(report.verdict)]
    return chained(blocks, "finding", f"**{report.verdict}**\n\n").within()


def render_json(report: AuditReport) -> str:
    """Return the findings as for any other command, and ``indexes``."""
    indexes = {"indexes": [asdict(each) for each in report.indexes]}
    return json.dumps(findings_report.as_json(report.verdict) | indexes, indent=1) + "\n"


def _of_findings(format_: str) -> Callable[[AuditReport], Rendered]:
    return lambda report: findings_report.FINDINGS[format_](report.verdict)


def render_html(report: AuditReport) -> str:
    """Return the page."""
    rows = report.grid.rows
    codes = sorted({code for row in rows for code in row.codes})
    accelerators = sorted({text for row in rows for text in row.accelerators})
    names = [f"{plain(each.index)} ({each.variant})" for each in report.indexes if not each.error]
    parts = {
        "VERDICT": _text(str(report.verdict)),
        "HEAD": _head(report),
        "ACCELERATORS": _options((text, text) for text in accelerators),
        "CODES": _options((code, f"{code} {NAMES[code]}") for code in codes),
        "COLUMNS": "".join(f'<th scope="col">{_text(name)}</th>' for name in names),
        "ROWS": "".join(_row(row, names) for row in rows),
    }
    template = resources.files(__package__).joinpath("audit.html").read_text(encoding="utf-8")
    return re.sub(r"@([A-Z]+)@", lambda match: parts[match[1]], template)


def _head(report: AuditReport) -> str:
    lines = [
        f"<li><code>{_text(each.index)}</code> for {_text(each.variant)}: {_text(each.counts)}</li>"
        for each in report.indexes
    ]
    unread = [each for each in report.verdict.findings if each.code == UNREADABLE_INDEX.code]
    findings = [*unread, *report.grid.index_findings]
    lines += [_finding(each, f"{each.place}: ") for each in findings]
    return f"<ul>{''.join(lines)}</ul>"


def _row(row: Row, names: Sequence[str]) -> str:
    cells = "".join(_cell(*pair) for pair in zip(row.cells, names, strict=True))
    return (
        f'<tr data-accelerators="{_text(" ".join(row.accelerators))}" '
        f'data-codes="{" ".join(sorted(row.codes))}">'
        f'<th scope="row">{_text(row.project)}</th>{cells}</tr>\n'
    )


def _cell(cell: Cell | None, name: str) -> str:
    if cell is None:
        return f'<td class="absent dim" data-index="{_text(name)}">&ndash;</td>'
    state, codes = cell.state, " ".join(sorted(cell.codes))
    wheels = counted(cell.count, "wheel")
    if suppressed := len(cell.findings) - len(cell.active):
        wheels += f", {suppressed:,} suppressed"
    lines = [_finding(each) for each in cell.findings]
    lines += [f'<li class="wheel">{_link(*each)}</li>' for each in cell.wheels]
    if cell.count > len(cell.wheels):
        lines.append(f"<li>and {cell.count - len(cell.wheels):,} more</li>")
    return (
        f'<td class="{state}" data-index="{_text(name)}"><details><summary>'
        f'<strong>{state}</strong> {codes} <span class="dim">{wheels}</span></summary>'
        f"<ul>{''.join(lines)}</ul></details></td>"
    )


def _finding(finding: Finding, place: str = "") -> str:
    label = finding.label
    return (
        f'<li class="{label}"><strong>{label} {finding.code}</strong>: '
        f"{_text(place + finding.message, 2_000)}. "
        f'<span class="dim">{_text(finding.advice, 2_000)}</span></li>'
    )


def _link(filename: str, location: str) -> str:
    href = _href(location)
    return f'<a href="{_text(href, 5_000)}">{_text(filename)}</a>' if href else _text(filename)


def _href(location: str) -> str:
    """Return an http(s) or file URL; "" for a URL with another scheme."""
    if "://" in location:
        return location if is_url(location) else ""
    return pathlib.Path(location).absolute().as_uri()


def _options(pairs: Iterable[tuple[str, str]]) -> str:
    return "".join(
        f'<option value="{_text(value)}">{_text(text)}</option>' for value, text in pairs
    )


def _text(text: str, longest: int = 300) -> str:
    return html.escape(plain(text, longest))


RENDERERS: Final[Mapping[str, Callable[[AuditReport], Rendered]]] = {
    "table": render_table,
    "markdown": render_markdown,
    "json": render_json,
    **{each: _of_findings(each) for each in ("github", "gitlab", "sarif")},
    "html": render_html,
}
