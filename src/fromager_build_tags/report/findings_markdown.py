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
    """Return a section for each rule, and one for what is ignored."""
    by_rule = itertools.groupby(verdict.findings, lambda each: (each.severity, each.code))
    for (severity, code), group in by_rule:
        yield _section(f"{severity.value} {code}: {RULES[code].title}", list(group))
    if verdict.ignored:
        yield _section("ignored, with the reasons", verdict.ignored)


def _section(title: str, findings: Sequence[Finding]) -> Block:
    """Return findings below what to do about them, which is told once for all that share it."""
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(_then(finding), []).append(finding)
    alone = [group[0] for group in groups.values() if len(group) == 1]
    rows = [f"- {_place(each)}{_said(each)}  \n  {_then(each)}\n" for each in alone]
    parts = [Block(parts=rows, noun=_NOUN)] if rows else []
    for group in groups.values():
        if len(group) > 1:
            parts.append(_group(group, head="\n" if parts else ""))
    return titled(f"{title} ({len(findings):,})", parts, _NOUN)


def _group(findings: Sequence[Finding], *, head: str) -> Block:
    """Return findings that need the same; the place of all, if it is one, is told once, too."""
    places = {each.place for each in findings}
    place = str(findings[0].place) if len(places) == 1 else ""
    rows = [f"- {'' if place else _place(each)}{_said(each)}\n" for each in findings]
    where = f"In {markdown_code(place)}. " if place else ""
    return Block(head=f"{head}{where}{_then(findings[0])}\n\n", parts=rows, noun=_NOUN)


def _place(finding: Finding) -> str:
    return f"{markdown_code(str(finding.place))}: " if str(finding.place) else ""


def _said(finding: Finding) -> str:
    said = markdown_text(finding.message)
    if finding.message.startswith(f"{finding.subject} ") or finding.subject == finding.place.file:
        return said
    return f"{markdown_code(finding.subject)}: {said}"


def _then(finding: Finding) -> str:
    if finding.ignored:
        return f"Ignored: {markdown_text(finding.ignored)}"
    return f"What to do: {markdown_text(finding.remedy)}"
