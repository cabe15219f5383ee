"""The accelerator segment against libraries and device code in the wheel."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from ...findings import wheel_rules as rules
from ...findings.finding import Finding, Severity
from ...tag.segment import accelerator_word
from ...wheel.evidence import Evidence
from ...wheel.libraries import major_of
from ..exemptions import ACCELERATOR
from .examined import ACCELERATORS, ExaminedWheel, listed

_DECLARE_ANY: Final = (
    '; if it works with any accelerator, declare it: build-tags.verify: "BT311: REASON"'
)


def hidden(wheel: ExaminedWheel) -> Iterator[Finding]:
    """BT311: an accelerator in the wheel, and no accelerator segment."""
    if wheel.accelerator is not None:
        return
    if reason := wheel.exemptions.dependencies.get(ACCELERATOR):
        yield wheel.missing_segment(rules.HIDDEN_ACCELERATOR, "an accelerator", reason)
    elif wheel.uses and wheel.name.is_platlib:
        yield wheel.finding(
            rules.HIDDEN_ACCELERATOR,
            f"the name has no accelerator segment, but {listed(_evidence(wheel))}",
            remedy=f"{wheel.set_depends_on()}, or build it without {_names(wheel)}"
            + (_DECLARE_ANY if wheel.is_incidental else ""),
            inside=wheel.uses[0].evidence[0].member,
            severity=Severity.WARNING if wheel.is_incidental else None,
        )


def none_inside(wheel: ExaminedWheel) -> Iterator[Finding]:
    """BT312: an accelerator segment, and no accelerator in the wheel."""
    segment = wheel.accelerator
    if segment is None or accelerator_word(segment) not in ACCELERATORS or wheel.uses:
        return
    unread = [*wheel.unread, *wheel.facts.without_sections]
    yield wheel.finding(
        rules.NO_ACCELERATOR_INSIDE,
        f"the name contains {segment}, but no library in the wheel needs a library of "
        f"{accelerator_word(segment)} or contains device code"
        + (f"; not completely read: {listed(unread)}" if unread else ""),
        remedy=f"{wheel.set_depends_on()}, or build it for {segment}; if it compiles its kernels "
        "at run time or loads them with dlopen, declare it: "
        'build-tags.verify: "accelerator: REASON"',
        severity=Severity.WARNING if unread else None,
    )


def other(wheel: ExaminedWheel) -> Iterator[Finding]:
    """BT313: an accelerator in the wheel that is not the segment's."""
    segment = wheel.accelerator
    if segment is None or not wheel.uses:
        return
    named = ACCELERATORS.get(accelerator_word(segment))
    if all(use.accelerator is not named for use in wheel.uses):
        yield wheel.finding(
            rules.OTHER_ACCELERATOR,
            f"the name contains {segment}, but {listed(_evidence(wheel))}",
            remedy=f"build it on a variant for {_names(wheel)}, or without {_names(wheel)}",
            inside=wheel.uses[0].evidence[0].member,
            severity=Severity.WARNING if named is None and wheel.is_incidental else None,
        )


def other_major(wheel: ExaminedWheel) -> Iterator[Finding]:
    """BT314: libraries of a major version that is not the segment's."""
    segment = wheel.accelerator
    version = re.search(r"\d{1,9}", segment or "")
    if segment is None or version is None:
        return
    word, major = accelerator_word(segment), int(version.group())
    versioned = [
        (number, each)
        for use in (*wheel.facts.accelerators, *wheel.facts.carried)
        if use.accelerator.value == word
        for each in use.evidence
        if (number := major_of(each.library)) is not None
    ]
    others = [each for number, each in versioned if number != major]
    if not others:
        return
    is_mixed = len(others) < len(versioned)
    yield wheel.finding(
        rules.OTHER_MAJOR,
        f"the name contains {segment}, but {listed(others)}"
        + (f"; other libraries belong to {word} {major}" if is_mixed else ""),
        remedy=f"build it with {word} {major} only, or correct the {word} version of the variant",
        inside=others[0].member,
        severity=Severity.WARNING if is_mixed or wheel.is_incidental else None,
    )


def several(wheel: ExaminedWheel) -> Iterator[Finding]:
    """BT315: more than one accelerator in the wheel."""
    uses = wheel.facts.accelerators
    if len(uses) > 1:
        yield wheel.finding(
            rules.SEVERAL_ACCELERATORS,
            f"the wheel uses {_names(wheel)}: {listed(use.evidence[0] for use in uses)}",
            remedy="build it for one accelerator: a build tag has one accelerator segment",
            inside=uses[1].evidence[0].member,
        )


def _evidence(wheel: ExaminedWheel) -> Sequence[Evidence]:
    return [each for use in wheel.uses for each in use.evidence]


def _names(wheel: ExaminedWheel) -> str:
    return " and ".join(use.accelerator.value for use in wheel.uses)
