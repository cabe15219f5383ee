"""Segments: valid texts, and their order."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import parse_wheel_filename

from fromager_build_tags.errors import SegmentError
from fromager_build_tags.tag.segment import Order, Segment, arrange, join, parse_segments, split

texts = st.from_regex(r"[a-zA-Z0-9.]+", fullmatch=True)
# of an order above 3 a wheel may have several texts
free_segments = st.builds(Segment, st.integers(4, 99), texts)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([], ()),
        ((), ()),
        ([(1, "el9.6")], (Segment(1, "el9.6"),)),
        ([Segment(3, "torch2.10.0"), (-1, "A")], (Segment(3, "torch2.10.0"), Segment(-1, "A"))),
        ([[4, "abi3"]], (Segment(4, "abi3"),)),
    ],
)
def test_pairs_become_segments(value: Any, expected: Any) -> None:
    assert parse_segments(value) == expected


NOT_PAIRS = "is not a sequence of (order, text) pairs, such as [(4, 'abi3')]"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, f"None {NOT_PAIRS}"),
        ("el9.6", f"'el9.6' {NOT_PAIRS}"),
        (b"el9.6", f"b'el9.6' {NOT_PAIRS}"),
        ({1: "el9.6"}, "{1: 'el9.6'} " + NOT_PAIRS),
        ((str(each) for each in ""), f"<generator object <genexpr>> {NOT_PAIRS}"),
        ([object()], "<object object> is not a pair of an int and a str, such as (4, 'abi3')"),
        (["el9.6"], "'el9.6' is not a pair of an int and a str, such as (4, 'abi3')"),
        (["ab"], "'ab' is not a pair of an int and a str, such as (4, 'abi3')"),
        ([("el9.6", 1)], "('el9.6', 1) is not a pair of an int and a str, such as (4, 'abi3')"),
        ([(True, "a")], "(True, 'a') is not a pair of an int and a str, such as (4, 'abi3')"),
        ([(1, "a", 2)], "(1, 'a', 2) is not a pair of an int and a str, such as (4, 'abi3')"),
        ([(1, "el9_6")], "the text of (1, 'el9_6') has to match [a-zA-Z0-9.]+"),
        ([(1, "")], "the text of (1, '') has to match [a-zA-Z0-9.]+"),
        ([(1, "el9\n")], r"the text of (1, 'el9\n') has to match [a-zA-Z0-9.]+"),
        ([(Order.TORCH, "")], "the text of (3, '') has to match [a-zA-Z0-9.]+"),
        ([(1, "ä")], "the text of (1, 'ä') has to match [a-zA-Z0-9.]+"),
    ],
)
def test_anything_else_is_refused(value: Any, message: str) -> None:
    with pytest.raises(SegmentError) as caught:
        parse_segments(value)
    assert str(caught.value) == message


def test_a_generator_is_refused_unread() -> None:
    with pytest.raises(SegmentError, match="is not a sequence"):
        parse_segments(pair for pair in [(1, "el9.6")])


def test_order_sorts_then_text_and_repeats_show_once() -> None:
    mixed = [(9, "z"), (2, "cpu"), (1, "el9.6"), (9, "a"), (2, "cpu")]
    assert arrange(("x", Segment(*pair)) for pair in mixed) == (
        Segment(1, "el9.6"),
        Segment(2, "cpu"),
        Segment(9, "a"),
        Segment(9, "z"),
    )


@pytest.mark.parametrize(("order", "what"), [(1, "distribution"), (2, "accelerator"), (3, "Torch")])
def test_a_wheel_has_one_text_of_each_known_order(order: int, what: str) -> None:
    with pytest.raises(SegmentError) as caught:
        arrange([("one", Segment(order, "a")), ("two", Segment(order, "b"))])
    assert str(caught.value) == (
        f"a wheel has one {what}, yet order {order} is given as 'a' by one and as 'b' by two"
    )


@given(st.lists(free_segments), st.randoms(use_true_random=False))
def test_load_order_never_shows(segments: list[Segment], random: Any) -> None:
    shuffled = segments[:]
    random.shuffle(shuffled)
    assert arrange(("x", each) for each in shuffled) == arrange(("x", each) for each in segments)


@given(st.lists(free_segments), st.integers(0, 10_000))
def test_a_suffix_is_accepted_and_parses_back(segments: list[Segment], number: int) -> None:
    from fromager.wheels import _validate_build_tag_segments

    arranged = arrange(("x", each) for each in segments)
    suffix = join(arranged)
    _validate_build_tag_segments([segment.text for segment in arranged])
    name = f"a_package-1.0-{number}{suffix}-cp312-cp312-linux_x86_64.whl"
    assert parse_wheel_filename(name)[2] == (number, suffix)
    assert split(suffix) == tuple(segment.text for segment in arranged)


@pytest.mark.parametrize("suffix", ["el9.6", "_", "__el9.6", "_el9.6_", "_el9-6", "8_el9.6"])
def test_an_invalid_suffix_is_refused(suffix: str) -> None:
    with pytest.raises(SegmentError, match="is not a suffix of segments"):
        split(suffix)
