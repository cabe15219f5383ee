"""Our SARIF is SARIF, with the worst texts too."""

from __future__ import annotations

import json
import pathlib

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fromager_build_tags.findings.finding import Finding, Place, Severity, Verdict
from fromager_build_tags.findings.rules import RULES
from fromager_build_tags.report.ci_report import render_sarif

from ..sarif import validate

ROOT = pathlib.Path(__file__).parents[2]
_TEXTS = st.text(max_size=20)
_FINDINGS = st.builds(
    Finding,
    code=st.sampled_from(sorted(RULES)),
    severity=st.sampled_from(Severity),
    subject=_TEXTS,
    message=_TEXTS,
    remedy=_TEXTS,
    place=st.builds(Place, file=_TEXTS, line=st.integers(0, 10**6), inside=_TEXTS),
    suppression=_TEXTS,
)


@settings(deadline=None)  # the first one reads pages
@given(st.lists(_FINDINGS, max_size=4))
def test_every_log_is_valid(findings: list[Finding]) -> None:
    log = json.loads(render_sarif(Verdict.of(findings, about="settings.yaml")))
    validate(log)
    for result in log["runs"][0]["results"]:
        physical = result["locations"][0]["physicalLocation"]
        assert physical["artifactLocation"]["uri"]
        assert physical["region"]["startLine"] >= 1


def test_a_rule_has_its_page_as_help() -> None:
    finding = RULES["BT101"].finding("x", subject="x", remedy="x")
    log = json.loads(render_sarif(Verdict.of([finding])))
    [rule] = log["runs"][0]["tool"]["driver"]["rules"]
    page = (ROOT / "docs/rules/BT101.md").read_text()
    assert rule["help"] == {"text": page, "markdown": page}
    assert rule["fullDescription"] == {
        "text": "`changelog` in the global settings names a variant, and the variants folder has "
        "no file for it. Distribution, accelerator and Torch then come from the machine that "
        "builds. `lock`, `show` and `review` cannot compute the tags of the variant, and a build "
        "in the wrong image is not detected."
    }


@pytest.mark.parametrize("code", RULES)
def test_every_page_begins_with_a_short_description(code: str) -> None:
    finding = RULES[code].finding("x", subject="x", remedy="x")
    log = json.loads(render_sarif(Verdict.of([finding])))
    [rule] = log["runs"][0]["tool"]["driver"]["rules"]
    assert 20 < len(rule["fullDescription"]["text"]) < 1_000  # GitHub shows 1,024 characters


@pytest.mark.parametrize(
    "log",
    [
        {},
        {"version": "2.0.0", "runs": []},
        {"version": "2.1.0", "runs": [{}]},
        {"version": "2.1.0", "runs": [], "more": 1},
    ],
)
def test_the_schema_refuses_what_is_no_log(log: dict[str, object]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        validate(log)
