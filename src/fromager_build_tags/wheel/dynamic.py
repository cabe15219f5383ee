"""The dynamic table of an ELF file: needed libraries and dynamic symbols."""

from __future__ import annotations

import re
from collections.abc import Iterator

from . import layout
from .layout import BrokenError, Header, Section, span
from .tape import Sparse, TooMuchError

TABLE_LIMIT = 1 << 20
_NAME_LIMIT = 4096
_NAMES_LIMIT = 64 << 20

DT_NEEDED, DT_SONAME = 1, 14
_DT_HASH, _DT_STRTAB, _DT_SYMTAB, _DT_STRSZ = 4, 5, 6, 10
_DT_GNU_HASH = 0x6FFFFEF5


class Dynamic:
    """The dynamic table and what hangs on it: strings and symbols."""

    def __init__(self, image: Sparse, header: Header, sections: list[Section]) -> None:
        self._image = image
        self._header = header
        self._sections = sections
        self._segments = header.segment_table(image)
        self._entries = list(self._table())
        self._values = dict(self._entries)
        strings, self._symbols = self._string_range(), self._symbol_range()
        image.require(strings, self._symbols)  # both in one go: either may lie anywhere
        self._strings = image.read(strings)

    def texts(self, tag: int) -> Iterator[str]:
        """Yield the strings that the entries with ``tag`` name."""
        return (text_at(self._strings, value) for key, value in self._entries if key == tag)

    def symbols(self, keep: re.Pattern[bytes]) -> tuple[frozenset[str], frozenset[str]]:
        """Return the names imported and exported that ``keep`` matches."""
        found: tuple[set[str], set[str]] = (set(), set())
        room = _NAMES_LIMIT
        for name, defined in self._header.symbols(self._image.read(self._symbols)):
            if name and keep.match(self._strings, name):
                text = text_at(self._strings, name)
                room -= len(text)
                if room < 0:
                    raise TooMuchError("names of dynamic symbols")
                found[defined].add(text)
        return frozenset(found[False]), frozenset(found[True])

    def _table(self) -> Iterator[tuple[int, int]]:
        for segment in self._segments:
            if segment.type == layout.PT_DYNAMIC and segment.size:
                if segment.size > TABLE_LIMIT:
                    raise BrokenError(f"a dynamic table of {segment.size} bytes")
                data = self._image.read(span(segment.offset, segment.size))
                yield from self._header.dynamic(data)

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
        """Count the symbols of a file without section headers.

        ``DT_HASH`` states the number; the GNU table states the first symbol that it sorts, and
        the undefined ones come before it.
        """
        if _DT_HASH in self._values:
            return self._words(_DT_HASH)[1]
        if _DT_GNU_HASH in self._values:
            return self._words(_DT_GNU_HASH)[1]
        return 0

    def _words(self, tag: int) -> tuple[int, ...]:
        return self._header.words(self._image.read(span(self._offset(tag), 8)))

    def _offset(self, tag: int) -> int:
        address = self._values[tag]
        for part in self._segments:
            if part.type == layout.PT_LOAD and 0 <= address - part.address < part.size:
                return address - part.address + part.offset
        raise BrokenError(f"address {address:#x} in no segment")


def text_at(strings: bytearray, start: int) -> str:
    """Return the string that begins at ``start``, cut off after 4096 bytes."""
    if start >= len(strings):
        raise BrokenError(f"a name at {start} in a table of {len(strings)} bytes")
    end = strings.find(b"\0", start, start + _NAME_LIMIT)
    return strings[start : end if end >= 0 else start + _NAME_LIMIT].decode(
        "utf-8", "backslashreplace"
    )
