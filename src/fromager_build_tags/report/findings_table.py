"""Findings for a terminal: worst first, each with its place and its fix."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from ..findings.finding import Finding
from ..findings.verdict import Verdict
from ..text import plain
from .table import Table


def render(verdict: Verdict) -> list[str | Table]:
    """Return the findings, then the suppressed ones with the reasons, then the verdict."""
    lines = [*_lines(verdict.findings), *_lines(verdict.suppressed), str(verdict)]
    return [f"{line}\n" for line in lines]


def _lines(findings: Sequence[Finding]) -> Iterator[str]:
    """Yield a line for each finding, and one line for the fix that findings of a rule share."""
    for _, together in itertools.groupby(findings, lambda each: (each.code, each.advice)):
        group = list(together)
        yield from map(_line, group)
        advice = plain(group[0].advice, 2_000)
        yield f"    for all {len(group):,}: {advice}" if len(group) > 1 else f"    {advice}"


def _line(finding: Finding) -> str:
    place = f"{plain(str(finding.place))}: " if str(finding.place) else ""
    return f"{place}{finding.label} {finding.code}: {plain(finding.message, 2_000)}"
