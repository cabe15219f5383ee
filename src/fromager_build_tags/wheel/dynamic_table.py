"""The dynamic table of an ELF file, and the strings and symbols that it leads to.

``struct`` reads the symbols, a hundred times as fast as pyelftools.

Source: System V ABI, gABI chapter 5.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import Final

from .elf_file import ElfFile, text_at
from .elf_refusal import broken, too_large

_STRINGS_LIMIT: Final = 128 << 20
_DYNAMIC_LIMIT: Final = 1 << 20
_NAME_LIMIT: Final = 4096
_CHAIN_LIMIT: Final = 4096
_SYMBOLS_AT_ONCE: Final = 1 << 16
_STB_WEAK: Final = 2
# Offset of the name, binding and type, section.
_SYMBOL: Final = {32: "I8xBxH", 64: "IBxH16x"}


class DynamicTable:
    """The dynamic table, and the strings and symbols that it leads to."""

    def __init__(self, elf: ElfFile) -> None:
        self._elf = elf
        self._loads = [each for each in elf.segments if each["p_type"] == "PT_LOAD"]
        self._entries = list(self._read_entries())
        self._values = dict(self._entries)
        self._strings = self._read_strings()

    def texts(self, tag: str) -> Iterator[str]:
        """Yield the strings that the entries with *tag* name."""
        return (self._string(value) for key, value in self._entries if key == tag)

    def names_dlopen(self) -> bool:
        """Return whether it can import ``dlopen``, which it needs to load what it names."""
        return b"\0dlopen\0" in self._strings

    def symbols(self, keep: re.Pattern[bytes]) -> tuple[set[str], set[str], set[str]]:
        """Return the names imported, weakly imported, and exported that *keep* matches.

        The linker may leave weak ones undefined. Such is the initialiser of every thread-local
        variable of another library (Itanium ABI, ``_ZTH``).
        """
        imports, weak_imports, exports = set[str](), set[str](), set[str]()
        for name, info, section in self._symbol_rows():
            if name and keep.match(self._strings, name):
                found = exports if section else weak_imports if info >> 4 == _STB_WEAK else imports
                found.add(self._string(name))
        return imports, weak_imports, exports

    def _read_entries(self) -> Iterator[tuple[str | int, int]]:
        """Yield (tag, value); a linker makes one table, so that of two none is known to count."""
        parts = [each for each in self._elf.segments if each["p_type"] == "PT_DYNAMIC"]
        tables = [(each["p_offset"], each["p_filesz"]) for each in parts if each["p_filesz"]]
        if len(tables) > 1:
            raise broken(f"{len(tables)} dynamic tables")
        for offset, size in tables:
            if size > _DYNAMIC_LIMIT:
                raise broken(f"a dynamic table of {size} bytes")
            for row in self._elf.rows(self._elf.structs.Elf_Dyn, offset, size):
                if row["d_tag"] == "DT_NULL":
                    return
                yield row["d_tag"], row["d_val"]

    def _read_strings(self) -> bytes:
        if "DT_STRTAB" not in self._values:
            return b""
        offset, size = self._offset("DT_STRTAB"), self._values.get("DT_STRSZ", 0)
        self._elf.check(offset, size)
        if size > _STRINGS_LIMIT:
            raise too_large(f"{size} bytes of strings; {_STRINGS_LIMIT} are read")
        return self._elf.read(offset, size)

    def _string(self, start: int) -> str:
        if start >= len(self._strings):
            raise broken(f"a name at {start} in a table of {len(self._strings)} bytes")
        return self._elf.budget.take_name(text_at(self._strings[start : start + _NAME_LIMIT]))

    def _symbol_rows(self) -> Iterator[tuple[int, int, int]]:
        form = struct.Struct(self._elf.order + _SYMBOL[self._elf.bits])
        offset, size = self._symbol_table(form.size)
        self._elf.check(offset, size)
        self._elf.budget.take_symbols(size // form.size)
        end = offset + size - size % form.size
        for at in range(offset, end, step := _SYMBOLS_AT_ONCE * form.size):
            yield from form.iter_unpack(self._elf.read(at, min(step, end - at)))

    def _symbol_table(self, width: int) -> tuple[int, int]:
        """Return offset and size."""
        for section in self._elf.sections:
            if section["sh_type"] == "SHT_DYNSYM":
                return section["sh_offset"], section["sh_size"]
        if "DT_SYMTAB" not in self._values:
            return 0, 0
        return self._offset("DT_SYMTAB"), self._symbol_count() * width

    def _symbol_count(self) -> int:
        """Count the symbols of a file without section headers, as its hash table has them."""
        if "DT_HASH" in self._values:
            return self._words(self._offset("DT_HASH"), 2)[1]
        if "DT_GNU_HASH" in self._values:
            return self._gnu_count(self._offset("DT_GNU_HASH"))
        return 0

    def _gnu_count(self, start: int) -> int:
        """Find the end of the chain that begins last: symbols are sorted by chain.

        Those that are not defined come before the first chain. Source: "GNU Hash ELF Sections",
        and glibc's ``dl-lookup.c``.
        """
        buckets, first, bloom, _ = self._words(start, 4)
        at = start + 4 * 4 + bloom * self._elf.bits // 8
        self._elf.check(start, at + buckets * 4 - start)
        self._elf.budget.take_symbols(buckets + bloom)
        last = max(self._words(at, buckets), default=0)
        if last < first:
            return first
        chain = at + (buckets + last - first) * 4
        room = max(0, min(_CHAIN_LIMIT, (self._elf.size - chain) // 4))
        for number, word in enumerate(self._words(chain, room), last + 1):
            if word & 1:
                return number
        raise broken("a chain of symbols without an end")

    def _words(self, start: int, count: int) -> tuple[int, ...]:
        return struct.unpack(f"{self._elf.order}{count}I", self._elf.read(start, count * 4))

    def _offset(self, tag: str) -> int:
        address = self._values[tag]
        for part in self._loads:
            if 0 <= address - part["p_vaddr"] < part["p_filesz"]:
                offset: int = address - part["p_vaddr"] + part["p_offset"]
                return offset
        raise broken(f"address {address:#x} in no segment")
