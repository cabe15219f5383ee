"""The tables of an ELF file, as the System V ABI lays them out (gABI chapters 4 and 5).

The formats are spelled out here, and not taken from pyelftools, because its parser wants a file
that it can seek in, and takes a hundred times as long for each symbol; the tests hold the two
against each other.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from .tape import Sparse

MAGIC = b"\x7fELF"
PT_LOAD, PT_DYNAMIC = 1, 2
SHT_NOBITS, SHT_DYNSYM = 8, 11
STB_WEAK = 2
SHN_XINDEX = 0xFFFF
SECTIONS_LIMIT = 1 << 18

_ORDERS = {1: "<", 2: ">"}
_BITS = {1: 32, 2: 64}
_HEADER = {32: "2HI3II6H", 64: "2HI3QI6H"}
_SEGMENT = {32: "8I", 64: "2I6Q"}
_SECTION = {32: "10I", 64: "2I4Q2I2Q"}
_DYNAMIC = {32: "2I", 64: "2Q"}
_SYMBOL = {32: "3I2BH", 64: "I2BH2Q"}


class BrokenError(Exception):
    """A table that contradicts the format."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Segment:
    """One program header."""

    type: int
    offset: int
    address: int
    size: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """One section header; ``name`` is an offset into the table of section names."""

    name: int
    type: int
    offset: int
    size: int
    link: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Header:
    """The ELF header, and with it the word size and byte order of every other table."""

    bits: int
    order: str
    machine: int
    segments: range
    sections: range
    names: int

    @property
    def rows(self) -> int:
        """How many program and section headers it has, as far as it counts them itself."""
        return len(self.segments) // self.width(_SEGMENT) + len(self.sections) // self.width(
            _SECTION
        )

    def segment_table(self, image: Sparse) -> list[Segment]:
        """Return the program headers."""
        return [self._segment(row) for row in self._rows(image, _SEGMENT, self.segments)]

    def section_table(self, image: Sparse) -> list[Section]:
        """Return the section headers; more than 65,279 of them count in the first one."""
        rows = list(self._rows(image, _SECTION, self.sections))
        if len(rows) == 1 and rows[0][5] > 1:
            if rows[0][5] > SECTIONS_LIMIT:
                raise BrokenError(f"{rows[0][5]} sections")
            size = self.width(_SECTION)
            more = range(self.sections.start, self.sections.start + rows[0][5] * size)
            rows = list(self._rows(image, _SECTION, more))
        return [
            Section(name=row[0], type=row[1], offset=row[4], size=row[5], link=row[6])
            for row in rows
        ]

    def dynamic(self, data: memoryview) -> Iterator[tuple[int, int]]:
        """Yield (tag, value) of a dynamic table up to its end mark."""
        for tag, value in self._unpack(_DYNAMIC, data):
            if tag == 0:
                return
            yield tag, value

    def symbols(self, data: memoryview) -> Iterator[tuple[int, bool]]:
        """Yield (offset of the name, is defined) of a symbol table.

        Weak symbols that are not defined are left out: the linker may leave them open. Such is
        the initialiser of every thread-local variable of another library (Itanium ABI, ``_ZTH``).
        """
        info, where = (1, 3) if self.bits == 64 else (3, 5)
        for row in self._unpack(_SYMBOL, data):
            if row[where]:
                yield row[0], True
            elif row[info] >> 4 != STB_WEAK:
                yield row[0], False

    @property
    def symbol_width(self) -> int:
        """Bytes of one symbol."""
        return self.width(_SYMBOL)

    def words(self, data: memoryview) -> Iterator[int]:
        """Yield the 32-bit words of ``data``."""
        return (word for (word,) in struct.iter_unpack(f"{self.order}I", data))

    def width(self, table: dict[int, str]) -> int:
        """Bytes of one row."""
        return struct.calcsize(self.order + table[self.bits])

    def _rows(
        self, image: Sparse, table: dict[int, str], where: range
    ) -> Iterator[tuple[int, ...]]:
        return self._unpack(table, image.read(where))

    def _unpack(self, table: dict[int, str], data: memoryview) -> Iterator[tuple[int, ...]]:
        usable = len(data) - len(data) % self.width(table)
        return struct.iter_unpack(self.order + table[self.bits], data[:usable])

    def _segment(self, row: tuple[int, ...]) -> Segment:
        if self.bits == 64:
            return Segment(type=row[0], offset=row[2], address=row[3], size=row[5])
        return Segment(type=row[0], offset=row[1], address=row[2], size=row[4])


def span(offset: int, size: int) -> range:
    """Return where ``size`` bytes at ``offset`` lie."""
    return range(offset, offset + size)


def read_header(image: Sparse) -> Header:
    """Read the ELF header; raise ``BrokenError`` where its class, order or row sizes are none."""
    ident = image.read(range(16))
    bits, order = _BITS.get(ident[4]), _ORDERS.get(ident[5])
    if bits is None or order is None:
        raise BrokenError(f"class {ident[4]} and byte order {ident[5]} of the ELF header")
    form = order + _HEADER[bits]
    row = struct.unpack(form, image.read(span(16, struct.calcsize(form))))
    return Header(
        bits=bits,
        order=order,
        machine=row[1],
        segments=_table(row[4], row[9], row[8], struct.calcsize(order + _SEGMENT[bits])),
        sections=_table(row[5], _count(row), row[10], struct.calcsize(order + _SECTION[bits])),
        names=row[12],
    )


def _count(row: tuple[int, ...]) -> int:
    # A count of 0 beside an offset: the true one stands in the first section (gABI, e_shnum).
    return row[11] or (1 if row[5] else 0)


def _table(offset: int, count: int, stated: int, width: int) -> range:
    if offset == 0 or count == 0:
        return range(0)
    if stated != width:
        raise BrokenError(f"rows of {stated} bytes where the format has {width}")
    return range(offset, offset + count * width)
