"""Findings as a GitLab Code Quality report. Source: GitLab docs, "Code Quality report format"."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

from ..findings.finding import Finding, Severity
from ..findings.verdict import Verdict

_SEVERITIES: Final = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.NOTE: "info"}


def render(verdict: Verdict) -> str:
    """Return a list with an object for each finding."""
    issues = [_issue(each, verdict.about or ".") for each in verdict.findings]
    return json.dumps(issues, indent=1) + "\n"


def _issue(finding: Finding, about: str) -> dict[str, Any]:
    return {
        "description": f"{finding.message}: {finding.remedy}",
        "check_name": finding.code,
        "fingerprint": _fingerprint(finding),
        "severity": _SEVERITIES[finding.severity],
        "location": {
            "path": finding.place.file or about,
            "lines": {"begin": finding.place.line or 1},
        },
    }


def _fingerprint(finding: Finding) -> str:
    """Return a hash that stays the same when lines move, and differs between two findings."""
    words = (finding.code, finding.subject, finding.place.file, finding.place.inside)
    return hashlib.sha256("\0".join((*words, finding.message)).encode()).hexdigest()
