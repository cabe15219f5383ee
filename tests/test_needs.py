"""The public functions of override modules."""

from __future__ import annotations

import inspect
import pathlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.tags import Tag
from packaging.version import Version

from fromager_build_tags.errors import MissingFactError, NeedsError
from fromager_build_tags.needs import (
    Need,
    depends_on,
    distribution,
    segments,
)
from fromager_build_tags.stack.stack import Stack
from fromager_build_tags.tag.expression import parse_expression
from fromager_build_tags.tag.platform import is_platlib

from .conftest import PLATLIB, PURELIB, MakeContext, ask_stack

REQ, VERSION = Requirement("demo"), Version("1.0")


def ask(function: Any, ctx: Any, tags: Any = PLATLIB, version: Version = VERSION) -> Any:
    return list(function(ctx=ctx, req=REQ, version=version, wheel_tags=tags))


@pytest.mark.parametrize(
    ("variant", "file", "expression", "expected"),
    [
        ("rocm", 'rocm_version: "7.1"', "accelerator", [(2, "rocm7.1")]),
        ("cuda", 'cuda_version: "13.0"', "accelerator", [(2, "cuda13.0")]),
        ("cpu", "torch_version: 2.10.0", "accelerator torch", [(2, "cpu"), (3, "torch2.10.0")]),
        ("cpu", "torch_version: 2.10.0", "torch", [(3, "torch2.10.0")]),
        ("cpu", "torch_version: 2.10.0\ntorch_precision: minor", "torch", [(3, "torch2.10")]),
        ("cpu", "", "none", []),
    ],
)
def test_a_need_is_a_segment_of_the_stack(
    make_context: MakeContext,
    variants_dir: pathlib.Path,
    variant: str,
    file: str,
    expression: str,
    expected: list[tuple[int, str]],
) -> None:
    (variants_dir / f"{variant}.yaml").write_text(file)
    ctx = make_context(variant)
    assert ask(depends_on(expression), ctx) == expected
    assert ask(depends_on(expression), ctx, PURELIB) == []


def test_the_distribution_is_a_segment_of_every_platlib_wheel(make_context: MakeContext) -> None:
    ctx = make_context("cpu")
    assert ask(distribution, ctx) == [(1, "el9.6")]
    assert ask(distribution, ctx, PURELIB) == []


def test_a_purelib_wheel_needs_no_stack(
    make_context: MakeContext, variants_dir: pathlib.Path
) -> None:
    (variants_dir / "cuda.yaml").write_text("not: right")
    assert ask(distribution, make_context("cuda"), PURELIB) == []
    assert ask(depends_on("accelerator torch"), make_context("cuda"), PURELIB) == []


def test_a_full_function_can_be_made_of_segments(make_context: MakeContext) -> None:
    assert segments([], ctx=make_context("x"), wheel_tags=PLATLIB) == []
    assert segments([Need.ACCELERATOR], ctx=make_context("cpu"), wheel_tags=PLATLIB) == [(2, "cpu")]
    with pytest.raises(MissingFactError):
        segments([Need.TORCH], ctx=make_context("cpu"), wheel_tags=PLATLIB)


@pytest.mark.parametrize(
    ("expression", "version", "expected"),
    [
        ("accelerator torch if version < 0.25 else accelerator", "0.24.1", "accelerator torch"),
        ("accelerator torch if version < 0.25 else accelerator", "0.25", "accelerator"),
        ("torch if version<1 else accelerator if version <2 else none", "0.9", "torch"),
        ("torch if version<1 else accelerator if version <2 else none", "1.0", "accelerator"),
        ("torch if version<1 else accelerator if version <2 else none", "2.0", ""),
        ("torch if version >=1,<2 else none", "1.5+cu130", "torch"),
        ("torch if version >=1 else none", "2.0rc1", "torch"),
        ("  torch   accelerator ", "1", "accelerator torch"),
        ("torch\nif version < 1\nelse\taccelerator\n", "0.9", "torch"),
        ("torch\nif version < 1\nelse\taccelerator\n", "1", "accelerator"),
    ],
)
def test_an_expression_may_depend_on_the_version(
    expression: str, version: str, expected: str
) -> None:
    def ask() -> Stack:
        raise AssertionError("no stack decides here")

    assert depends_on(expression).needs(Version(version), ask) == {
        Need(word) for word in expected.split()
    }


@pytest.mark.parametrize(
    ("expression", "version", "accelerator", "expected"),
    [
        ("torch if accelerator == rocm else none", "1", "rocm", "torch"),
        ("torch if accelerator == rocm else none", "1", "cuda", ""),
        ("torch if accelerator!=rocm else none", "1", "cpu", "torch"),
        ("torch if accelerator != cpu and accelerator != rocm else none", "1", "cuda", "torch"),
        ("torch if accelerator != cpu and accelerator != rocm else none", "1", "rocm", ""),
        ("torch if version >= 2 and accelerator == cuda else none", "2", "cuda", "torch"),
        ("torch if version >= 2 and accelerator == cuda else none", "1", "cuda", ""),
        ("torch if accelerator == cuda and version >= 2 else none", "2", "rocm", ""),
        ("torch if version >= 2 and version < 3 else none", "2.5", "cpu", "torch"),
        ("torch if version >= 2 and version < 3 else none", "3", "cpu", ""),
        ("torch if accelerator == gaudi else none", "1", "gaudi", "torch"),
    ],
)
def test_an_expression_may_depend_on_the_accelerator(
    expression: str, version: str, accelerator: str, expected: str
) -> None:
    assert depends_on(expression).needs(Version(version), ask_stack(accelerator)) == {
        Need(word) for word in expected.split()
    }


@pytest.mark.parametrize(
    ("expression", "torch", "expected"),
    [
        ("torch if torch < 2.9 else none", "2.8.1", "torch"),
        ("torch if torch < 2.9 else none", "2.8", "torch"),
        ("torch if torch < 2.9 else none", "2.9.0.dev20250601+cu130", "torch"),
        ("torch if torch < 2.9 else none", "2.9.0rc1", "torch"),
        ("torch if torch < 2.9 else none", "2.9", ""),
        ("torch if torch < 2.9 else none", "2.9.0+cu130", ""),
        ("torch if torch < 2.9 else none", "2.10.0", ""),
        ("none if torch>=2.9 else torch", "2.9.0rc1", "torch"),
        ("none if torch>=2.9 else torch", "2.9.1", ""),
        ("torch if torch>=2.9 and torch<2.11 and accelerator == cuda else none", "2.10", "torch"),
        ("torch if torch>=2.9 and torch<2.11 and accelerator == cuda else none", "2.11.0", ""),
        ("torch if torch < 2.9 and accelerator == rocm else none", "2.8.0", ""),
        ("torch if version < 1 and torch < 2.9 else none", "2.8.0", ""),
    ],
)  # fmt: skip
def test_an_expression_may_depend_on_torch(expression: str, torch: str, expected: str) -> None:
    assert depends_on(expression).needs(Version("1"), ask_stack("cuda", torch)) == {
        Need(word) for word in expected.split()
    }


def test_an_imprecise_torch_fails_only_packages_that_depend_on_it() -> None:
    function = depends_on("torch if version < 2 and torch < 2.9 else none")
    assert function.needs(Version("2"), ask_stack("cuda")) == set()
    with pytest.raises(MissingFactError, match=r"^Torch\?$"):
        function.needs(Version("1"), ask_stack("cuda"))
    with pytest.raises(MissingFactError, match=r"the version of Torch is needed as X\.Y"):
        function.needs(Version("1"), ask_stack("cuda", "2"))


def test_an_expression_may_have_any_number_of_clauses() -> None:
    text = "".join(f"torch if version == {number} else " for number in range(5000))
    function = parse_expression(f"{text}accelerator")
    assert function.of(Version("4999"), ask_stack("cuda")) == {Need.TORCH}
    assert function.of(Version("5000"), ask_stack("cuda")) == {Need.ACCELERATOR}
    assert function.at_most() == {Need.TORCH, Need.ACCELERATOR}
    assert function.boundaries() >= {Version(str(number)) for number in range(5000)}


def test_all_dependencies_of_an_expression() -> None:
    text = "none if version < 1 else torch if accelerator == cuda else accelerator"
    assert parse_expression(text).at_most() == {Need.ACCELERATOR, Need.TORCH}
    assert parse_expression("none").at_most() == frozenset()


@pytest.mark.parametrize(
    ("text", "needs"),
    [
        ("accelerator torch", {Need.ACCELERATOR, Need.TORCH}),
        ("accelerator torch if version < 2 else accelerator", {Need.ACCELERATOR}),
        ("accelerator torch if version < 2 else none", set()),
    ],
)
def test_what_all_versions_need(text: str, needs: set[Need]) -> None:
    assert parse_expression(text).at_least() == needs


def test_an_unknown_accelerator_fails_only_packages_that_depend_on_it(
    make_context: MakeContext,
) -> None:
    ctx = make_context("stacks-of-mine")
    function = depends_on("torch if version < 2 and accelerator == cuda else none")
    assert ask(function, ctx, version=Version("2")) == []
    assert ask(function, ctx, PURELIB, Version("1")) == []
    with pytest.raises(MissingFactError, match="accelerator"):
        ask(function, ctx, version=Version("1"))


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("torhc", "unknown dependency 'torhc' in 'torhc'; did you mean 'torch'?"),
        (
            "accelerator, zlib",
            "unknown dependency 'accelerator,' in 'accelerator, zlib'; "
            "did you mean 'accelerator'?",
        ),
        (
            "zzz",
            "unknown dependency 'zzz' in 'zzz': use accelerator, torch or none",
        ),
        ("", "'' has to name dependencies, or 'none' alone"),
        ("none torch", "'none torch' has to name dependencies, or 'none' alone"),
        (
            "torch if version < 1",
            "'torch if version < 1' has to read like "
            "'accelerator torch if version < 0.25 else accelerator'",
        ),
        (
            "accelerator else none",
            "'accelerator else none' has to read like "
            "'accelerator torch if version < 0.25 else accelerator'",
        ),
        (
            "torch if ABI else none",
            "'ABI' in 'torch if ABI else none' is not a condition: use 'version < 0.25', "
            "'accelerator == cuda', 'accelerator != cuda', 'torch < 2.9' or 'torch >= 2.9', "
            "with 'and' between two",
        ),
        (
            "torch if version < 1 and torch else none",
            "'torch' in 'torch if version < 1 and torch else none' is not a condition: "
            "use 'version < 0.25', 'accelerator == cuda', 'accelerator != cuda', 'torch < 2.9' or "
            "'torch >= 2.9', with 'and' between two",
        ),
        *(
            (
                f"torch if {condition} else none",
                f"{condition!r} in 'torch if {condition} else none' is not a condition: "
                "use 'version < 0.25', 'accelerator == cuda', 'accelerator != cuda', "
                "'torch < 2.9' or 'torch >= 2.9', with 'and' between two",
            )
            for condition in ("torch == 2.9", "torch <= 2.9", "torch > 2.9", "torch < 2.9.1",
                              "torch < 2", "torch ~= 2.9", "torch < 2.9,>=2.8")
        ),
        (
            "torch if accelerator == cuad else none",
            "'cuad' in 'torch if accelerator == cuad else none' is not an accelerator; "
            "did you mean 'cuda'?",
        ),
        (
            "torch if accelerator == ROCm else none",
            "'ROCm' in 'torch if accelerator == ROCm else none' is not an accelerator; "
            "did you mean 'rocm'?",
        ),
        (
            "torch if accelerator != 'tpu' else none",
            "\"'tpu'\" in \"torch if accelerator != 'tpu' else none\" is not an accelerator; "
            "use a word such as 'cuda'",
        ),
        (
            "torch if version < x else none",
            "'< x' in 'torch if version < x else none' is not a PEP 440 specifier, "
            "such as '< 0.25'",
        ),
        ("torch if version < 1 else", "'torch if version < 1 else' has to read like "
         "'accelerator torch if version < 0.25 else accelerator'"),
    ],
)  # fmt: skip
def test_a_bad_expression_is_one_clear_error(expression: str, message: str) -> None:
    with pytest.raises(NeedsError) as caught:
        depends_on(expression)
    assert str(caught.value) == message


def test_a_version_whose_number_is_too_long_for_python() -> None:
    with pytest.raises(NeedsError, match="9 else none' is not a PEP 440 specifier, such as"):
        depends_on(f"torch if version < {'9' * 5000} else none")


WORDS = ["torch", "accelerator", "none", "if", "version", "< 1", "and", "==", "cuda", "else"]


@given(st.text() | st.lists(st.sampled_from(WORDS)).map(" ".join))
def test_any_text_is_an_expression_or_refused(text: str) -> None:
    try:
        parse_expression(text).of(VERSION, ask_stack("cuda"))
    except NeedsError as err:
        assert repr(text)[1:-1] in str(err) or text == ""  # noqa: PT017 - it may be accepted


@pytest.mark.parametrize(
    ("platform", "expected"), [("any", False), ("linux_x86_64", True), ("manylinux_2_28_a", True)]
)
def test_platlib_means_that_the_platform_is_not_any(platform: str, *, expected: bool) -> None:
    assert is_platlib({Tag("py3", "none", platform)}) is expected


def test_fromager_sees_the_signature_and_the_name() -> None:
    function = depends_on("torch")
    assert list(inspect.signature(function).parameters) == ["ctx", "req", "version", "wheel_tags"]
    assert inspect.signature(function) == inspect.signature(distribution)
    assert function.__name__ == "wheel_build_tag"
    assert "torch" in repr(function)
