"""Patterns of names: one for each family of packages, and for no other package."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from packaging.utils import canonicalize_name, is_normalized_name

from fromager_build_tags.plan.name_pattern import NamePattern

#: Few characters, so that names match by chance.
TEXTS = st.text("a1-", max_size=5)
PATTERNS = st.builds("a{}*{}".format, TEXTS, TEXTS)


def parsed(text: str) -> NamePattern | None:
    try:
        return NamePattern.parse(text)
    except ValueError:
        return None


@pytest.mark.parametrize(
    ("pattern", "names", "others"),
    [
        (
            "jax_rocm*_plugin",
            ["jax-rocm7-plugin", "jax-rocm10-plugin", "jax-rocm60-plugin", "jax-rocm7-1-plugin"],
            ["jax-rocm-plugin", "jax-rocm-foo-plugin", "jax-rocm7-pjrt", "jax-rocm7x-plugin"],
        ),
        ("jax-cuda*-pjrt", ["jax-cuda14-pjrt"], ["jax-cuda-14-pjrt", "jax-cuda-foo-pjrt"]),
        ("cupy_cuda*x", ["cupy-cuda11x", "cupy-cuda14x"], ["cupy-cuda117", "cupy-cudax"]),
        ("Cupy.ROCm_*", ["cupy-rocm-4-3", "cupy-rocm-7-0"], ["cupy-rocm", "cupy-rocm7"]),
        ("xgboost_cu*", ["xgboost-cu12", "xgboost-cu140"], ["xgboost-cpu", "xgboost-cu"]),
        (
            "faiss_gpu_*",
            ["faiss-gpu-cu11", "faiss-gpu-cuvs", "faiss-gpu-cu12-cuvs"],
            ["faiss-gpu", "faiss-gpux", "my-faiss-gpu-cu12"],
        ),
        ("nvidia_dali_cuda*", ["nvidia-dali-cuda130"], ["nvidia-dali-nightly-cuda130"]),
        (
            "mooncake_transfer_engine_*",
            ["mooncake-transfer-engine-rocm", "mooncake-transfer-engine-efa-non-cuda"],
            ["mooncake-transfer-engine"],
        ),
        ("a-*-b", ["a-x-y-b", "a-1-b"], ["a-b", "a--b"]),
        ("a*", ["a1", "a1-2"], ["a", "ab", "a-", "a1-", "a-1", "a1-b", "b1", "a\u0661"]),
    ],
)
def test_a_pattern_matches_its_family(pattern: str, names: list[str], others: list[str]) -> None:
    matches = NamePattern.parse(pattern).matches
    assert [name for name in (*names, *others) if matches(name)] == names


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        *(
            (text, "it matches every package")
            for text in ("*", "**", "_*", "*_", "*-*", "*.*", "_*_*")
        ),
        *((text, "it contains more than one *") for text in ("a**", "a*b*", "a_*_*", "*a*")),
        *(
            (text, "it begins with *, and so matches packages of other families")
            for text in ("*a", "*_plugin", "_*a", "-*-b")
        ),
        *(
            (text, "no name of a package can match it")
            for text in ("a b*", "a*_", "_a*", "ä*", "a/*", "a*[x]", "a*\n")
        ),
    ],
)
def test_a_pattern_that_is_refused(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=rf"\A{re.escape(problem)}\Z"):
        NamePattern.parse(text)


@given(PATTERNS, TEXTS)
@example("aa*1", "a1")
def test_a_match_is_that_of_a_regular_expression(text: str, middle: str) -> None:
    """Written apart: a whole part is any text, another star is a version."""
    if (pattern := parsed(text)) is None:
        return
    start, end = (re.escape(each) for each in canonicalize_name(text).split("*"))
    is_part = start.endswith("-") and (not end or end.startswith("\\-"))
    star = ".+" if is_part else r"[0-9]+(-[0-9]+)*"
    for name in (f"{pattern.start}{middle}{pattern.end}", middle, f"a{middle}"):
        assert pattern.matches(name) == bool(re.fullmatch(f"{start}{star}{end}", name))


@given(PATTERNS)
def test_spellings_are_equal(text: str) -> None:
    spelled = text.replace("-", "_").upper()
    assert parsed(spelled) == parsed(text)


@pytest.mark.parametrize(
    ("one", "other", "name"),
    [
        ("jax_cuda*_plugin", "JAX.cuda*-plugin", "jax-cuda1-plugin"),
        ("faiss_gpu_*", "faiss_gpu_cu*", "faiss-gpu-cu1"),
        ("faiss_gpu_*", "faiss_*_cuvs", "faiss-gpu-1-cuvs"),
        ("a*x-b", "a1x-*", "a1x-b"),  # where the start of one is in the end of the other
        ("jax_cuda*_plugin", "jax_cuda*_pjrt", ""),
        ("cupy_cuda*", "cupy_cuda*x", ""),
        ("faiss_gpu_*", "faiss_cu*", ""),
        ("a*", "a_*", ""),
    ],
)
def test_what_two_patterns_have_in_common(one: str, other: str, name: str) -> None:
    first, second = NamePattern.parse(one), NamePattern.parse(other)
    assert first.common(second) == second.common(first) == name


@given(PATTERNS, PATTERNS, TEXTS)
def test_two_patterns_have_a_name_in_common(one: str, other: str, middle: str) -> None:
    """Whenever some name matches both, one is found, and it does match both."""
    first, second = parsed(one), parsed(other)
    if first is None or second is None:
        return
    common = first.common(second)
    assert bool(common) == bool(second.common(first))
    if common:
        assert is_normalized_name(common)
        assert first.matches(common)
        assert second.matches(common)
    for start, end in ((first.start, second.end), (second.start, first.end)):
        name = f"{start}{middle}{end}"
        if is_normalized_name(name) and first.matches(name) and second.matches(name):
            assert common
    assert first.matches(first.common(first))
