"""Version ranges: all versions of a range have one value, and each version is in one range."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from fromager_build_tags.tag.version_ranges import (
    REST,
    boundaries_of,
    ends_of,
    holds,
    is_span,
    is_well_formed,
    like,
    split,
)

RELEASES = st.lists(st.integers(0, 3), min_size=1, max_size=4).map(
    lambda release: Version(".".join(map(str, release)))
)
VERSIONS = st.builds(
    lambda release, suffix: Version(f"{release}{suffix}"),
    RELEASES,
    st.sampled_from(["", "", ".dev1", "a1", "rc2", ".post1", "+cu13.0"]),
)


@pytest.mark.parametrize(
    ("specifier", "spans"),
    [
        ("<0.29", [("<0.29", True), (REST, False)]),
        (">=0.29", [("<0.29", False), (REST, True)]),
        ("<=0.29", [("<=0.29", True), (REST, False)]),
        (">=0.29,<0.31", [("<0.29", False), (">=0.29,<0.31", True), (REST, False)]),
        ("==1.5", [("<1.5", False), ("==1.5", True), (REST, False)]),
        (">0", [("<=0", False), (REST, True)]),
        (">=0.dev0", [(REST, True)]),
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
    assert ends_of(REST) == set()
    assert ends_of(">=0.25,<0.30") == {Version("0.25"), Version("0.30")}


@pytest.mark.parametrize(
    ("specifiers", "boundaries"),
    [
        ("==1.5.*", ["1.5", "1.6"]),
        ("!=2.*", ["2", "3"]),
        ("~=2.1.3", ["2.1.3", "2.2"]),
        ("===nightly", []),
        ("==1.5+cu13.0", ["1.5"]),
    ],
)
def test_specifiers_with_implied_boundaries(specifiers: str, boundaries: list[str]) -> None:
    assert boundaries_of(specifiers) == set(map(Version, boundaries))


@given(st.lists(RELEASES, min_size=1, max_size=3), st.integers(0, 127))
def test_a_sample_version_is_in_its_range(named: list[Version], answers: int) -> None:
    assume(all(any(version.release) for version in named))  # nothing is below 0
    cells = iter(range(99))
    for span, _ in split(named, lambda _: answers >> next(cells) & 1)[:-1]:
        assert is_span(span)
        assert is_well_formed(span)
        assert holds(span, like(span))


@given(st.sampled_from(["<", ">=", ">", "<=", "=="]), VERSIONS, VERSIONS)
@example(">", Version("0.dev1"), Version("0.post1"))
def test_a_range_contains_what_its_specifiers_allow(
    operator: str, end: Version, version: Version
) -> None:
    span = f"{operator}{end.public}"
    assert holds(span, version) is within(span)(version)


def test_invalid_ranges() -> None:
    assert not is_span(REST)
    assert not is_span("1.0")


@pytest.mark.parametrize("text", ["<", "<abc", "=1.0", "=>1.0", "<1.0+cu13.0", ">1,,<2", ">1, <2x"])
def test_a_malformed_range(text: str) -> None:
    assert is_span(text)
    assert not is_well_formed(text)


@given(
    st.lists(st.tuples(st.sampled_from(["<", ">=", ">", "<=", "==", "!="]), RELEASES), max_size=3),
    VERSIONS,
)
def test_the_first_range_with_a_version_has_its_value(
    specifiers: list[tuple[str, Version]], version: Version
) -> None:
    # PEP 440 counts no pre- or post-release of a version as lower or higher than that version
    assume(Version(version.base_version) not in {each for _, each in specifiers})
    text = ",".join(f"{operator}{each}" for operator, each in specifiers)
    contains = within(text)
    spans = split([each for _, each in specifiers], contains)
    answer = next(answer for span, answer in spans if holds(span, version))
    assert answer is contains(version)
    assert spans[-1][0] == REST
