"""The headers of an ELF file, within a budget.

pyelftools parses each row. Its objects are not used: they follow names and hash tables without a
limit, which a hostile file turns into minutes.

Source: System V ABI, gABI chapter 4.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any, Final

from elftools.elf.structs import ELFStructs

from .elf_refusal import RefusalReason, RefusedError, broken, too_large

DEVICE_SECTIONS: Final = frozenset(
    {".nv_fatbin", ".nvFatBinSegment", ".hip_fatbin", ".hipFatBinSegment"}
)

HEADERS: Final = 400_000
"""Rows of headers and dynamic tables of one wheel: 80 a library. pyelftools parses 150,000/s."""
SYMBOLS: Final = 2_000_000
"""Rows of symbol and hash tables of one wheel. tensorflow-cpu 2.21 has 0.6 million."""
NAMES: Final = 32 << 20
"""Bytes of names that are kept of one wheel, with what an object costs. torch 2.14 has 8 MB."""
TEXTS: Final = 256 << 20
"""Bytes of one wheel that are searched for hints: all of what most libraries read only."""
ENTRIES: Final = 500_000
"""Entries of device code of one wheel: 4 s. nvidia-cublas 13.10 has 9,759."""
_READ_ONLY_LIMIT: Final = 32 << 20
_OBJECT: Final = 64
_SECTION_NAME: Final = 1 + max(map(len, DEVICE_SECTIONS))
type Row = Mapping[str, Any]


@dataclass(slots=True)
class Budget:
    """How much the libraries of one wheel may still contain together."""

    headers: int = HEADERS
    symbols: int = SYMBOLS
    names: int = NAMES
    texts: int = TEXTS
    entries: int = ENTRIES

    def take_headers(self, count: int) -> None:
        """Raise for more rows than are left; then none of them is taken."""
        self.headers -= _taken(count, "rows in headers", self.headers, HEADERS)

    def take_symbols(self, count: int) -> None:
        """Raise for more rows than are left; then none of them is taken."""
        self.symbols -= _taken(count, "symbols", self.symbols, SYMBOLS)

    def take_entries(self, count: int) -> None:
        """Raise for more entries of device code than are left; then none of them is taken."""
        self.entries -= _taken(count, "entries of device code", self.entries, ENTRIES)

    def take_text(self, size: int) -> int:
        """Return how many bytes of *size* may be searched; hints are not worth an error."""
        taken = min(size, self.texts, _READ_ONLY_LIMIT)
        self.texts -= taken
        return taken

    def take_name(self, name: str) -> str:
        """Return the name; raise where no room is left for it."""
        self.names -= len(name) + _OBJECT
        if self.names < 0:
            raise too_large(f"more than {NAMES} bytes of names")
        return name


def _taken(count: int, what: str, left: int, limit: int) -> int:
    if count > left:
        raise too_large(f"{count} {what}; {left} are left of {limit}")
    return count


class ElfFile:
    """The headers of an ELF file, and its bytes, none from outside of it."""

    def __init__(self, file: IO[bytes], budget: Budget) -> None:
        self.file = file
        self.size = file.seek(0, io.SEEK_END)
        self.budget = budget
        ident = self.read(0, 16)
        bits, order = {1: 32, 2: 64}.get(ident[4]), {1: "<", 2: ">"}.get(ident[5])
        if bits is None or order is None:
            raise broken(f"class {ident[4]} and byte order {ident[5]} of the ELF header")
        self.bits, self.order = bits, order
        self.structs = _structs(bits, order)
        head = self.structs.Elf_Ehdr
        self.header = head.parse(self.read(0, head.sizeof()))
        self.machine = _machine_name(self.header["e_machine"])

    def read(self, offset: int, size: int) -> bytes:
        """Return bytes of the file; raise where it has fewer."""
        self.check(offset, size)
        self.file.seek(offset if size else 0)
        return self.file.read(size)

    def check(self, offset: int, size: int) -> None:
        """Raise where the file has fewer bytes."""
        if size and offset + size > self.size:
            detail = f"{size} bytes at {offset} of {self.size}"
            raise RefusedError(RefusalReason.TRUNCATED, detail)

    def rows(self, form: Any, offset: int, size: int) -> Iterator[Row]:
        """Yield the rows of a table in a format of pyelftools."""
        width = form.sizeof()
        self.check(offset, size)
        self.budget.take_headers(size // width)
        data = self.read(offset, size)
        return (form.parse(data[at : at + width]) for at in range(0, size - width + 1, width))

    @functools.cached_property
    def segments(self) -> Sequence[Row]:
        """The program headers."""
        return self._headers(self.structs.Elf_Phdr, "ph", self.header["e_phnum"])

    @functools.cached_property
    def sections(self) -> Sequence[Row]:
        """The section headers; none for more than 65,279, which the header cannot count."""
        return self._headers(self.structs.Elf_Shdr, "sh", self.header["e_shnum"])

    @functools.cached_property
    def named_sections(self) -> Sequence[tuple[str, Row]]:
        """The sections that hold anything, with names cut off behind those of interest.

        In a file of debug information alone, sections of code keep their size, and hold nothing.
        """
        offset, size = self._name_table()
        named = []
        for section in self.sections:
            if size and section["sh_size"] and section["sh_type"] != "SHT_NOBITS":
                start = section["sh_name"]
                if start >= size:
                    raise broken(f"a name at {start} in a table of {size} bytes")
                name = text_at(self.read(offset + start, min(_SECTION_NAME, size - start)))
                named.append((name, section))
        return [each for each in named if each[0]]

    def start_of(self, section: Row, limit: int) -> bytes:
        """Return the first bytes of a section; none that lie outside of the file."""
        self.file.seek(min(section["sh_offset"], self.size))
        return self.file.read(min(section["sh_size"], limit))

    def _name_table(self) -> tuple[int, int]:
        """Return offset and size; both are 0 where there is none."""
        index = self.header["e_shstrndx"]
        if not self.sections or not index:
            return 0, 0
        if index >= len(self.sections):
            raise broken(f"section names in section {index} of {len(self.sections)}")
        offset, size = self.sections[index]["sh_offset"], self.sections[index]["sh_size"]
        self.check(offset, size)
        return (offset, size) if index else (0, 0)

    def _headers(self, form: Any, kind: str, count: int) -> Sequence[Row]:
        offset, stated = self.header[f"e_{kind}off"], self.header[f"e_{kind}entsize"]
        if not offset or not count:
            return []
        if stated != form.sizeof():
            raise broken(f"rows of {stated} bytes where the format has {form.sizeof()}")
        return list(self.rows(form, offset, count * stated))


@functools.cache
def _structs(bits: int, order: str) -> ELFStructs:
    structs = ELFStructs(little_endian=order == "<", elfclass=bits)
    structs.create_basic_structs()
    structs.create_advanced_structs()
    return structs


def _machine_name(machine: str | int) -> str:
    if isinstance(machine, int):
        return f"machine {machine}"
    return machine.removeprefix("EM_").lower().replace("386", "i386")


def text_at(data: bytes) -> str:
    """Return the text up to the first zero byte."""
    return data.partition(b"\0")[0].decode("utf-8", "backslashreplace")
