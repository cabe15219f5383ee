"""Findings for a terminal: worst first, each with its place and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator

from ...rules.finding import Finding
from ...rules.verdict import Verdict
from ..escape import plain


def render(verdict: Verdict) -> str:
    """Return the findings, then what is ignored and why, then the verdict."""
    lines = [line for finding in verdict.findings for line in _lines(finding)]
    lines += [line for finding in verdict.ignored for line in _lines(finding)]
    return "".join(f"{line}\n" for line in [*lines, str(verdict)])


def _lines(finding: Finding) -> Iterator[str]:
    place = f"{plain(str(finding.place))}: " if str(finding.place) else ""
    word = "ignored" if finding.ignored else finding.severity.value
    yield f"{place}{word} {finding.code}: {plain(finding.message, 2_000)}"
    if finding.ignored:
        yield f"    ignored: {plain(finding.ignored)}"
    else:
        yield f"    {plain(finding.remedy, 2_000)}"
