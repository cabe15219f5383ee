"""A review of thousands of changes, as the comment of a pull request."""

from __future__ import annotations

import collections
import dataclasses
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fromager_build_tags.findings.finding import Place, Verdict
from fromager_build_tags.report.review_report import (
    MARKER,
    cause_line,
    remark,
    render_review_markdown,
)
from fromager_build_tags.review.causes import Cause
from fromager_build_tags.review.change import Change, Rebuilds
from fromager_build_tags.review.compare import Review
from fromager_build_tags.review.review_checks import review_findings
from fromager_build_tags.stack.key import StackKey
from fromager_build_tags.text import markdown_text

from ..review.tags import build_tag, tag_or_none

CAUSE = Cause(
    what="torch_version of rocm 2.9.1 → 2.10.0",
    place=Place(file="settings/variants/rocm.yaml", line=4),
    variant="rocm",
)


def review_of(number: int) -> Review:
    changes = [
        Change(
            variant="rocm",
            package=f"package-{each}",
            version="1.0",
            before=build_tag("8_el9.6_torch2.9.1"),
            after=build_tag("8_el9.6_torch2.10.0"),
            causes=(CAUSE,),
        )
        for each in range(number)
    ]
    rebuilds = Rebuilds(variant="rocm", stack=StackKey(distro="el9.6"), renamed=number, added=0)
    return Review(
        base="main", head="pr", changes=changes, counted={"rocm": number}, rebuilds=[rebuilds]
    )


def comment(review: Review) -> str:
    return render_review_markdown(review, Verdict.of(review_findings(review, {})))


def left_out(text: str) -> list[tuple[int, str]]:
    """Return how many rows of what are left out, from top to bottom."""
    found = re.findall(r"\n\n… and ([\d,]+) more (.+)\n", text)
    return [(int(number.replace(",", "")), noun) for number, noun in found]


def test_a_comment_stays_under_the_limit_and_counts_what_it_leaves_out() -> None:
    """Findings, one for each name here, take none of the room of what comes after them."""
    text = comment(review_of(5_000))
    assert len(text) < 60_000
    assert text.startswith(
        f"{MARKER}\n**5,000 build tags change from main to pr; 5,000 errors**\n"
        f"\n- {markdown_text(str(CAUSE))} renames 5,000 packages\n"
        "\n**Rebuilds**\n\n- rocm (el9.6): 5,000 packages renamed\n"
        "\n<details><summary>error BT201: "
    )
    assert text.count("<details>") == text.count("</details>") == 2
    assert text.count("or run `fromager-build-tags bump`") == 1
    findings, names = text.count("so installers keep the old wheel\n"), text.count("\n- rocm: `")
    assert min(findings, names) > 150
    assert left_out(text) == [
        (5_000 - findings, "findings"),
        (5_000 - names, "renamed wheels"),
    ]


def test_a_short_one_leaves_nothing_out() -> None:
    text = comment(review_of(20))
    assert left_out(text) == []
    assert "\n**Names**\n\n<details>" in text
    assert f"<summary>{CAUSE} renames 20 packages</summary>" in text


def test_few_names_are_listed_below_their_cause() -> None:
    text = comment(review_of(10))
    assert "Names" not in text
    assert (
        f"- {markdown_text(str(CAUSE))} renames 10 packages\n"
        "  - rocm: `package-0 1.0` `8_el9.6_torch2.9.1` → `8_el9.6_torch2.10.0`, **sorts below**\n"
    ) in text


def test_hundreds_of_causes() -> None:
    """They take no room of the names, nor the names of them."""
    changes = [
        dataclasses.replace(change, causes=(dataclasses.replace(CAUSE, what=f"cause {number}"),))
        for number, change in enumerate(review_of(1_200).changes)
    ]
    review = Review(base="main", head="pr", changes=changes, counted={"rocm": 1_200})
    text = comment(review)
    assert len(text) < 60_000
    shown = text.count("\n- cause ")
    assert shown > 100
    assert left_out(text)[0] == (1_200 - shown, "causes")
    assert left_out(text)[-1] == (1_200 - text.count("\n- rocm: `"), "renamed wheels")


@pytest.mark.parametrize(
    ("before", "after", "more", "expected"),
    [
        (["1_a"], ["1_b"], [], "renames 1 package"),
        (["1_a", ""], ["1_b", "1_a"], [], "renames 1 package and adds 1 package"),
        (["", ""], ["1_b", "1_a"], [], "adds 2 packages"),
        (["1_a", "1_a"], ["", "1_b"], [], "renames 1 package and removes 1 package"),
        (["1_a"], ["2_b"], ["a"], "with 1 package changelog, renames 1 package"),
        (["1_a"], ["2_b"], ["a", "b"], "with 2 package changelogs, renames 1 package"),
    ],
)
def test_what_a_cause_does(
    before: list[str], after: list[str], more: list[str], expected: str
) -> None:
    beside = [
        Cause(what=each, place=Place(file="p", line=1), package=each, of_number=True)
        for each in more
    ]
    changes = [
        Change(
            variant="rocm",
            package=f"demo-{number}",
            version="1",
            before=tag_or_none(old),
            after=tag_or_none(new),
            causes=(CAUSE, *beside),
        )
        for number, (old, new) in enumerate(zip(before, after, strict=True))
    ]
    comma = "," if more else ""
    assert cause_line([CAUSE], changes, real=False) == f"{CAUSE}{comma} {expected}"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("8_a", "-", "number gone"),
        ("8_b", "7_c", "number fell"),
        ("8_b", "8_a", "sorts below"),
        ("8_a", "8_b", ""),
        ("", "8_a", ""),
    ],
)
def test_the_remark_of_a_change(before: str, after: str, expected: str) -> None:
    change = dataclasses.replace(
        review_of(1).changes[0], before=tag_or_none(before), after=tag_or_none(after)
    )
    assert remark(change) == expected


_TEXTS = st.text(max_size=20) | st.text("<&`é_", max_size=3_000)
_CAUSES = st.builds(Cause, what=_TEXTS, place=st.builds(Place, file=_TEXTS))
_CHANGES = st.builds(
    Change,
    variant=_TEXTS,
    package=_TEXTS,
    version=_TEXTS,
    before=st.sampled_from(["", "1_a", "2_el9.6"]).map(tag_or_none),
    after=st.sampled_from(["", "-", "1_b"]).map(tag_or_none),
    causes=st.lists(_CAUSES, max_size=3).map(tuple),
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=30)
@given(st.lists(_CHANGES, max_size=6), st.integers(1, 700), _TEXTS)
def test_whatever_changes_a_comment_stays_under_the_limit(
    changes: list[Change], times: int, name: str
) -> None:
    """Hostile and long names, thousands of them."""
    many = [
        dataclasses.replace(each, version=f"{each.version}{number}")
        for number in range(times)
        for each in changes
    ]
    counted = collections.Counter(each.variant for each in many)
    text = comment(Review(base=name, head=name, changes=many, counted=counted, notes=[name]))
    assert len(text) < 60_000
    assert text.count("<details>") == text.count("</details>")
