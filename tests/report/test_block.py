"""Markdown that fits: any rows, however many and however long."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fromager_build_tags.report.block import Block, chained, titled


def rows(number: int, text: str = "row") -> list[str]:
    return [f"- {text} {each}\n" for each in range(number)]


def block(number: int, text: str = "row", noun: str = "row") -> Block:
    return Block(head=f"{text}s\n", parts=rows(number, text), noun=noun, foot="end\n")


@pytest.mark.parametrize(
    ("room", "expected"),
    [
        (1_000, "rows\n- row 0\n- row 1\n- row 2\nend\n"),
        (33, "rows\n- row 0\n- row 1\n- row 2\nend\n"),
        (38, "rows\n- row 0\n- row 1\n- row 2\nend\n"),
    ],
)
def test_a_block_that_fits_is_complete(room: int, expected: str) -> None:
    assert block(3).within(room) == expected


@pytest.mark.parametrize(
    ("number", "room", "expected"),
    [
        (9, 53, "rows\n- row 0\n- row 1\n- row 2\n\n… and 6 more rows\nend\n"),
        (6, 53, "rows\n- row 0\n- row 1\n- row 2\n\n… and 3 more rows\nend\n"),
        (9, 0, "rows\n\n… and 9 more rows\nend\n"),
    ],
)
def test_what_is_left_out_is_counted(number: int, room: int, expected: str) -> None:
    assert block(number).within(room) == expected


def test_one_row_that_is_left_out() -> None:
    parts = ["- a\n", "- b\n", f"- {'c' * 99}\n"]
    assert Block(parts=parts, noun="name").within(50) == "- a\n- b\n\n… and 1 more name\n"


def test_a_long_part_does_not_push_out_another() -> None:
    """Each list shows as many rows as every other list."""
    chain = chained([block(1_000, "big"), block(3, "small"), block(1_000, "large")], "row")
    text = chain.within(1_000)
    assert "smalls\n- small 0\n- small 1\n- small 2\nend\n" in text
    big, _, large = (part.count("- ") for part in text.split("end\n")[:3])
    assert big == large
    assert 900 < len(text) <= 1_000


def test_the_first_parts_are_shown_where_there_are_too_many() -> None:
    chain = chained([block(2, f"part{each}") for each in range(100)], "row")
    text = chain.within(500)
    assert text.startswith("part0s\n- part0 0\n")
    parts = text.count("end\n")
    inner = sum(int(each) for each in re.findall(r"… and (\d+) more row", text))
    assert 3 < parts < 100
    assert text.count("- part") + inner == 200


def test_empty_blocks_are_left_away() -> None:
    assert chained([block(0), block(1)], "row", "head\n").within() == "head\nrows\n- row 0\nend\n"


def test_a_long_list_is_folded() -> None:
    ten, eleven = (titled("a <b> *c*", ["- x\n"] * number, "row").within() for number in (10, 11))
    assert ten.startswith("\n**a &lt;b\\> \\*c\\***\n\n- x\n")
    assert eleven.startswith("\n<details><summary>a &lt;b&gt; *c*</summary>\n\n- x\n")
    assert eleven.endswith("- x\n\n</details>\n")
    assert "<details>" in titled("a", ["- x\n"], "row", fold=True).within()


_ROWS = st.lists(st.text("ab`<é", max_size=400).map(lambda text: f"- {text}\n"), max_size=30)
_BLOCKS = st.recursive(
    st.builds(Block, parts=_ROWS, noun=st.just("row"), head=st.text("#", max_size=30)),
    lambda inner: st.builds(
        Block,
        parts=st.lists(inner, max_size=8),
        noun=st.just("row"),
        head=st.text("#", max_size=30),
        foot=st.text("#", max_size=5),
    ),
    max_leaves=12,
)


@given(_BLOCKS, st.integers(0, 4_000))
def test_any_block_fits_and_counts_what_it_leaves_out(block: Block, more: int) -> None:
    """Whatever the room is, if the head and the foot fit."""
    room = len(block.first(0)) + more
    text = block.within(room)
    assert len(text) <= room
    left_out = sum(int(each) for each in re.findall(r"… and ([\d]+) more rows?\n", text))
    assert text.count("- ") + left_out == block.rows
    complete = block.within(10**6)
    if room >= len(complete):
        assert text == complete
