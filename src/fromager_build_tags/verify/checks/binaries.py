"""Binaries that could not be read, or not wholly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from ...findings import wheel_rules as rules
from ...findings.finding import Finding, Severity
from ...wheel import RefusalReason
from .examined import Examined, shown

if TYPE_CHECKING:
    from ...wheel import Refused, WheelFacts

#: Files for another linker, or none: they say nothing of the name, and are not damaged.
_FOREIGN: Final = {
    RefusalReason.LINKER_SCRIPT,
    RefusalReason.MACH_O,
    RefusalReason.PE,
    RefusalReason.NOT_ELF,
}
#: Of these, code that may use what a name says.
_CODE: Final = {RefusalReason.MACH_O, RefusalReason.PE}


def unread(facts: WheelFacts) -> Sequence[str]:
    """Return the members that may hold more than was seen."""
    text = _FOREIGN - _CODE
    return [each.member for each in facts.refused if each.refusal.reason not in text]


def unreadable(wheel: Examined) -> Iterator[Finding]:
    """BT342: what looks like a library, and cannot be read."""
    refused = wheel.facts.refused
    foreign = [each for each in refused if each.refusal.reason in _FOREIGN]
    large = [each for each in refused if each.refusal.reason is RefusalReason.TOO_LARGE]
    damaged = [each for each in refused if each not in foreign and each not in large]
    for some, remedy, severity in (
        (damaged, "look how the file came into the wheel; it is damaged", None),
        (large, "report it, if the wheel is right: no published one has so much in it", None),
        (foreign, "nothing, if they belong there: they are no ELF files", Severity.NOTE),
    ):
        if some:
            yield wheel.finding(
                rules.UNREADABLE_BINARY,
                f"not read: {shown(map(_told, some))}",
                remedy=remedy,
                inside=some[0].member,
                severity=severity,
            )


def half_read(wheel: Examined) -> Iterator[Finding]:
    """BT342: a library in which device code cannot be seen, where the name says that there is none.

    Where the name says that there is some, BT312 tells it.
    """
    missing = wheel.facts.without_sections
    if missing and wheel.accelerator is None:
        yield wheel.finding(
            rules.UNREADABLE_BINARY,
            "without section headers, so that device code in it could not be seen: "
            + shown(missing),
            remedy="nothing, if there is none in it; or keep its section headers",
            inside=missing[0],
            severity=Severity.NOTE,
        )


def _told(refused: Refused) -> str:
    refusal = refused.refusal
    detail = f": {refusal.detail}" if refusal.reason is RefusalReason.TOO_LARGE else ""
    return f"{refused.member} ({refusal.reason}{detail})"
