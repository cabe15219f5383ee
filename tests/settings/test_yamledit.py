"""Adding to a YAML file keeps every byte of it."""

from __future__ import annotations

import contextlib
import re
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from fromager_build_tags.errors import EditError
from fromager_build_tags.settings.yamledit import add

PATH = ["annotations", "build-tags.depends-on"]
JSON = '"annotations": {"build-tags.depends-on": "torch"}'
LINE = '  build-tags.depends-on: "torch"\n'
LINES = 'annotations:\n  build-tags.depends-on: "torch"\n'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", LINES),
        ("# only a comment\n", f"# only a comment\n{LINES}"),
        ("# no newline", f"# no newline\n{LINES}"),
        ("build_dir: python  # why\n", f"build_dir: python  # why\n{LINES}"),
        (
            "annotations:\n    downstream.team: 'A'  # theirs\n\n# next\nenv: {A: '1'}\n",
            "annotations:\n    downstream.team: 'A'  # theirs\n"
            "    build-tags.depends-on: \"torch\"\n\n# next\nenv: {A: '1'}\n",
        ),
        ("annotations:\nenv:\n  A: '1'\n", f"{LINES}env:\n  A: '1'\n"),
        (
            "annotations: {a: 'b'}\nenv: {}\n",
            'annotations: {a: \'b\', "build-tags.depends-on": "torch"}\nenv: {}\n',
        ),
        ("annotations: {}\n", 'annotations: {"build-tags.depends-on": "torch"}\n'),
        ("{env: {A: '1'}}", f"{{env: {{A: '1'}}, {JSON}}}"),
        ("env:\r\n  A: '1'\r\n", "env:\r\n  A: '1'\r\n" + LINES.replace("\n", "\r\n")),
        ("a: '1'\r\nb: '2'\n", f"a: '1'\r\nb: '2'\n{LINES}"),
        ("a: '1'\r\nb: '2'", "a: '1'\r\nb: '2'\r\n" + LINES.replace("\n", "\r\n")),
        ("a: |\n  text\n\n", f"a: |\n  text\n\n{LINES}"),
        ("a: >-\n  text\n  more", f"a: >-\n  text\n  more\n{LINES}"),
        ("a:\n  - b:\n      c: d # x\n", f"a:\n  - b:\n      c: d # x\n{LINES}"),
        # documents without a value
        ("\n\n", f"\n\n{LINES}"),
        ("---", f"---\n{LINES}"),
        ("---\r\n", "---\r\n" + LINES.replace("\n", "\r\n")),
        ("# a\n---\n# b\n", f"# a\n---\n# b\n{LINES}"),
        ("--- # a\n# b", f"--- # a\n# b\n{LINES}"),
        ("---\n...\n", f"---\n{LINES}...\n"),
        ("\ufeff---\n", f"\ufeff---\n{LINES}"),
        ("%YAML 1.1\n---\n", f"%YAML 1.1\n---\n{LINES}"),
        ("null\n", f"{LINES}\n"),
        ("--- ~ # a\n...\n", f"---  # a\n{LINES}...\n"),
        ("--- !!null ''\n", f"--- \n{LINES}"),
        (
            "annotations: ~ # why\nenv: {}\n",
            f"annotations:  # why\n{LINE}env: {{}}\n",
        ),
    ],
)
def test_a_new_key(text: str, expected: str) -> None:
    assert add(text, PATH, "torch") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            'changelog:\n  "2.8.3":\n    - one\n    - "two" # c\n  "2.9":\n    - x\n',
            'changelog:\n  "2.8.3":\n    - one\n    - "two" # c\n    - "new: entry"\n'
            '  "2.9":\n    - x\n',
        ),
        ("changelog:\n  2.8.3:\n  - one\n", 'changelog:\n  2.8.3:\n  - one\n  - "new: entry"\n'),
        ("changelog:\n  2.8.3: [one]\n", 'changelog:\n  2.8.3: [one, "new: entry"]\n'),
        ("changelog:\n  2.8.3: []\n", 'changelog:\n  2.8.3: ["new: entry"]\n'),
        ("changelog:\n  2.8.3:\n", 'changelog:\n  2.8.3:\n    - "new: entry"\n'),
        (
            "changelog:\n  2.8.2: [a]\nenv: {}\n",
            'changelog:\n  2.8.2: [a]\n  "2.8.3":\n    - "new: entry"\nenv: {}\n',
        ),
        ("changelog: {2.8.2: [a]}", 'changelog: {2.8.2: [a], "2.8.3": ["new: entry"]}'),
    ],
)
def test_an_item_at_the_end_of_a_list(text: str, expected: str) -> None:
    assert add(text, ["changelog", "2.8.3"], ["new: entry"]) == expected


NEW = '"new"'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('a: [ "one" ]', f'a: [ "one", {NEW} ]'),
        ("a: [one , ]", f"a: [one, {NEW} , ]"),
        ('a: [\n  "b"\n  ]\nc: d\n', f'a: [\n  "b", {NEW}\n  ]\nc: d\n'),
        ('a: [\n  "b",\n  ]\n', f'a: [\n  "b", {NEW},\n  ]\n'),
        ('a: [\n  "b" # why\n  # more\n]\n', f'a: [\n  "b", {NEW} # why\n  # more\n]\n'),
        ('a: [\n  "b", # why, ]\n]\n', f'a: [\n  "b", {NEW}, # why, ]\n]\n'),
        ('a: [\r\n  "b"\r\n]\r\n', f'a: [\r\n  "b", {NEW}\r\n]\r\n'),
        ("a: [ # none yet\n]\n", f"a: [{NEW} # none yet\n]\n"),
        ("a: [[b, ], ]\n", f"a: [[b, ], {NEW}, ]\n"),
        ("b: &b x\na: [c, *b ]\n", f"b: &b x\na: [c, *b, {NEW} ]\n"),
        ("a: &b [c ]\n", f"a: &b [c, {NEW} ]\n"),
        ("a: !!seq [c ]\n", f"a: !!seq [c, {NEW} ]\n"),
        ("a: [é ]", f"a: [é, {NEW} ]"),
    ],
)
def test_an_item_right_behind_the_last(text: str, expected: str) -> None:
    """The rest of a list in brackets stays unchanged."""
    assert add(text, ["a"], ["new"]) == expected


@pytest.mark.parametrize("key", ["yes", "null", "ON", "_1"])
def test_a_key_that_is_no_text_without_quotes(key: str) -> None:
    """YAML reads ``yes`` as true; ``_1`` is the number 1 to it."""
    edited = add("a: b\n", ("changelog", key), ["x"])
    assert yaml.safe_load(edited) == {"a": "b", "changelog": {key: ["x"]}}


def test_a_key_right_behind_the_last() -> None:
    text = "annotations: {\n  a: b,  # why\n}\n"
    assert add(text, PATH, "torch") == (
        'annotations: {\n  a: b, "build-tags.depends-on": "torch",  # why\n}\n'
    )


_ITEMS = st.sampled_from(["one", "'two'", '"three # "', "*x", "[a, b ]", "{a: b}", "é", "1.0"])
_GAPS = st.sampled_from(["", " ", "\n    ", "  # a comment, ]\n    ", "\n\n    # more\n    "])


@given(
    items=st.lists(st.tuples(_GAPS, _ITEMS, _GAPS), max_size=4),
    comma=st.booleans(),
    gap=_GAPS,
    ends=st.sampled_from(["\n", "\r\n"]),
)
def test_nothing_moves_in_a_list_in_brackets(
    items: list[tuple[str, str, str]], comma: bool, gap: str, ends: str
) -> None:
    """The old text is on both sides of the addition."""
    inside = ",".join("".join(each) for each in items) + "," * (comma and bool(items)) + gap
    text = f"x: &x [y]\nchangelog:\n  '1': [{inside}]\nz: 1\n".replace("\n", ends)
    edited = add(text, ["changelog", "1"], ["new"])
    assert is_inserted(text, edited)
    assert yaml.safe_load(edited)["changelog"]["1"][-1] == "new"


def without_a_null(text: str) -> list[str]:
    """Return *text* without one of its null values, whose place an addition takes."""
    found = [each.start() for each in re.finditer(r"\bnull\b", text)]
    return [text[:at] + text[at + len("null") :] for at in found]


def is_inserted(text: str, edited: str) -> bool:
    """Return whether *edited* is *text* with an insertion in one place."""
    places = range(len(text) + 1)
    return len(edited) > len(text) and any(
        edited.startswith(text[:at]) and edited.endswith(text[at:]) for at in places
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "annotations: {build-tags.depends-on: none}",
            "annotations.build-tags.depends-on cannot be added: it is set already: 'none'",
        ),
        (
            "annotations: text",
            "annotations.build-tags.depends-on cannot be added: 'text' is not a mapping",
        ),
        (
            "[a]",
            "annotations.build-tags.depends-on cannot be added: ['a'] is not a mapping",
        ),
        ("a: b: c", "it is not valid YAML"),
        (
            "changelog:\n  '1.0': &first\n    -'2.0': *first\n",
            "its YAML has a form that nothing can be added to: edit the file by hand",
        ),
        (
            "a: &x {b: c}\nannotations: *x\n",
            "its YAML has a form that nothing can be added to: edit the file by hand",
        ),
    ],
)
def test_an_impossible_addition_is_an_error(text: str, message: str) -> None:
    with pytest.raises(EditError) as caught:
        add(text, PATH, "torch")
    assert str(caught.value) == message


def test_items_are_added_to_lists_only() -> None:
    with pytest.raises(EditError) as caught:
        add("changelog: {a: b}", ["changelog", "a"], ["x"])
    assert str(caught.value) == "changelog.a cannot be added: it is not a list: 'b'"


scalars = st.text("abc: #'\"\n-é", max_size=8) | st.integers() | st.none() | st.booleans()
keys = st.text("abcxyz", min_size=1, max_size=3)
trees = st.recursive(
    scalars,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(keys, below, max_size=3),
    max_leaves=8,
)


@given(
    data=st.dictionaries(keys, trees, max_size=4),
    path=st.lists(keys, min_size=1, max_size=3),
    addition=st.text(max_size=9) | st.lists(st.text(max_size=9), min_size=1, max_size=2),
    flow=st.sampled_from([True, False, None]),
    indent=st.sampled_from([2, 4]),
    ends=st.sampled_from(["\n", "\r\n"]),
)
def test_present_content_stays(
    data: dict[str, Any], path: list[str], addition: Any, flow: Any, indent: int, ends: str
) -> None:
    dumped = yaml.safe_dump(data, default_flow_style=flow, indent=indent, allow_unicode=True)
    text = f"# head\n{dumped}# tail\n".replace("\n", ends)
    with contextlib.suppress(EditError):
        edited = add(text, path, addition)
        assert any(is_inserted(each, edited) for each in [text, *without_a_null(text)])
        found = yaml.safe_load(edited)
        for key in path:
            found = found[key]
        assert found == addition or found[-len(addition) :] == addition
