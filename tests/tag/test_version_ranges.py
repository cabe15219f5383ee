"""Version ranges: all versions of a range have one value, and each version is in one range."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Never

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from fromager_build_tags.tag.expression import parse_expression
from fromager_build_tags.tag.version_ranges import (
    REST,
    boundaries_of,
    holds,
    is_span,
    is_well_formed,
    like,
    public,
    split,
)

RELEASES = st.lists(st.integers(0, 2), min_size=1, max_size=3).map(
    lambda release: ".".join(map(str, release))
)
PUBLIC = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["", "", "", "1!"]),
        RELEASES,
        st.sampled_from(["", "", "a1", "rc1", "rc2"]),
        st.sampled_from(["", "", ".post0", ".post1"]),
        st.sampled_from(["", "", ".dev0", ".dev1"]),
    ),
)
VERSIONS = st.builds("".join, st.tuples(PUBLIC, st.sampled_from(["", "", "+cu13.0"]))).map(Version)
SPECIFIERS = st.one_of(
    st.builds("".join, st.tuples(st.sampled_from(["<", "<=", "==", "!=", ">=", ">"]), PUBLIC)),
    st.builds("{}{}.*".format, st.sampled_from(["==", "!="]), RELEASES),
    st.builds("{}{}.{}".format, st.sampled_from(["~=", "~=1!"]), RELEASES, st.integers(0, 2)),
    st.builds("==={}".format, VERSIONS),
    st.builds("=={}+cu13.0".format, PUBLIC),
)
CONDITIONS = st.lists(SPECIFIERS, min_size=1, max_size=2).map(",".join)
NEEDS = ["none", "torch", "accelerator", "accelerator torch"]
EXPRESSIONS = st.builds(
    lambda clauses, last: " else ".join([*clauses, last]),
    st.lists(
        st.builds("{} if version {}".format, st.sampled_from(NEEDS), CONDITIONS),
        min_size=1,
        max_size=3,
    ),
    st.sampled_from(NEEDS),
)
CASES = int(os.environ.get("CASES", "300"))


@pytest.mark.parametrize(
    ("specifier", "spans"),
    [
        ("<0.29", [("<0.29", True), (REST, False)]),
        ("<0.29rc1", [("<0.29rc1", True), (REST, False)]),
        (">=0.29", [("<=0.29,!=0.29", False), (REST, True)]),
        (">=0.29rc1", [("<0.29rc1", False), (REST, True)]),
        ("<=0.29", [("<=0.29", True), (REST, False)]),
        (
            ">=0.29,<0.31",
            [("<=0.29,!=0.29", False), (">=0.29,<0.31", True), (REST, False)],
        ),
        ("==1.5", [("<=1.5,!=1.5", False), ("==1.5", True), (REST, False)]),
        ("==1.5.*", [("<1.5", False), (">=1.5.dev0,<1.6", True), (REST, False)]),
        ("~=1.5", [("<=1.5,!=1.5", False), (">=1.5,<2", True), (REST, False)]),
        (">0", [("<0.post99999999999999", False), (REST, True)]),
        (">1,<2", [("<1.post99999999999999", False), (">1,<2", True), (REST, False)]),
        ("<1!0", [("<1!0", True), (REST, False)]),
        ("==1!2.*", [("<1!2", False), (">=1!2.dev0,<1!3", True), (REST, False)]),
        (">=0.dev0", [(REST, True)]),
        ("==0.dev0", [("==0.dev0", True), (REST, False)]),
    ],
)
def test_versions_are_split_where_the_value_changes(
    specifier: str, spans: list[tuple[str, bool]]
) -> None:
    assert split(boundaries_of(specifier), within(specifier)) == spans


def within(specifier: str) -> Callable[[Version], bool]:
    return lambda version: SpecifierSet(specifier).contains(version, prereleases=True)


def test_one_value_makes_one_range() -> None:
    assert split([], lambda _: "same") == [(REST, "same")]
    assert split([Version("1"), Version("2")], lambda _: "same") == [(REST, "same")]


@pytest.mark.parametrize(
    ("specifiers", "boundaries"),
    [
        ("==1.5.*", ["1.5.dev0", "1.6.dev0"]),
        ("!=2.*", ["2.dev0", "3.dev0"]),
        ("~=2.1.3", ["2.1.3", "2.2.dev0"]),
        ("===nightly", []),
        ("===1.5", ["1.5", "1.5.post0.dev0"]),
        ("==1.5+cu13.0", ["1.5", "1.5.post0.dev0"]),
        ("<2.dev1", ["2.dev1"]),
        (">2.dev1", ["2.dev2"]),
        (">2rc1", ["2rc2.dev0"]),
        (">2.post1", ["2.post2.dev0"]),
    ],
)
def test_specifiers_with_implied_boundaries(specifiers: str, boundaries: list[str]) -> None:
    assert boundaries_of(specifiers) == set(map(Version, boundaries))


@given(CONDITIONS)
def test_a_sample_version_is_in_its_range(condition: str) -> None:
    spans = split(boundaries_of(condition), within(condition))
    for span, value in spans[:-1]:
        assert is_span(span)
        assert is_well_formed(span)
        assert holds(span, like(span))
        assert within(condition)(like(span)) is value


@given(st.sampled_from(["<", ">=", ">", "<=", "==", "!="]), PUBLIC, VERSIONS)
@example(">", "0.dev1", Version("0.post1"))
def test_a_range_contains_what_its_specifiers_allow(
    operator: str, end: str, version: Version
) -> None:
    span = f"{operator}{end}"
    assert holds(span, version) is within(span)(public(version))


def test_invalid_ranges() -> None:
    assert not is_span(REST)
    assert not is_span("1.0")


@pytest.mark.parametrize(
    "text", ["<", "<abc", "=1.0", "=>1.0", "<1.0+cu13.0", ">1,,<2", ">1, <2x", f"<{'9' * 5000}"]
)
def test_a_malformed_range(text: str) -> None:
    assert is_span(text)
    assert not is_well_formed(text)


@settings(max_examples=CASES)
@given(EXPRESSIONS, VERSIONS)
@example("accelerator if version < 1!0 else none", Version("1!1.0"))
@example("none if version == 2.10.* else accelerator", Version("2.10rc1"))
@example("none if version == 2.10.* else accelerator", Version("2.10.dev1"))
@example("torch if version >= 0.25 else none", Version("0.25rc1"))
@example("torch if version > 0.25 else none", Version("0.25.post1"))
@example("torch if version === 0.25 else none", Version("0.25.0+cpu"))
def test_a_version_has_the_value_of_its_range(text: str, version: Version) -> None:
    expression = parse_expression(text)
    spans = split(expression.boundaries(), lambda each: expression.of(each, _no_facts))
    [*ranges, (last, rest)] = spans
    assert last == REST
    found = [value for span, value in ranges if holds(span, version)] or [rest]
    assert found == [expression.of(version, _no_facts)]


def _no_facts() -> Never:
    raise AssertionError("the expression does not depend on the stack")


@settings(max_examples=CASES)
@given(CONDITIONS, VERSIONS)
def test_conditions_are_those_of_pep_440(condition: str, version: Version) -> None:
    text = condition.replace("===", "==").replace("+cu13.0", "")
    needs = parse_expression(f"torch if version {condition} else none").of(version, _no_facts)
    assert bool(needs) is within(text)(public(version))
