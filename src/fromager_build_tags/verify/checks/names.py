"""The segments of a name, by themselves."""

from __future__ import annotations

import difflib
import itertools
import re
from collections.abc import Iterator
from typing import Final

from ...findings import wheel_rules as rules
from ...findings.finding import Finding, Severity
from ...tag.vocabulary import classify
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
        if hint := _hint(text):
            yield wheel.finding(
                rules.UNKNOWN_SEGMENT,
                f"the segment {text!r} {hint}",
                remedy="correct it, so that one fact has one spelling",
                severity=Severity.WARNING,
            )
        elif classify(text) is None:
            yield wheel.finding(
                rules.UNKNOWN_SEGMENT,
                f"the segment {text!r} is neither a distribution, nor an accelerator, nor Torch",
                remedy="nothing, if a hook of yours gives it",
            )


def _hint(text: str) -> str | None:
    """Return what is wrong with a segment that is meant to be one of ours."""
    word, version = re.fullmatch(r"(\D*)(.*)", text, re.DOTALL).groups()  # type: ignore[union-attr]
    if word.lower() == "cu" and version:  # as PyTorch spells it
        word = "cuda"
    if word in {"cuda", "rocm"}:
        return None if _VERSIONED.fullmatch(text) else f"is {_wanted(word, version)}"
    if classify(text) is not None:
        return None
    close = difflib.get_close_matches(word.lower(), _WORDS, n=1, cutoff=0.75)
    meant = close[0] + version if close else text
    return None if meant == text else f"is spelled unlike {meant!r}"


def _wanted(word: str, version: str) -> str:
    """Return how the version of an accelerator is to be spelled: ``cuda12.N`` for ``cuda12``."""
    if _VERSIONED.fullmatch(word + version):
        return f"spelled unlike {word + version!r}"
    parts = version.split(".")
    if len(parts) > 2 and parts[0].isdigit() and parts[1].isdigit():
        return f"too long: major.minor is wanted, {word}{parts[0]}.{parts[1]}"
    major, dotless = (parts[0], parts[0][:-1]) if parts[0].isdigit() else ("N", "")
    if len(major) > 2:
        return f"spelled unlike {f'{word}{dotless}.{major[-1]}'!r}"
    return f"not precise: major.minor is wanted, {word}{major}.N"
