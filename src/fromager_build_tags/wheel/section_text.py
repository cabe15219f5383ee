"""Texts in a library that hint at an accelerator, or name the ROCm that compiled it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

#: What a program that loads an accelerator with ``dlopen`` contains: the name, with its version.
_LIBRARIES: Final = {
    each: re.compile(re.escape(each) + rb"(\.\d{1,6}){0,3}")
    for each in (b"libcuda.so", b"libcudart.so", b"libamdhip64.so", b"libze_loader.so")
}
#: The start of a PTX module (PTX ISA, "Source Format"), which the driver compiles at run time.
_TARGET: Final = b".target sm_"
_PTX: Final = re.compile(rb"\.version \d{1,2}\.\d{1,2}\s{1,4}\.target (sm_\d{2,3}[af]?)")
_BEFORE_TARGET, _AFTER_TARGET, _TARGETS = 24, 24, 100
#: LLVM's version in AMD's builds up to ROCm 7.2; later ones name a commit only.
_ROCM: Final = re.compile(rb"AMD clang version [^\0]{0,200}? roc-(\d{1,2}\.\d{1,2}\.\d{1,2}) ")

PTX: Final = "PTX for "


def find_hints(data: bytes) -> Iterator[str]:
    """Yield names of libraries of accelerators, and the target of PTX code, each kind once.

    >>> list(find_hints(b"no libcuda.so.1 found; .version 8.0 .target sm_75"))
    ['libcuda.so.1', 'PTX for sm_75']
    """
    for name, pattern in _LIBRARIES.items():
        if (at := data.find(name)) >= 0 and (found := pattern.match(data, at)):
            yield found.group().decode()
    at = -1
    for _ in range(_TARGETS):  # a line of another text can be like one of PTX
        if (at := data.find(_TARGET, at + 1)) < 0:
            return
        if header := _PTX.search(data, max(0, at - _BEFORE_TARGET), at + _AFTER_TARGET):
            yield f"{PTX}{header.group(1).decode()}"
            return


def compiling_rocm(comment: bytes) -> tuple[str, ...]:
    """Return the ROCm releases that a section ``.comment`` names, in order, each once."""
    return tuple(dict.fromkeys(each.decode() for each in _ROCM.findall(comment)))
