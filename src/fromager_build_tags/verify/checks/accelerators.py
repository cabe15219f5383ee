"""The accelerator segment against libraries and device code inside."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from ...findings import wheel_rules as rules
from ...findings.finding import Finding, Severity
from ...tag.vocabulary import accelerator_word
from ...wheel import Evidence, major_of
from .binaries import unread
from .examined import STACKS, Examined, shown
from .exempted import ACCELERATOR

_ANY: Final = 'build-tags.verify: "BT311: REASON"'


def hidden(wheel: Examined) -> Iterator[Finding]:
    """BT311: an accelerator inside, and no accelerator segment."""
    inside = wheel.inside
    if wheel.accelerator is not None:
        return
    if reason := wheel.declared.facts.get(ACCELERATOR):
        yield wheel.untold(rules.HIDDEN_ACCELERATOR, "an accelerator", reason)
    elif inside and wheel.name.is_platlib:
        yield wheel.finding(
            rules.HIDDEN_ACCELERATOR,
            f"the name has no accelerator segment, yet {shown(_evidence(wheel))}",
            remedy=f"{wheel.set_depends_on()}, or build it without {_names(wheel)}"
            + (f"; or, if it works with any, declare it: {_ANY}" if wheel.for_others else ""),
            inside=inside[0].evidence[0].member,
            severity=Severity.WARNING if wheel.for_others else None,
        )


def none_inside(wheel: Examined) -> Iterator[Finding]:
    """BT312: an accelerator segment, and nothing of it inside."""
    segment = wheel.accelerator
    if segment is None or accelerator_word(segment) not in STACKS or wheel.inside:
        return
    missing = [*unread(wheel.facts), *wheel.facts.without_sections]
    yield wheel.finding(
        rules.NO_ACCELERATOR_INSIDE,
        f"the name says {segment}, yet no library in the wheel needs a library of it, "
        "or carries device code"
        + (f"; not all of it could be looked into: {shown(missing)}" if missing else ""),
        remedy=f"{wheel.set_depends_on()}, or build it for {segment}; or, if it compiles its "
        "kernels at run time or loads them with dlopen, declare it: build-tags.verify: "
        '"accelerator: REASON"',
        severity=Severity.WARNING if missing else None,
    )


def other(wheel: Examined) -> Iterator[Finding]:
    """BT313: another accelerator inside than the segment says."""
    segment, inside = wheel.accelerator, wheel.inside
    if segment is None or not inside:
        return
    stack = STACKS.get(accelerator_word(segment))
    if all(use.accelerator is not stack for use in inside):
        yield wheel.finding(
            rules.OTHER_ACCELERATOR,
            f"the name says {segment}, yet {shown(_evidence(wheel))}",
            remedy=f"build it on the variant of {_names(wheel)}, or without {_names(wheel)}",
            inside=inside[0].evidence[0].member,
            severity=Severity.WARNING if stack is None and wheel.for_others else None,
        )


def other_major(wheel: Examined) -> Iterator[Finding]:
    """BT314: libraries of another major than the segment's."""
    segment = wheel.accelerator
    version = re.search(r"\d{1,9}", segment or "")
    if segment is None or version is None:
        return
    word, major = accelerator_word(segment), int(version.group())
    uses = [
        use
        for use in (*wheel.facts.accelerators, *wheel.facts.carried)
        if use.accelerator.value == word
    ]
    told = [
        (number, each)
        for use in uses
        for each in use.evidence
        if (number := major_of(each.library)) is not None
    ]
    others = [each for number, each in told if number != major]
    if not others:
        return
    mixed = len(others) < len(told)
    yield wheel.finding(
        rules.OTHER_MAJOR,
        f"the name says {segment}, yet {shown(others)}"
        + (f"; other libraries are of {word} {major}" if mixed else ""),
        remedy=f"build it with {word} {major} alone, or correct the variant's {word} version",
        inside=others[0].member,
        severity=Severity.WARNING if mixed or wheel.for_others else None,
    )


def several(wheel: Examined) -> Iterator[Finding]:
    """BT315: more than one accelerator inside."""
    uses = wheel.facts.accelerators
    if len(uses) > 1:
        yield wheel.finding(
            rules.SEVERAL_ACCELERATORS,
            f"the wheel uses {_names(wheel)}: {shown(use.evidence[0] for use in uses)}",
            remedy="build it for one of them, so that its name can tell all of it",
            inside=uses[1].evidence[0].member,
        )


def _evidence(wheel: Examined) -> Sequence[Evidence]:
    return [each for use in wheel.inside for each in use.evidence]


def _names(wheel: Examined) -> str:
    return " and ".join(use.accelerator.value for use in wheel.inside)
