"""Findings as Markdown for a comment or a job summary: the verdict first, grouped by rule."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from ..findings.catalogue import RULES
from ..findings.finding import Finding
from ..findings.verdict import Verdict
from ..text import markdown_code, markdown_text
from .block import Block, chained, titled

_NOUN = "finding"


def render(verdict: Verdict) -> str:
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
