"""Short texts for messages."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fromager_build_tags.text import (
    closest,
    did_you_mean,
    dump_json,
    first_few,
    markdown_text,
    plain,
    plain_line,
    redact,
    redact_argument,
)

from .growth import grows_linearly


@pytest.mark.parametrize(
    ("items", "limit", "expected"),
    [
        ((), 3, ""),
        (("a",), 3, "a"),
        (("a", "b", "c"), 3, "a, b, c"),
        (("a", "b", "c", "d"), 3, "a, b, c and 1 more"),
        (range(1_203), 2, "0, 1 and 1,201 more"),
    ],
)
def test_the_first_few(items: tuple[object, ...], limit: int, expected: str) -> None:
    assert first_few(items, limit) == expected


def test_the_first_few_with_another_separator() -> None:
    assert first_few(iter("abc"), 2, separator="; ") == "a; b and 1 more"


@pytest.mark.parametrize(
    ("value", "known", "expected"),
    [
        ("rcom", ("cuda", "rocm"), "rocm"),
        ("coda", ("cuda", "rocm"), "cuda"),
        ("ROCm", ("cuda", "rocm"), "rocm"),
        ("wheel_torhc", ("WHEEL_TORCH",), "WHEEL_TORCH"),
        ("torch_verison", ("torch_version", "cuda_version"), "torch_version"),
        ("tpu", ("cpu", "hpu", "cuda"), None),
        ("rocm", ("rocm-ubi9",), None),
        ("anything", (), None),
    ],
)
def test_the_closest_known_word(value: str, known: tuple[str, ...], expected: str | None) -> None:
    assert closest(value, known) == expected


def test_the_end_of_a_message() -> None:
    assert did_you_mean("tourch", ("torch", "none")) == "; did you mean 'torch'?"
    assert did_you_mean("zlib", ("torch", "none")) == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://u:p@h/x", "http://****@h/x"),
        ("http://u:p/w@h/x", "http://****@h/x"),
        ("http://u:p@w@h/x", "http://****@h/x"),
        ("http://u:1/2@h/x", "http://****@h/x"),
        ("http:/u:p@h/", "http:/****@h/"),
        ("rocm=http://u:p@h", "rocm=http://****@h"),
        ("ftp://u:p@h, https://v:q@i", "ftp://****@h, https://****@i"),
        ("x @ git+https://token@h/y@v1", "x @ git+https://****@h/y@v1"),
        ("https://h/x?a=1&token=s&b=2#sig=t", "https://h/x?a=1&token=****&b=2#sig=****"),
        ("https://h/x?X-Amz-Signature=s", "https://h/x?X-Amz-Signature=****"),
        # nothing to hide
        ("x @ git+https://h/y@v1", "x @ git+https://h/y@v1"),
        ("https://h/@user/x", "https://h/@user/x"),
        ("http://h:80/x", "http://h:80/x"),
        ("a: b@c", "a: b@c"),
        ("", ""),
    ],
)
def test_credentials_are_hidden(text: str, expected: str) -> None:
    assert redact(text) == expected


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("u:p@h/x", "****@h/x"),
        ("//u:p@h/x", "****@h/x"),
        ("http:\\\\u:p@h", "****@h"),
        ("http://u:p@h/x", "http://****@h/x"),
        ("u:p\n@h", "****@h"),
        # nothing to hide
        ("dist/a:b@c", "dist/a:b@c"),
        ("a@b:c", "a@b:c"),
    ],
)
def test_credentials_of_a_mistyped_url_are_hidden(argument: str, expected: str) -> None:
    assert redact_argument(argument) == expected


def test_a_text_is_cut_behind_a_password() -> None:
    text = "x" * 290 + " http://user:" + "s3cret" * 300 + "@h"
    assert "s3c" not in plain(text)


@pytest.mark.parametrize("part", ["a:/", "http://", "a", "?token=", "?", "&a", "http://a:b", "@:/"])
def test_hiding_takes_linear_time(part: str) -> None:
    assert grows_linearly(lambda count: redact(part * count + "@ :/ ="), 10_000)


def test_a_text_is_one_line_without_commands() -> None:
    assert plain("a\n##[b]\u202e") == "a\\n#\\x23[b]\\u202e"
    assert plain("##teamcity[x] ##vso[x] ## x") == "#\\x23teamcity[x] #\\x23vso[x] ## x"
    assert plain_line(" ::error::x\r\n") == " \\x3a:error::x"
    assert plain_line("a ::error::x") == "a ::error::x"


@given(st.text())
def test_any_line_is_printable(text: str) -> None:
    shown = plain_line(text)
    assert shown.isprintable()
    assert not shown.lstrip().startswith("::")


PARTS = st.lists(st.sampled_from(["http://", ":", "@", "?token=", '"', "\\", "##[", "x", "\n"]))


@given(st.dictionaries(st.text(), st.text() | PARTS.map("".join)) | PARTS.map("".join))
def test_any_report_is_json(value: object) -> None:
    text = dump_json(value)
    assert text.isascii()
    assert "##[" not in text
    loaded = json.loads(text)
    assert type(loaded) is type(value)
    if "****" not in text:
        assert loaded == value


@pytest.mark.parametrize(
    ("text", "expected"),
    [("@a b@c @", "@<!-- -->a b@<!-- -->c @"), ("<b> ![x](y)", "&lt;b\\> !\\[x\\](y)")],
)
def test_prose_in_markdown(text: str, expected: str) -> None:
    assert markdown_text(text) == expected
