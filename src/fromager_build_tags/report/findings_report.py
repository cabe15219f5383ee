"""Findings as a table for people, Markdown, JSON, or one of the formats of a CI service."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from ..findings.finding import Finding, Verdict
from ..findings.rules import RULES
from ..text import dump_json, markdown_code, markdown_text, plain
from .block import Block, chained, titled
from .table import Rendered, Table

#: Of the JSON report: a minor number adds, a major number breaks.
FORMAT_VERSION: Final = "1.1"
_NOUN: Final = "finding"


def render_table(verdict: Verdict) -> list[str | Table]:
    """Return the findings, worst first, then the suppressed ones, then the verdict."""
    return [*_lines(verdict.findings), *_lines(verdict.suppressed), str(verdict)]


def _lines(findings: Sequence[Finding]) -> Iterator[str]:
    """Yield a line for each finding, and one line for the fix that findings of a rule share."""
    for _, together in itertools.groupby(findings, lambda each: (each.code, each.advice)):
        group = list(together)
        for each in group:
            place = f"{plain(str(each.place))}: " if str(each.place) else ""
            yield f"{place}{each.label} {each.code}: {plain(each.message, 2_000)}"
        advice = plain(group[0].advice, 2_000)
        yield f"    for all {len(group):,}: {advice}" if len(group) > 1 else f"    {advice}"


def render_json(verdict: Verdict) -> str:
    """Return the findings and the suppressed ones."""
    return dump_json(as_json(verdict))


def as_json(verdict: Verdict) -> dict[str, Any]:
    """Return the object that :func:`render_json` writes, for a report that contains more."""
    return {
        "format_version": FORMAT_VERSION,
        "headline": str(verdict),
        "findings": [_record(each) for each in verdict.findings],
        "ignored": [_record(each) | {"reason": each.suppression} for each in verdict.suppressed],
    }


def _record(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "subject": finding.subject,
        "message": finding.message,
        "remedy": finding.remedy,
        "file": finding.place.file,
        "line": finding.place.line or None,
        "inside": finding.place.inside,
    }


def render_markdown(verdict: Verdict) -> str:
    """Return the verdict in one line, then a section for each rule, worst first."""
    return chained(sections(verdict), _NOUN, f"**{verdict}**\n").within()


def sections(verdict: Verdict) -> Iterator[Block]:
    """Yield a section for each rule, and one for the suppressed findings."""
    by_rule = itertools.groupby(verdict.findings, lambda each: (each.severity, each.code))
    for (severity, code), group in by_rule:
        yield _section(f"{severity.value} {code}: {RULES[code].title}", list(group))
    if verdict.suppressed:
        yield _section("suppressed", verdict.suppressed)


def _section(title: str, findings: Sequence[Finding]) -> Block:
    """Return findings with their fix; findings with the same fix share one line with it."""
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(_advice(finding), []).append(finding)
    alone = [group[0] for group in groups.values() if len(group) == 1]
    rows = [f"- {_place(each)}{_message(each)}  \n  {_advice(each)}\n" for each in alone]
    parts = [Block(parts=rows, noun=_NOUN)] if rows else []
    for group in groups.values():
        if len(group) > 1:
            parts.append(_group(group, head="\n" if parts else ""))
    return titled(f"{title} ({len(findings):,})", parts, _NOUN)


def _group(findings: Sequence[Finding], *, head: str) -> Block:
    """Return findings with the same fix below it; a place that all share is there once, too."""
    places = {each.place for each in findings}
    place = str(findings[0].place) if len(places) == 1 else ""
    rows = [f"- {'' if place else _place(each)}{_message(each)}\n" for each in findings]
    where = f"In {markdown_code(place)}. " if place else ""
    return Block(head=f"{head}{where}{_advice(findings[0])}\n\n", parts=rows, noun=_NOUN)


def _place(finding: Finding) -> str:
    return f"{markdown_code(str(finding.place))}: " if str(finding.place) else ""


def _message(finding: Finding) -> str:
    message = markdown_text(finding.message)
    if finding.message.startswith(f"{finding.subject} ") or finding.subject == finding.place.file:
        return message
    return f"{markdown_code(finding.subject)}: {message}"


def _advice(finding: Finding) -> str:
    if finding.suppression:
        return f"Suppressed ({markdown_text(finding.suppression)})"
    return f"Fix: {markdown_text(finding.remedy)}"


def _for_ci(name: str) -> Callable[[Verdict], str]:
    def render(verdict: Verdict) -> str:
        from . import ci_report  # one format of six, and hashlib takes 3 ms of a review

        return ci_report.RENDERERS[name](verdict)

    return render


#: Each format's renderer, by the name that ``--format`` takes.
FINDINGS: Final[Mapping[str, Callable[[Verdict], Rendered]]] = {
    "table": render_table,
    "markdown": render_markdown,
    "json": render_json,
    **{name: _for_ci(name) for name in ("github", "gitlab", "sarif")},
}
