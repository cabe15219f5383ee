"""The segments of a name, by themselves."""

from __future__ import annotations

import difflib
import itertools
import re
from collections.abc import Iterator
from typing import Final

from ...wheelname import classify
from ..catalogue import wheel as rules
from ..finding import Finding, Severity
from .examined import Examined

_WORDS: Final = ("cpu", "cuda", "rocm", "torch", "el", "fc")
_VERSIONED: Final = re.compile(r"(cuda|rocm)\d+\.\d+")


def disordered(wheel: Examined) -> Iterator[Finding]:
    """BT323: segments out of order, doubled, or none at all."""
    name = wheel.name
    if name.suffix and not name.segments:
        yield wheel.finding(
            rules.SEGMENTS_DISORDERED,
            f"the build tag's suffix {name.suffix!r} is not made of segments",
            remedy="join segments with '_' behind the number, as in 8_el9.6_cuda13.0",
            severity=Severity.WARNING,
        )
    known = [(order, text) for text in name.segments if (order := classify(text)) is not None]
    for (order, text), (next_order, next_text) in itertools.pairwise(known):
        if order >= next_order:
            what = "speak of one thing" if order == next_order else "are out of order"
            yield wheel.finding(
                rules.SEGMENTS_DISORDERED,
                f"the segments {text} and {next_text} {what}",
                remedy="name the distribution first, then the accelerator, then Torch, each once",
            )


def unknown(wheel: Examined) -> Iterator[Finding]:
    """BT324: a segment that is none of ours, or is spelled unlike ours."""
    for text in wheel.name.segments:
        if meant := _meant(text):
            yield wheel.finding(
                rules.UNKNOWN_SEGMENT,
                f"the segment {text!r} is spelled unlike {meant!r}",
                remedy="correct it, so that one fact has one spelling",
                severity=Severity.WARNING,
            )
        elif classify(text) is None:
            yield wheel.finding(
                rules.UNKNOWN_SEGMENT,
                f"the segment {text!r} is neither a distribution, nor an accelerator, nor Torch",
                remedy="nothing, if a hook of yours gives it",
            )


def _meant(text: str) -> str | None:
    """Return what a misspelled segment is meant to be, such as ``cuda13.0`` for ``cud13.0``."""
    word, version = re.fullmatch(r"(\D*)(.*)", text, re.DOTALL).groups()  # type: ignore[union-attr]
    if word in {"cuda", "rocm"}:
        return None if _VERSIONED.fullmatch(text) else f"{word}13.0"
    if classify(text) is not None:
        return None
    close = difflib.get_close_matches(word.lower(), _WORDS, n=1, cutoff=0.75)
    return close[0] + version if close else None
