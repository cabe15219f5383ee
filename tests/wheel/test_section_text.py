"""Texts of libraries: names for ``dlopen``, PTX code, and the ROCm that compiled them."""

from __future__ import annotations

import pytest

from fromager_build_tags.wheel.section_text import compiling_rocm, find_hints

PTX = b"//\n\n.version 8.0\n.target sm_75\n.address_size 64\n"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"\0libcuda.so.1\0cuInit\0", ["libcuda.so.1"]),
        (b"libcuda.so", ["libcuda.so"]),
        (b"libcudart.so.12.0.5678", ["libcudart.so.12.0.5678"]),
        (b"libamdhip64.so.7\0libze_loader.so.1", ["libamdhip64.so.7", "libze_loader.so.1"]),
        (b"libcuda.so.1 libcuda.so libcuda.so.1", ["libcuda.so.1"]),
        (b"run it with libcuda.so.1: not found", ["libcuda.so.1"]),
        (PTX, ["PTX for sm_75"]),
        (b".version 8.7 .target sm_90a, debug", ["PTX for sm_90a"]),
        (b".target sm_50\0" + PTX, ["PTX for sm_75"]),
        (b".target sm_50\0" * 99 + PTX, ["PTX for sm_75"]),
        (b".target sm_50\0" * 100 + PTX, []),
        (b".version \0.target \0sm_75", []),
        (b".version %d.%d\n.target sm_%d", []),
        (b".target sm_75", []),
        (b"libcudart_static.a libcudnn.so.9 libcuda.dylib", []),
        (b"", []),
    ],
)
def test_hints(data: bytes, expected: list[str]) -> None:
    assert list(find_hints(data)) == expected


REPOSITORY = b"https://github.com/RadeonOpenCompute/llvm-project"


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        (
            b"clang version 18.1.8\0AMD clang version 20.0.0git (" + REPOSITORY + b" roc-7.1.1 "
            b"25444 27682a16360e33e37c4f3cc6adf9a620733f8fe1)\0",
            ("7.1.1",),
        ),
        (
            b"AMD clang version 18.0.0git (x roc-6.2.4 2)\0"
            b"AMD clang version 19.0.0git (x roc-6.4.0 2)\0"
            b"AMD clang version 18.0.0git (x roc-6.2.4 2)\0",
            ("6.2.4", "6.4.0"),
        ),
        (b"AMD clang version 24.0.0git (" + REPOSITORY + b".git d6f6cb691863)\0", ()),
        (b"AMD clang version 20.0.0git\0 roc-7.1.1 \0", ()),
        (b"clang version 18.0.0 (x roc-6.2.4 2)\0", ()),
        (b"AMD clang version 1 (" + b"x" * 300 + b" roc-6.2.4 2)\0", ()),
        (b"AMD clang version 1 (x roc-6222222.2.4 2)\0", ()),
    ],
)
def test_the_rocm_that_compiled_it(comment: bytes, expected: tuple[str, ...]) -> None:
    assert compiling_rocm(comment) == expected
