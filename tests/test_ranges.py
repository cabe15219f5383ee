"""Spans of versions: each answers for all of its versions, and each version lies in one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from fromager_build_tags.ranges import REST, boundaries_of, holds, split

VERSIONS = st.builds(
    lambda release, suffix: Version(".".join(map(str, release)) + suffix),
    st.lists(st.integers(0, 3), min_size=1, max_size=4),
    st.sampled_from(["", "", ".dev1", "a1", "rc2", ".post1"]),
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
def test_a_line_is_cut_where_the_answer_changes(
    specifier: str, spans: list[tuple[str, bool]]
) -> None:
    assert split(boundaries_of(specifier), within(specifier)) == spans


def within(specifier: str) -> Callable[[Version], bool]:
    return lambda version: SpecifierSet(specifier).contains(version, prereleases=True)


def test_all_versions_are_one_span_where_nothing_changes() -> None:
    assert split([], lambda _: "same") == [(REST, "same")]
    assert split([Version("1"), Version("2")], lambda _: "same") == [(REST, "same")]
    assert boundaries_of(REST) == set()


@given(
    st.lists(st.tuples(st.sampled_from(["<", ">=", ">", "<=", "==", "!="]), VERSIONS), max_size=3),
    VERSIONS,
)
def test_the_first_span_that_holds_a_version_answers_for_it(
    specifiers: list[tuple[str, Version]], version: Version
) -> None:
    # PEP 440 counts no pre- or post-release of a version as lower or higher than that version
    assume(version.base_version not in {each.base_version for _, each in specifiers})
    text = ",".join(f"{operator}{each}" for operator, each in specifiers)
    says = within(text)
    spans = split([each for _, each in specifiers], says)
    answer = next(answer for span, answer in spans if holds(span, version))
    assert answer is says(version)
    assert spans[-1][0] == REST
