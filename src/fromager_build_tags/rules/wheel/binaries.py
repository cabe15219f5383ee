"""Binaries that could not be read, or not wholly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from ...wheel import RefusalReason
from ..catalogue import wheel as rules
from ..finding import Finding, Severity
from .examined import Examined, shown

if TYPE_CHECKING:
    from ...wheel import WheelFacts

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
    for foreign in (False, True):
        some = [each for each in refused if (each.refusal.reason in _FOREIGN) is foreign]
        if some:
            texts = [f"{each.member} ({each.refusal.reason})" for each in some]
            yield wheel.finding(
                rules.UNREADABLE_BINARY,
                f"not read: {shown(texts)}",
                remedy="nothing, if they belong there: they are no ELF files"
                if foreign
                else "look how the file came into the wheel; it is damaged",
                inside=some[0].member,
                severity=Severity.NOTE if foreign else None,
            )
