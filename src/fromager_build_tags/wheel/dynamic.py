"""The dynamic table of an ELF file: needed libraries and dynamic symbols."""

from __future__ import annotations

import re
from collections.abc import Iterator

from . import layout
from .budget import Budget
from .layout import BrokenError, Header, Section, span
from .tape import Sparse

TABLE_LIMIT = 1 << 20
_NAME_LIMIT = 4096
_CHAIN_LIMIT = 4096

DT_NEEDED, DT_SONAME = 1, 14
_DT_HASH, _DT_STRTAB, _DT_SYMTAB, _DT_STRSZ = 4, 5, 6, 10
_DT_GNU_HASH = 0x6FFFFEF5
_WORD = 4


class Dynamic:
    """The dynamic table and what hangs on it: strings and symbols.

    ``also`` is read with the table, since each step back in a file costs a pass over it.
    """

    def __init__(
        self, image: Sparse, header: Header, sections: list[Section], budget: Budget, *, also: range
    ) -> None:
        self._image = image
        self._header = header
        self._sections = sections
        self._budget = budget
        self._segments = header.segment_table(image)
        table = self._table_range()
        image.require(table, also)
        self._entries = list(header.dynamic(image.read(table)))
        budget.take_rows(len(self._entries))
        self._values = dict(self._entries)
        strings, self._symbols = self._string_range(), self._symbol_range()
        image.require(strings, self._symbols)  # both in one go: either may lie anywhere
        self._strings = image.read(strings)

    def texts(self, tag: int) -> Iterator[str]:
        """Yield the strings that the entries with ``tag`` name."""
        return (self._text(value) for key, value in self._entries if key == tag)

    def symbols(self, keep: re.Pattern[bytes]) -> tuple[frozenset[str], frozenset[str]]:
        """Return the names imported and exported that ``keep`` matches."""
        self._budget.take_rows(len(self._symbols) // self._header.symbol_width)
        found: tuple[set[str], set[str]] = (set(), set())
        for name, defined in self._header.symbols(self._image.read(self._symbols)):
            if name and keep.match(self._strings, name):
                found[defined].add(self._text(name))
        return frozenset(found[False]), frozenset(found[True])

    def _text(self, start: int) -> str:
        return self._budget.take_name(text_at(self._strings, start, _NAME_LIMIT))

    def _table_range(self) -> range:
        """Say where the table is; a linker makes one, and which of two counts is the loader's."""
        tables = [part for part in self._segments if part.type == layout.PT_DYNAMIC and part.size]
        if len(tables) > 1:
            raise BrokenError(f"{len(tables)} dynamic tables")
        for table in tables:
            if table.size > TABLE_LIMIT:
                raise BrokenError(f"a dynamic table of {table.size} bytes")
            return span(table.offset, table.size)
        return range(0)

    def _string_range(self) -> range:
        if _DT_STRTAB not in self._values:
            return range(0)
        return span(self._offset(_DT_STRTAB), self._values.get(_DT_STRSZ, 0))

    def _symbol_range(self) -> range:
        for section in self._sections:
            if section.type == layout.SHT_DYNSYM:
                return span(section.offset, section.size)
        if _DT_SYMTAB not in self._values:
            return range(0)
        length = self._symbol_count() * self._header.symbol_width
        return span(self._offset(_DT_SYMTAB), length)

    def _symbol_count(self) -> int:
        """Count the symbols of a file without section headers, as its hash table has them."""
        if _DT_HASH in self._values:
            _, count = self._words(self._offset(_DT_HASH), 2)
            return count
        if _DT_GNU_HASH in self._values:
            return self._gnu_count()
        return 0

    def _gnu_count(self) -> int:
        """Find the end of the chain that begins last: symbols are sorted by chain.

        Those that are not defined come before the first chain. Source: "GNU Hash ELF Sections",
        and glibc's ``dl-lookup.c``.
        """
        start = self._offset(_DT_GNU_HASH)
        buckets, first, bloom, _ = self._words(start, 4)
        self._budget.take_rows(buckets + bloom)
        at = start + 4 * _WORD + bloom * self._header.bits // 8
        last = max(self._words(at, buckets), default=0)
        if last < first:
            return first
        chain = at + (buckets + last - first) * _WORD
        room = min(_CHAIN_LIMIT, (self._image.size - chain) // _WORD)
        for number, word in enumerate(self._words(chain, room), last + 1):
            if word & 1:
                return number
        raise BrokenError("a chain of symbols without an end")

    def _words(self, start: int, count: int) -> Iterator[int]:
        return self._header.words(self._image.read(span(start, count * _WORD)))

    def _offset(self, tag: int) -> int:
        address = self._values[tag]
        for part in self._segments:
            if part.type == layout.PT_LOAD and 0 <= address - part.address < part.size:
                return address - part.address + part.offset
        raise BrokenError(f"address {address:#x} in no segment")


def text_at(strings: memoryview, start: int, limit: int) -> str:
    """Return the string that begins at ``start``, cut off after ``limit`` bytes."""
    if start >= len(strings):
        raise BrokenError(f"a name at {start} in a table of {len(strings)} bytes")
    text, _, _ = bytes(strings[start : start + limit]).partition(b"\0")
    return text.decode("utf-8", "backslashreplace")
