"""A build tag: one parser, one printer, and the order of installers."""

from __future__ import annotations

import pytest

from fromager_build_tags.errors import SegmentError
from fromager_build_tags.tag.build_tag import NO_BUILD_TAG, BuildTag
from fromager_build_tags.tag.segment import Order, Segment, accelerator_word

DISTRIBUTION = Segment(Order.DISTRIBUTION, "el9.6")
TORCH = Segment(Order.TORCH, "torch2.10.0")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", NO_BUILD_TAG),
        ("2", BuildTag(2)),
        ("2_el9.6", BuildTag(2, "_el9.6")),
        ("2_?", BuildTag(2, None)),
        ("2post", BuildTag(2, "post")),
    ],
)
def test_parsing_and_printing_are_inverse(text: str, expected: BuildTag) -> None:
    assert BuildTag.parse(text) == expected
    assert str(expected) == text
    assert expected.is_none is (text == "")
    assert expected.is_known is (text != "2_?")


@pytest.mark.parametrize("text", ["_el9.6", "x", "2-3", "9" * 256])
def test_an_invalid_build_tag(text: str) -> None:
    with pytest.raises(SegmentError) as caught:
        BuildTag.parse(text)
    assert str(caught.value) == f"{text[:80]!r} is not a build tag, such as '2_el9.6'"


def test_segments() -> None:
    tag = BuildTag.of(8, [DISTRIBUTION, TORCH])
    assert str(tag) == "8_el9.6_torch2.10.0"
    assert tag.segments == ("el9.6", "torch2.10.0")
    assert tag.by_order == {Order.DISTRIBUTION: "el9.6", Order.TORCH: "torch2.10.0"}
    assert tag.without_suffix() == BuildTag(8)
    assert BuildTag.of(None, [TORCH]) == NO_BUILD_TAG
    assert BuildTag(2, None).segments == BuildTag(2, "post").segments == ()


@pytest.mark.parametrize(
    ("below", "above"),
    [
        ("", "0"),
        ("1_torch2.9.1", "2"),
        ("2", "2_el9.6"),
        ("8_torch2.10.0", "8_torch2.9.1"),  # as strings
        ("8_el10.1", "8_el9.6"),
    ],
)
def test_the_order_of_installers(below: str, above: str) -> None:
    assert BuildTag.parse(below).sorts_below(BuildTag.parse(above)) is True
    assert BuildTag.parse(above).sorts_below(BuildTag.parse(below)) is False


def test_an_unknown_suffix_has_no_order_beside_the_same_number() -> None:
    unknown = BuildTag(2, None)
    assert unknown.sorts_below(BuildTag(2)) is None
    assert BuildTag(2).sorts_below(unknown) is None
    assert unknown.sorts_below(BuildTag(3)) is True


@pytest.mark.parametrize(("text", "word"), [("cuda13.0", "cuda"), ("cpu", "cpu")])
def test_the_word_of_an_accelerator(text: str, word: str) -> None:
    assert accelerator_word(text) == word
