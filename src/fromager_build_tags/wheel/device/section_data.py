"""The bytes of a section with device code, read a few at a time."""

from __future__ import annotations

import struct
from typing import IO, Any, Final

from ..elf_file import Budget
from ..elf_refusal import RefusalReason, RefusedError

_CHUNK: Final = 4 << 10
_LARGEST_CHUNK: Final = 1 << 20
_ZEROS: Final = 1 << 10
"""Zeros that take as long as an entry."""


class SectionData:
    """The bytes of a section; none outside of it can be read."""

    def __init__(self, file: IO[bytes], *, start: int, size: int, budget: Budget) -> None:
        self._file = file
        self._start = start
        self.size = size
        self.budget = budget

    def read(self, at: int, size: int) -> bytes:
        """Return bytes of the section; raise where it, or the file, has fewer."""
        self.check(at, size)
        self._file.seek(self._start + at)
        if len(data := self._file.read(size)) < size:
            raise RefusedError(RefusalReason.TRUNCATED, f"the file ends before byte {at + size}")
        return data

    def unpack(self, form: struct.Struct, at: int) -> tuple[Any, ...]:
        """Return the fields of a row."""
        return form.unpack(self.read(at, form.size))

    def check(self, at: int, size: int) -> None:
        """Raise where the section has fewer bytes."""
        if size > self.size - at:
            raise RefusedError(RefusalReason.TRUNCATED, f"{size} bytes at {at} of {self.size}")

    def behind_zeros(self, at: int) -> int:
        """Return where the next byte is that is not zero; the size if there is none.

        Zeros take of the budget, too: many sections can be the same bytes of a file.
        """
        size = _CHUNK
        while at < self.size:
            chunk = self.read(at, min(size, self.size - at))
            rest = chunk.lstrip(b"\0")
            at += (zeros := len(chunk) - len(rest))
            self.budget.take_entries(zeros // _ZEROS)
            if rest:
                break
            size = min(2 * size, _LARGEST_CHUNK)
        return at
