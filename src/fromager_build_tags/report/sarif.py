"""Findings as SARIF 2.1.0, the OASIS format that code-scanning services read.

GitHub rejects a result without a physical location, and shows the help of a rule.
Source: GitHub docs, "SARIF support for code scanning".
"""

from __future__ import annotations

import json
import pathlib
import urllib.parse
from importlib import metadata
from typing import Any, Final

from ..findings.catalogue import NAMES, RULES, page
from ..findings.finding import Finding, Rule, Severity
from ..findings.verdict import Verdict

_LEVELS: Final = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.NOTE: "note",
}


def render(verdict: Verdict) -> str:
    """Return a log of one run; suppressed findings are results with a suppression."""
    findings = [*verdict.findings, *verdict.suppressed]
    rules = [RULES[code] for code in sorted({each.code for each in findings})]
    driver = {
        "name": "fromager-build-tags",
        "semanticVersion": metadata.version("fromager-build-tags"),
        "rules": [_rule(each) for each in rules],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(each, verdict.about or ".") for each in findings],
    }
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    return json.dumps({"$schema": schema, "version": "2.1.0", "runs": [run]}, indent=1) + "\n"


def _rule(rule: Rule) -> dict[str, Any]:
    text = page(rule.code)
    return {
        "id": rule.code,
        "name": NAMES[rule.code],
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": _paragraph(text)},
        "help": {"text": text, "markdown": text},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }


def _paragraph(text: str) -> str:
    """Return the first paragraph of a page below its title and the line with the severity."""
    paragraphs = [each for each in text.split("\n\n")[2:] if not each.startswith("#")]
    return " ".join(paragraphs[0].split())


def _result(finding: Finding, about: str) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{finding.message}: {finding.remedy}"},
        "locations": [_location(finding, about)],
    }
    if finding.suppression:
        result["suppressions"] = [{"kind": "inSource", "justification": finding.suppression}]
    return result


def _location(finding: Finding, about: str) -> dict[str, Any]:
    return {
        "logicalLocations": [{"fullyQualifiedName": finding.subject}],
        "physicalLocation": {
            "artifactLocation": {"uri": _uri(finding.place.file or about)},
            "region": {"startLine": finding.place.line or 1},
        },
    }


def _uri(file: str) -> str:
    if "://" in file:
        return file
    if pathlib.PurePath(file).is_absolute():
        return pathlib.PurePath(file).as_uri()
    return urllib.parse.quote(file)
