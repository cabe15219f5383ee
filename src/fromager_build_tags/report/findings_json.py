"""Findings as JSON: an object with ``format_version``; a minor version adds, a major one breaks."""

from __future__ import annotations

import json
from typing import Any, Final

from ..findings.finding import Finding
from ..findings.verdict import Verdict

FORMAT_VERSION: Final = "1.0"


def render(verdict: Verdict) -> str:
    """Return the findings and the suppressed ones."""
    return json.dumps(as_json(verdict), indent=1) + "\n"


def as_json(verdict: Verdict) -> dict[str, Any]:
    """Return the object that :func:`render` writes, for a report that contains more."""
    return {
        "format_version": FORMAT_VERSION,
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
