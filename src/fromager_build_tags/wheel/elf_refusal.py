"""Why a file that looks like a library cannot be read."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class RefusalReason(StrEnum):
    """Why a file that looks like a library cannot be read."""

    EMPTY = "empty"
    LINKER_SCRIPT = "linker script"
    MACH_O = "Mach-O"
    PE = "PE"
    NOT_ELF = "not ELF"
    TRUNCATED = "truncated"
    BROKEN = "broken"
    TOO_LARGE = "too large"
    COMPRESSED = "compressed"

    def hides_code(self, *, beside_elf: bool) -> bool:
        """Return whether a file may contain code that a system runs.

        Args:
            beside_elf: the wheel has ELF files. Then Linux loads those, and a file of another
                system's format, or an empty one, is not part of what it runs.
        """
        if self in {RefusalReason.LINKER_SCRIPT, RefusalReason.NOT_ELF}:
            return False
        return not (beside_elf and self in FOREIGN)


# Mach-O: 32 and 64 bit, both byte orders, and fat binaries (mach-o/loader.h, mach-o/fat.h).
FOREIGN: Final = {
    RefusalReason.EMPTY: re.compile(rb"\Z"),
    RefusalReason.MACH_O: re.compile(
        rb"\xfe\xed\xfa[\xce\xcf]|[\xce\xcf]\xfa\xed\xfe|\xca\xfe\xba[\xbe\xbf]"
    ),
    RefusalReason.PE: re.compile(rb"MZ"),
    RefusalReason.LINKER_SCRIPT: re.compile(rb"\s*(/\*|INPUT\b|GROUP\b|OUTPUT_FORMAT\b)"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class ElfRefusal:
    """A file that looks like a library and cannot be read; in a wheel, a member."""

    reason: RefusalReason
    detail: str = ""
    member: str = ""


class RefusedError(Exception):
    """A table that cannot be read."""

    def __init__(self, reason: RefusalReason, detail: str) -> None:
        super().__init__(reason, detail)
        self.refusal = ElfRefusal(reason=reason, detail=detail)


broken = functools.partial(RefusedError, RefusalReason.BROKEN)
too_large = functools.partial(RefusedError, RefusalReason.TOO_LARGE)
