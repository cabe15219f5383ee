"""Findings as SARIF 2.1.0, the OASIS format that code-scanning services read."""

from __future__ import annotations

import json
import pathlib
import urllib.parse
from typing import Any, Final

from ...rules.catalogue import RULES
from ...rules.finding import Finding, Severity
from ...rules.rule import Rule
from ...rules.verdict import Verdict

_LEVELS: Final = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.NOTE: "note",
}


def render(verdict: Verdict) -> str:
    """Return a log of one run; what is ignored is there as suppressed, with its reason."""
    from importlib import metadata  # with the parsers of mail that it takes along

    findings = [*verdict.findings, *verdict.ignored]
    rules = [RULES[code] for code in sorted({each.code for each in findings})]
    driver = {
        "name": "fromager-build-tags",
        "semanticVersion": metadata.version("fromager-build-tags"),
        "rules": [_rule(each) for each in rules],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(each) for each in findings],
    }
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    return json.dumps({"$schema": schema, "version": "2.1.0", "runs": [run]}, indent=1) + "\n"


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": rule.title},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }


def _result(finding: Finding) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{finding.message}: {finding.remedy}"},
        "locations": [_location(finding)],
    }
    if finding.ignored:
        result["suppressions"] = [{"kind": "inSource", "justification": finding.ignored}]
    return result


def _location(finding: Finding) -> dict[str, Any]:
    place = finding.place
    location: dict[str, Any] = {"logicalLocations": [{"fullyQualifiedName": finding.subject}]}
    if place.file:
        physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(place.file)}}
        if place.line:
            physical["region"] = {"startLine": place.line}
        location["physicalLocation"] = physical
    return location


def _uri(file: str) -> str:
    if "://" in file:
        return file
    if pathlib.PurePath(file).is_absolute():
        return pathlib.PurePath(file).as_uri()
    return urllib.parse.quote(file)
