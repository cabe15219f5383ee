"""Findings for a terminal: worst first, each with its place, and what to do about them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from ..findings.finding import Finding
from ..findings.verdict import Verdict
from ..text import plain
from .table import Table


def render(verdict: Verdict) -> list[str | Table]:
    """Return the findings, then what is ignored and why, then the verdict."""
    lines = [*_lines(verdict.findings), *_lines(verdict.ignored), str(verdict)]
    return [f"{line}\n" for line in lines]


def _lines(findings: Sequence[Finding]) -> Iterator[str]:
    """Yield a line for each finding, and one for what those of a rule have in common."""
    for (_, then), together in itertools.groupby(findings, lambda each: (each.code, _then(each))):
        group = list(together)
        yield from map(_line, group)
        yield f"    for all {len(group):,}: {then}" if len(group) > 1 else f"    {then}"


def _line(finding: Finding) -> str:
    place = f"{plain(str(finding.place))}: " if str(finding.place) else ""
    word = "ignored" if finding.ignored else finding.severity.value
    return f"{place}{word} {finding.code}: {plain(finding.message, 2_000)}"


def _then(finding: Finding) -> str:
    if finding.ignored:
        return f"ignored: {plain(finding.ignored)}"
    return plain(finding.remedy, 2_000)
