"""The HTML page of an audit: projects by indexes.

It needs neither JavaScript, which adds filters to it, nor a network: its own policy (CSP) forbids
to load anything. Every text from outside is escaped.
"""

from __future__ import annotations

import datetime
import functools
import html
import os
import pathlib
import re
import urllib.parse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib import metadata, resources
from typing import Final

from ..errors import InputError
from ..findings.finding import Finding, Severity, Verdict
from ..findings.rules import (
    NAMES,
    NO_CHANGELOG_ENTRY,
    RULES,
    UNKNOWN_TAGS,
    UNREADABLE_INDEX,
)
from ..index.auditing import Audited
from ..index.listing import IndexFile
from ..index.status import ProjectView
from ..text import counted, plain

_DISTRIBUTION: Final = "fromager-build-tags"
_EPOCH: Final = "SOURCE_DATE_EPOCH"


@dataclass(frozen=True, slots=True)
class Grid:
    """The rows of the page, rendered during the audit.

    Attributes:
        names: the indexes that are audited, as the page shows them.
        folder: the folder of the page, from which links lead to wheels.
        made: the time that the page shows.
        codes: the rules of all rows, and of unknown statuses.
        index_findings: the findings about the indexes themselves.
    """

    names: Sequence[str]
    folder: pathlib.Path
    made: datetime.datetime
    rows: list[str] = field(default_factory=list)
    codes: set[str] = field(default_factory=set)
    accelerators: set[str] = field(default_factory=set)
    index_findings: list[Finding] = field(default_factory=list)

    def add(self, audited: Audited) -> None:
        """Add the row of a project; a file that is neither a wheel nor an sdist is none."""
        if audited.project is None:
            self.index_findings.extend(finding for _, finding in audited.findings)
            return
        files = [view.files for view in audited.views.values()]
        if not (audited.findings or any(each.wheels or each.sdists for each in files)):
            return
        wheels = (wheel for view in audited.views.values() for wheel in view.all_wheels())
        accelerators = {wheel.accelerator for wheel in wheels} - {""}
        codes: set[str] = set()
        cells = ""
        for number, name in enumerate(self.names):
            findings = [each for numbers, each in audited.findings if number in numbers]
            view = audited.views.get(number)
            cells += _cell(name, view, findings, codes, "" if view is None else self._links(view))
        self.codes.update(codes)
        self.accelerators.update(accelerators)
        self.rows.append(
            f'<tr data-accelerators="{_text(" ".join(sorted(accelerators)))}" '
            f'data-codes="{" ".join(sorted(codes))}">'
            f'<th scope="row">{_text(audited.project)}</th>{cells}</tr>\n'
        )

    def _links(self, view: ProjectView) -> str:
        """Return list items that link to the wheels of a folder, or to the page of a project."""
        if view.place.is_url:
            url = f"{str(view.place).rstrip('/')}/{view.project}/"
            return f'<li><a href="{_text(url, 2_000)}">{_text(url)}</a></li>'
        return "".join(
            f'<li><a href="{self._link(wheel.file)}">{_text(wheel.file.filename)}</a>'
            f' <span class="dim">{wheel.status.name.lower().replace("_", " ")}</span></li>'
            for wheel in view.all_wheels()
        )

    def _link(self, file: IndexFile) -> str:
        path = os.path.relpath(file.location, self.folder)
        return html.escape(urllib.parse.quote(os.fsencode(path)))


def _cell(
    name: str, view: ProjectView | None, findings: list[Finding], codes: set[str], links: str
) -> str:
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
        f"<ul>{''.join(map(_finding, findings))}{links}</ul></details></td>"
    )


def _unknown(view: ProjectView) -> set[str]:
    """Return the rules that give the reason of an unknown status."""
    unnumbered = {NO_CHANGELOG_ENTRY.code} if view.is_unnumbered else set()
    return unnumbered | ({UNKNOWN_TAGS.code} if view.errors else set())


def render_page(grid: Grid, verdict: Verdict, indexes: Iterable[tuple[str, str, str]]) -> str:
    """Return the page.

    Args:
        grid: its rows.
        verdict: all findings.
        indexes: the place, the variant and the counts of each index.
    """
    lines = [
        f"<li><code>{_text(place)}</code> for {_text(variant)}: {_text(counts)}</li>"
        for place, variant, counts in indexes
    ]
    unread = [each for each in verdict.findings if each.code == UNREADABLE_INDEX.code]
    findings = [_finding(each, f"{each.place}: ") for each in [*unread, *grid.index_findings]]
    parts = {
        "VERDICT": _text(str(verdict)),
        "MADE": f"{grid.made:%Y-%m-%d %H:%M} UTC",
        "VERSION": _text(metadata.version(_DISTRIBUTION)),
        "HEAD": f"<ul>{''.join([*lines, *findings])}</ul>",
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
        f'<li class="{label}"><strong>{label} {_rule(finding.code)}</strong>: '
        f"{_text(place + finding.message, 2_000)}. "
        f'<span class="dim">{_text(finding.advice, 2_000)}</span></li>'
    )


def _rule(code: str) -> str:
    """Return a link to the page of a rule; without a documentation site, its title."""
    site = documentation()
    if not site:
        return f"{code} ({_text(RULES[code].title)})"
    return f'<a href="{html.escape(site)}/rules/{code}/">{code}</a>'


@functools.cache
def documentation() -> str:
    """Return the address of the documentation site, without a slash at its end; "" for none."""
    for each in metadata.metadata(_DISTRIBUTION).get_all("Project-URL") or []:
        label, _, url = each.partition(", ")
        if label == "Documentation" and url.startswith("https://"):
            return str(url).rstrip("/")
    return ""


def build_time() -> datetime.datetime:
    """Return SOURCE_DATE_EPOCH, or else the current time.

    Source: https://reproducible-builds.org/specs/source-date-epoch/

    Raises:
        InputError: SOURCE_DATE_EPOCH is not a time.
    """
    text = os.environ.get(_EPOCH)
    if text is None:
        return datetime.datetime.now(datetime.UTC)
    try:
        return datetime.datetime.fromtimestamp(int(text), datetime.UTC)
    except (ValueError, OverflowError, OSError):
        raise InputError(
            f"{_EPOCH}={text!r} is not a number of seconds since 1970: correct or unset it"
        ) from None


def _options(pairs: Iterable[tuple[str, str]]) -> str:
    return "".join(
        f'<option value="{_text(value)}">{_text(text)}</option>' for value, text in pairs
    )


def _text(text: str, longest: int = 300) -> str:
    return html.escape(plain(text, longest))
