"""Why a file that looks like a library gives no facts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from .layout import MAGIC


class RefusalReason(StrEnum):
    """The kinds of refusal."""

    EMPTY = "empty"
    LINKER_SCRIPT = "linker script"
    MACH_O = "Mach-O"
    PE = "PE"
    NOT_ELF = "not ELF"
    TRUNCATED = "truncated"
    BROKEN = "broken"
    TOO_LARGE = "too large"


@dataclass(frozen=True, kw_only=True, slots=True)
class ElfRefusal:
    """A file that was looked at and cannot be read."""

    reason: RefusalReason
    detail: str = ""


def refuse_foreign(head: bytes) -> ElfRefusal | None:
    """Return the refusal of a file that begins with ``head``, or None for an ELF file."""
    return None if head.startswith(MAGIC) else ElfRefusal(reason=_kind(head))


def _kind(head: bytes) -> RefusalReason:
    if not head:
        return RefusalReason.EMPTY
    if head[:4] in _MACH_O:
        return RefusalReason.MACH_O
    if head[:2] == b"MZ":
        return RefusalReason.PE
    if _LINKER_SCRIPT.match(head):
        return RefusalReason.LINKER_SCRIPT
    return RefusalReason.NOT_ELF


# 32 and 64 bit, both byte orders, and fat binaries (mach-o/loader.h, mach-o/fat.h).
_MACH_O = {
    bytes.fromhex(magic)
    for magic in ("feedface", "feedfacf", "cefaedfe", "cffaedfe", "cafebabe", "cafebabf")
}
_LINKER_SCRIPT = re.compile(rb"\s*(/\*|INPUT\b|GROUP\b|OUTPUT_FORMAT\b)")
