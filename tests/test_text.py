"""Short texts for messages."""

from __future__ import annotations

import pytest

from fromager_build_tags.text import closest, did_you_mean, first_few


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
