"""Our SARIF is SARIF, with the worst texts too."""

from __future__ import annotations

import json

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fromager_build_tags.report.findings import RENDERERS
from fromager_build_tags.rules.catalogue import RULES
from fromager_build_tags.rules.finding import Finding, Place, Severity
from fromager_build_tags.rules.verdict import Verdict

from .sarif import validate

_TEXTS = st.text(max_size=20)
_FINDINGS = st.builds(
    Finding,
    code=st.sampled_from(sorted(RULES)),
    severity=st.sampled_from(Severity),
    subject=_TEXTS,
    message=_TEXTS,
    remedy=_TEXTS,
    place=st.builds(Place, file=_TEXTS, line=st.integers(0, 10**6), inside=_TEXTS),
    ignored=_TEXTS,
)


@given(st.lists(_FINDINGS, max_size=4))
def test_every_log_is_valid(findings: list[Finding]) -> None:
    validate(json.loads(RENDERERS["sarif"](Verdict.of(findings))))


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
