"""Findings as GitHub's workflow commands, which annotate the files of a pull request.

GitHub shows ten annotations of a severity for each step and drops the rest silently, so the last
annotation counts the findings that are not shown.
Source: "Workflow commands for GitHub Actions", and its limits of annotations.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ..findings.finding import Finding, Severity
from ..findings.verdict import Verdict
from ..text import plain

_MOST: Final = 10
_COMMANDS: Final = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.NOTE: "notice",
}


def render(verdict: Verdict) -> str:
    """Return one command a line, at most ten of each severity."""
    lines: list[str] = []
    for severity in Severity:
        lines += _commands([each for each in verdict.findings if each.severity is severity])
    return "".join(f"{line}\n" for line in lines)


def _commands(findings: Sequence[Finding]) -> list[str]:
    if len(findings) <= _MOST:
        return [_command(each) for each in findings]
    more = len(findings) - _MOST + 1
    kind = _COMMANDS[findings[0].severity]
    note = f"{more:,} more findings are not shown here; see the log or the summary of the job"
    return [*(_command(each) for each in findings[: _MOST - 1]), f"::{kind}::{_data(note)}"]


def _command(finding: Finding) -> str:
    properties = {
        "file": finding.place.file,
        "line": str(finding.place.line or ""),
        "title": f"{finding.code} {finding.subject}",
    }
    given = ",".join(f"{key}={_property(value)}" for key, value in properties.items() if value)
    inside = f"{finding.place.inside}: " if finding.place.inside else ""
    lines = (plain(f"{inside}{finding.message}", 2_000), plain(finding.remedy, 2_000))
    return f"::{_COMMANDS[finding.severity]} {given}::{_data('\n'.join(lines))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(plain(text)).replace(":", "%3A").replace(",", "%2C")
