"""Findings in every format, with the worst texts that an index or a settings file can hold."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fromager_build_tags.findings import rules
from fromager_build_tags.findings.finding import Finding, Place, Severity, Verdict
from fromager_build_tags.report.findings_report import FINDINGS
from fromager_build_tags.report.table import plain_text
from fromager_build_tags.text import markdown_code, markdown_text, plain


def finding(subject: str = "torch", **more: Any) -> Finding:
    made = rules.NO_BUILD_NUMBER.finding(
        f"{subject} has no build number on rocm",
        subject=subject,
        remedy="add a changelog entry",
        place=Place(file="settings/packages/torch.yaml", line=3),
    )
    return dataclasses.replace(made, **more)


NOTE = rules.REDUNDANT_ANNOTATION.finding("it is redundant", subject="xgboost", remedy="remove it")
SUPPRESSED = finding("pillow", suppression="no GPU here")
MIXED = Verdict.of([NOTE, finding(), finding(), SUPPRESSED])


def render(format_: str, verdict: Verdict) -> str:
    return plain_text(FINDINGS[format_](verdict))


def test_a_verdict_sorts_counts_and_keeps_suppressed_findings_apart() -> None:
    assert [each.subject for each in MIXED.findings] == ["torch", "xgboost"]
    assert str(MIXED) == "1 error, 1 note (1 suppressed)"
    assert MIXED.fails(Severity.ERROR)
    assert not Verdict.of([NOTE]).fails(Severity.WARNING)
    assert Verdict.of([NOTE]).fails(Severity.NOTE)


@pytest.mark.parametrize(
    ("verdict", "text"),
    [
        (Verdict.of([]), "no findings"),
        (
            Verdict.of([], checked={"variant": 3, "stack": 1, "index": 2}),
            "All checks passed: 3 variants, 1 stack, 2 indexes",
        ),
        (
            Verdict.of([SUPPRESSED], checked={"variant": 1, "package": 0}),
            "All checks passed: 1 variant, 0 packages (1 suppressed)",
        ),
        (Verdict.of([NOTE], checked={"variant": 3}), "1 note"),
        (Verdict.of([], checked={"wheel": 0}), "Nothing to check: 0 wheels"),
        (
            Verdict.of([], checked={"wheel": 3}, unchecked="the settings"),
            "no findings; not checked: the settings",
        ),
        (Verdict.of([NOTE], unchecked="the settings"), "1 note; not checked: the settings"),
    ],
)
def test_a_verdict_is_a_success_only_where_something_was_checked(
    verdict: Verdict, text: str
) -> None:
    assert str(verdict) == text


def test_table() -> None:
    assert render("table", MIXED) == (
        "settings/packages/torch.yaml:3: error BT104: torch has no build number on rocm\n"
        "    add a changelog entry\n"
        "note BT107: it is redundant\n"
        "    remove it\n"
        "settings/packages/torch.yaml:3: suppressed BT104: pillow has no build number on rocm\n"
        "    suppressed (no GPU here)\n"
        "1 error, 1 note (1 suppressed)\n"
    )


def test_table_shows_a_shared_fix_once() -> None:
    verdict = Verdict.of([finding("a"), finding("b"), finding("c", remedy="look"), NOTE])
    assert render("table", verdict) == (
        "settings/packages/torch.yaml:3: error BT104: a has no build number on rocm\n"
        "settings/packages/torch.yaml:3: error BT104: b has no build number on rocm\n"
        "    for all 2: add a changelog entry\n"
        "settings/packages/torch.yaml:3: error BT104: c has no build number on rocm\n"
        "    look\n"
        "note BT107: it is redundant\n"
        "    remove it\n"
        "3 errors, 1 note\n"
    )


def test_markdown() -> None:
    assert render("markdown", MIXED) == (
        "**1 error, 1 note (1 suppressed)**\n"
        "\n"
        "**error BT104: a package that depends on the stack has no build number, "
        "and so no build tag (1)**\n"
        "\n"
        "- `settings/packages/torch.yaml:3`: torch has no build number on rocm  \n"
        "  Fix: add a changelog entry\n"
        "\n"
        "**note BT107: an annotation repeats the shipped override (1)**\n"
        "\n"
        "- `xgboost`: it is redundant  \n"
        "  Fix: remove it\n"
        "\n"
        "**suppressed (1)**\n"
        "\n"
        "- `settings/packages/torch.yaml:3`: pillow has no build number on rocm  \n"
        "  Suppressed (no GPU here)\n"
    )


def test_markdown_shows_a_shared_fix_once() -> None:
    elsewhere = Place(file="settings/settings.yaml")
    verdict = Verdict.of(
        [
            finding("a"),
            finding("b"),
            finding("c", remedy="look"),
            finding("d", remedy="ask"),
            finding("e", remedy="ask", place=elsewhere),
            finding("f", suppression="old"),
            finding("settings/packages/torch.yaml", suppression="old", message="it is odd"),
        ]
    )
    text = render("markdown", verdict)
    assert text.split("\n\n", 2)[2] == (
        "- `settings/packages/torch.yaml:3`: c has no build number on rocm  \n"
        "  Fix: look\n"
        "\n"
        "In `settings/packages/torch.yaml:3`. Fix: add a changelog entry\n"
        "\n"
        "- a has no build number on rocm\n"
        "- b has no build number on rocm\n"
        "\n"
        "Fix: ask\n"
        "\n"
        "- `settings/packages/torch.yaml:3`: d has no build number on rocm\n"
        "- `settings/settings.yaml`: e has no build number on rocm\n"
        "\n"
        "**suppressed (2)**\n"
        "\n"
        "In `settings/packages/torch.yaml:3`. Suppressed (old)\n"
        "\n"
        "- f has no build number on rocm\n"
        "- it is odd\n"
    )


def test_markdown_stays_under_the_limit_and_counts_what_it_left_out() -> None:
    text = render("markdown", Verdict.of(finding(f"package-{n}") for n in range(5_000)))
    assert len(text) < 60_000
    assert text.count("<details>") == text.count("</details>") == 1
    shown = text.count("- package-")
    assert 1_000 < shown < 5_000
    assert f"\n\n… and {5_000 - shown:,} more findings\n" in text
    assert text.count("add a changelog entry") == 1


def test_github() -> None:
    assert render("github", MIXED) == (
        "::error file=settings/packages/torch.yaml,line=3,title=BT104 torch::"
        "torch has no build number on rocm%0Aadd a changelog entry\n"
        "::notice title=BT107 xgboost::it is redundant%0Aremove it\n"
    )


def test_github_counts_the_annotations_it_drops() -> None:
    lines = render("github", Verdict.of(finding(f"p{n}") for n in range(25))).splitlines()
    assert len(lines) == 10
    assert lines[-1] == (
        "::error::16 more findings are not shown here; see the log or the summary of the job"
    )
    ten = Verdict.of(finding(f"p{n}") for n in range(10))
    assert "not shown" not in render("github", ten)


def test_github_escapes_what_would_end_a_property() -> None:
    [line] = render("github", Verdict.of([finding("a:b,c%")])).splitlines()
    assert "title=BT104 a%3Ab%2Cc%25::a:b,c%25 has" in line


def test_gitlab() -> None:
    first, second = json.loads(render("gitlab", MIXED))
    assert first["location"] == {"path": "settings/packages/torch.yaml", "lines": {"begin": 3}}
    assert (first["check_name"], first["severity"]) == ("BT104", "major")
    assert first["description"] == "torch has no build number on rocm: add a changelog entry"
    assert second["location"] == {"path": ".", "lines": {"begin": 1}}
    assert first["fingerprint"] != second["fingerprint"]
    moved = Verdict.of([finding(place=Place(file="settings/packages/torch.yaml", line=9))])
    assert json.loads(render("gitlab", moved))[0]["fingerprint"] == first["fingerprint"]


def test_json() -> None:
    report = json.loads(render("json", MIXED))
    assert report["format_version"] == "1.1"
    assert report["findings"][0] == {
        "code": "BT104",
        "severity": "error",
        "subject": "torch",
        "message": "torch has no build number on rocm",
        "remedy": "add a changelog entry",
        "file": "settings/packages/torch.yaml",
        "line": 3,
        "inside": "",
    }
    assert [each["reason"] for each in report["ignored"]] == ["no GPU here"]


def test_sarif() -> None:
    [run] = json.loads(render("sarif", MIXED))["runs"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["BT104", "BT107"]
    assert [each["level"] for each in run["results"]] == ["error", "note", "error"]
    assert run["results"][2]["suppressions"] == [
        {"kind": "inSource", "justification": "no GPU here"}
    ]
    place = Place(file="/a b/c.yaml", line=1)
    log = json.loads(render("sarif", Verdict.of([finding(place=place)])))
    [result] = log["runs"][0]["results"]
    physical = result["locations"][0]["physicalLocation"]
    assert physical == {
        "artifactLocation": {"uri": "file:///a%20b/c.yaml"},
        "region": {"startLine": 1},
    }


HOSTILE = "<img src=x onerror=alert(1)>`|\x1b[31m\n# h\u202e@team *b* [l](u)"


@pytest.mark.parametrize("format_", FINDINGS)
def test_hostile_texts_do_no_harm(format_: str) -> None:
    made = finding(HOSTILE, message=HOSTILE, place=Place(file=HOSTILE, inside=HOSTILE))
    text = render(format_, Verdict.of([made]))
    assert "\x1b" not in text
    if format_ in {"json", "gitlab", "sarif"}:
        json.loads(text)
    if format_ == "github":
        assert len(text.splitlines()) == 1


@given(st.text())
def test_a_plain_text_is_one_printable_line(text: str) -> None:
    assert plain(text).isprintable()
    assert len(plain(text)) <= 300


@given(st.text(min_size=1))
def test_a_code_span_holds_its_text(text: str) -> None:
    span = markdown_code(text)
    ticks = len(span) - len(span.lstrip("`"))
    assert span.endswith("`" * ticks)
    inner = span[ticks:-ticks]
    assert "`" * ticks not in inner.replace("`" * (ticks + 1), "")


@given(st.from_regex(r"[\w\\`<]?@[\w.-]{1,3}", fullmatch=True))
def test_prose_notifies_no_user(text: str) -> None:
    assert not re.search(r"@[A-Za-z0-9]", markdown_text(text))


@given(st.text() | st.just("@0"))
def test_prose_holds_no_markup(text: str) -> None:
    shown = markdown_text(text).replace("@<!-- -->", "@")  # so that no user is notified
    assert "<" not in shown
    assert "\n" not in shown
