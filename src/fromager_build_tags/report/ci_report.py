"""Findings in the formats of CI services, which show them beside the lines of a change.

- GitHub's workflow commands. GitHub shows ten annotations of a severity for each step and drops
  the rest silently, so the last annotation counts the findings that are not shown.
  Source: "Workflow commands for GitHub Actions", and its limits of annotations.
- GitLab's report. Source: GitLab docs, "Code Quality report format".
- SARIF 2.1.0, the OASIS format that code-scanning services read. GitHub rejects a result without
  a physical location, and shows the help of a rule.
  Source: GitHub docs, "SARIF support for code scanning".
"""

from __future__ import annotations

import hashlib
import itertools
import os
import pathlib
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from ..findings.finding import Finding, Rule, Severity, Verdict
from ..findings.rules import NAMES, RULES, page
from ..text import dump_json, plain

_MOST: Final = 10
_GITHUB: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
_GITLAB: Final = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.NOTE: "info"}


def render_github(verdict: Verdict) -> str:
    """Return one command a line, at most ten of each severity."""
    by_severity = itertools.groupby(verdict.findings, lambda each: each.severity)
    commands = (each for _, group in by_severity for each in _commands(list(group)))
    return "".join(f"{command}\n" for command in commands)


def _commands(findings: list[Finding]) -> Iterator[str]:
    shown = findings if len(findings) <= _MOST else findings[: _MOST - 1]
    for each in shown:
        yield _command(each)
    if more := len(findings) - len(shown):
        note = f"{more:,} more findings are not shown here; see the log or the summary of the job"
        yield f"::{_GITHUB[findings[0].severity]}::{note}"


def _command(finding: Finding) -> str:
    properties = {
        "file": finding.place.file,
        "line": str(finding.place.line or ""),
        "title": f"{finding.code} {finding.subject}",
    }
    given = ",".join(f"{key}={_property(value)}" for key, value in properties.items() if value)
    inside = f"{finding.place.inside}: " if finding.place.inside else ""
    lines = (plain(f"{inside}{finding.message}", 2_000), plain(finding.remedy, 2_000))
    return f"::{_GITHUB[finding.severity]} {given}::{'%0A'.join(map(_data, lines))}"


def _data(text: str) -> str:
    """Escape a text of one line, which :func:`plain` returns."""
    return text.replace("%", "%25")


def _property(text: str) -> str:
    return _data(plain(text)).replace(":", "%3A").replace(",", "%2C")


def render_gitlab(verdict: Verdict) -> str:
    """Return a list with an object for each finding."""
    issues = [_issue(each, verdict.about or ".") for each in verdict.findings]
    return dump_json(issues)


def _issue(finding: Finding, about: str) -> dict[str, Any]:
    # a fingerprint stays the same when lines move, and differs between two findings
    place = finding.place
    words = (finding.code, finding.subject, place.file, place.inside, finding.message)
    text = "\0".join(words).encode(errors="backslashreplace")
    return {
        "description": f"{finding.message}: {finding.remedy}",
        "check_name": finding.code,
        "fingerprint": hashlib.sha256(text).hexdigest(),
        "severity": _GITLAB[finding.severity],
        "location": {"path": place.file or about, "lines": {"begin": place.line or 1}},
    }


def render_sarif(verdict: Verdict) -> str:
    """Return a log of one run; suppressed findings are results with a suppression."""
    from importlib import metadata  # imports email, which only SARIF needs

    findings = [*verdict.findings, *verdict.suppressed]
    driver = {
        "name": "fromager-build-tags",
        "semanticVersion": metadata.version("fromager-build-tags"),
        "rules": [_rule(RULES[code]) for code in sorted({each.code for each in findings})],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(each, verdict.about or ".") for each in findings],
    }
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    return dump_json({"$schema": schema, "version": "2.1.0", "runs": [run]})


def _rule(rule: Rule) -> dict[str, Any]:
    text = page(rule.code)
    # below the title and the line with the severity
    description, *_ = (each for each in text.split("\n\n")[2:] if not each.startswith("#"))
    return {
        "id": rule.code,
        "name": NAMES[rule.code],
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": " ".join(description.split())},
        "help": {"text": text, "markdown": text},
        "defaultConfiguration": {"level": rule.severity.value},
    }


def _result(finding: Finding, about: str) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "level": finding.severity.value,
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
    path = pathlib.PurePath(file)
    return path.as_uri() if path.is_absolute() else urllib.parse.quote(os.fsencode(file))


#: Each renderer by the name of its format.
RENDERERS: Final[Mapping[str, Callable[[Verdict], str]]] = {
    "github": render_github,
    "gitlab": render_gitlab,
    "sarif": render_sarif,
}
