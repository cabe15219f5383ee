"""An audit as one HTML page: packages by indexes, without a request to anywhere.

It reads without JavaScript; with it, rows can be filtered. Everything from outside is escaped,
and the page's own policy (CSP) forbids to load anything.
"""

from __future__ import annotations

import html
import pathlib
import re
import urllib.parse
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import Final

from ..findings.catalogue import RULES
from ..findings.finding import Finding, Severity
from ..findings.index_rules import NOTHING_SAID, UNREADABLE_INDEX, UNTOLD_TAGS
from ..index.auditing import Audited
from ..index.status import Wheel
from ..index.view import ProjectView
from ..tag.segment import Order
from ..tag.vocabulary import segment_texts
from ..text import counted, plain
from .audit_report import AuditReport

#: Wheels of one cell that are linked; the newest versions come first.
_MOST: Final = 12


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """A project in one index.

    Attributes:
        wheels: file name and location, of the newest versions.
        count: of all its wheels.
        unsaid: the rules that tell why nothing can be said of some of its wheels.
    """

    wheels: Sequence[tuple[str, str]]
    count: int
    findings: Sequence[Finding]
    unsaid: Sequence[str] = ()

    @property
    def state(self) -> str:
        """The worst that there is to say; what somebody ignores with a reason is fine."""
        worst = min((each.severity for each in self.meant), key=_rank, default=None)
        if self.unsaid and worst in {None, Severity.NOTE}:
            return "unknown"
        return "ok" if worst is None else worst.value

    @property
    def meant(self) -> Sequence[Finding]:
        """The findings that nobody ignores."""
        return [each for each in self.findings if not each.suppression]

    @property
    def codes(self) -> set[str]:
        """The rules that have something to say."""
        return {each.code for each in self.meant} | set(self.unsaid)


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A project over all indexes; a cell is None where there is nothing to say."""

    project: str
    cells: Sequence[Cell | None]
    accelerators: Sequence[str]

    @property
    def codes(self) -> set[str]:
        """The rules that have something to say."""
        return {code for cell in self.cells if cell for code in cell.codes}


@dataclass(frozen=True, slots=True)
class Grid:
    """Collects rows while the audit runs.

    Attributes:
        indexes: how many there are.
        whole: the findings about whole indexes.
    """

    indexes: int
    rows: list[Row] = field(default_factory=list)
    whole: list[Finding] = field(default_factory=list)

    def add(self, audited: Audited) -> None:
        """Keep what the page shows of one project."""
        if audited.project is None:
            self.whole.extend(finding for _, finding in audited.findings)
            return
        cells = [self._cell(audited, number) for number in range(self.indexes)]
        texts = {
            segment_texts(wheel.name.suffix).get(Order.ACCELERATOR, "")
            for view in audited.views.values()
            for wheel in view.all_wheels()
        }
        accelerators = sorted(texts - {""})
        self.rows.append(Row(project=audited.project, cells=cells, accelerators=accelerators))

    @staticmethod
    def _cell(audited: Audited, number: int) -> Cell | None:
        view = audited.views.get(number)
        findings = [each for of, each in audited.findings if number in of]
        if view is None and not findings:
            return None
        wheels = [] if view is None else list(_newest(view))
        return Cell(
            wheels=[(each.file.filename, each.file.location) for each in wheels[:_MOST]],
            count=len(wheels),
            findings=findings,
            unsaid=[] if view is None else list(_unsaid(view)),
        )


def _unsaid(view: ProjectView) -> Iterator[str]:
    if view.is_unnumbered:
        yield NOTHING_SAID.code
    if view.errors:
        yield UNTOLD_TAGS.code


def _newest(view: ProjectView) -> Iterator[Wheel]:
    for version in sorted(view.wheels, reverse=True):
        yield from view.wheels[version]


def render_html(report: AuditReport, grid: Grid) -> str:
    """Return the page."""
    codes = sorted({code for row in grid.rows for code in row.codes})
    accelerators = sorted({text for row in grid.rows for text in row.accelerators})
    names = [f"{plain(each.index)} ({each.variant})" for each in report.indexes if not each.error]
    parts = {
        "VERDICT": _text(str(report.verdict)),
        "HEAD": _head(report, grid),
        "ACCELERATORS": _options((text, text) for text in accelerators),
        "CODES": _options((code, f"{code} {RULES[code].name}") for code in codes),
        "COLUMNS": "".join(f'<th scope="col">{_text(name)}</th>' for name in names),
        "ROWS": "".join(_row(row, names) for row in grid.rows),
    }
    template = resources.files(__package__).joinpath("audit.html").read_text(encoding="utf-8")
    return re.sub(r"@([A-Z]+)@", lambda match: parts[match[1]], template)


def _head(report: AuditReport, grid: Grid) -> str:
    lines = [
        f"<li><code>{_text(each.index)}</code> for {_text(each.variant)}: {_text(each.counts)}</li>"
        for each in report.indexes
    ]
    unread = [each for each in report.verdict.findings if each.code == UNREADABLE_INDEX.code]
    lines += [_finding(each, f"{each.place}: ") for each in [*unread, *grid.whole]]
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
    word, codes = cell.state, " ".join(sorted(cell.codes))
    wheels = counted(cell.count, "wheel")
    if suppressed := len(cell.findings) - len(cell.meant):
        wheels += f", {suppressed:,} suppressed"
    lines = [_finding(each) for each in cell.findings]
    lines += [f'<li class="wheel">{_link(*each)}</li>' for each in cell.wheels]
    if cell.count > len(cell.wheels):
        lines.append(f"<li>and {cell.count - len(cell.wheels):,} more</li>")
    return (
        f'<td class="{word}" data-index="{_text(name)}"><details><summary>'
        f'<strong>{word}</strong> {codes} <span class="dim">{wheels}</span></summary>'
        f"<ul>{''.join(lines)}</ul></details></td>"
    )


def _rank(severity: Severity) -> int:
    return severity.rank


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
    """Return a URL that can be followed: of the schemes that an index has, or of a file."""
    if "://" in location:
        return location if urllib.parse.urlsplit(location).scheme in {"http", "https"} else ""
    return pathlib.Path(location).absolute().as_uri()


def _options(pairs: Iterable[tuple[str, str]]) -> str:
    return "".join(
        f'<option value="{_text(value)}">{_text(text)}</option>' for value, text in pairs
    )


def _text(text: str, longest: int = 300) -> str:
    return html.escape(plain(text, longest))
