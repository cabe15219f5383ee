"""What one ELF file needs, imports and contains.

pyelftools parses each row of the headers and of the dynamic table. Its objects are not used: they
follow names and hash tables without a limit, which a hostile file turns into minutes. ``struct``
reads the symbols, a hundred times as fast.

Source: System V ABI, gABI chapters 4 and 5.
"""

from __future__ import annotations

import functools
import io
import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import IO, Any, Final

from elftools.elf.structs import ELFStructs

from .section_text import compiling_rocm, find_hints

HEADER_SIZE: Final = 64
"""Bytes of the ELF header, those of 64 bits."""
DEVICE_SECTIONS: Final = frozenset(
    {".nv_fatbin", ".nvFatBinSegment", ".hip_fatbin", ".hipFatBinSegment"}
)
DEVICE_MACHINES: Final = frozenset({"cuda", "amdgpu"})
EVERY_NAME: Final = re.compile(rb"[^\0]")
MAGIC: Final = b"\x7fELF"

HEADERS: Final = 400_000
"""Rows of headers and dynamic tables of one wheel: 80 a library. pyelftools parses 150,000/s."""
SYMBOLS: Final = 2_000_000
"""Rows of symbol and hash tables of one wheel. tensorflow-cpu 2.21 has 0.6 million."""
NAMES: Final = 32 << 20
"""Bytes of names that are kept of one wheel, with what an object costs. torch 2.14 has 8 MB."""
TEXTS: Final = 256 << 20
"""Bytes of one wheel that are searched for hints: all of what most libraries read only."""
_READ_ONLY: Final = frozenset({".rodata", ".lrodata"})
_READ_ONLY_LIMIT: Final = 32 << 20
_COMMENT_LIMIT: Final = 4 << 10
_STRINGS_LIMIT: Final = 128 << 20
_DYNAMIC_LIMIT: Final = 1 << 20
_NAME_LIMIT: Final = 4096
_CHAIN_LIMIT: Final = 4096
_OBJECT: Final = 64
_SECTION_NAME: Final = 1 + max(map(len, DEVICE_SECTIONS))
_SYMBOLS_AT_ONCE: Final = 1 << 16
_STB_WEAK: Final = 2
# Offset of the name, binding and type, section.
_SYMBOL: Final = {32: "I8xBxH", 64: "IBxH16x"}
type _Row = Mapping[str, Any]


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

    def hides_code(self, *, beside_elf: bool) -> bool:
        """Return whether a file may contain code that a system runs.

        Args:
            beside_elf: the wheel has ELF files. Then Linux loads those, and a file of another
                system's format, or an empty one, is not part of what it runs.
        """
        if self in {RefusalReason.LINKER_SCRIPT, RefusalReason.NOT_ELF}:
            return False
        return not (beside_elf and self in _FOREIGN)


# Mach-O: 32 and 64 bit, both byte orders, and fat binaries (mach-o/loader.h, mach-o/fat.h).
_FOREIGN: Final = {
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


@dataclass(frozen=True, kw_only=True, slots=True)
class ElfFacts:
    """What the dynamic linker and the GPU drivers see of one ELF file."""

    machine: str
    """The gABI's name of ``e_machine``: ``x86_64``, ``aarch64``, ``cuda``, ``amdgpu`` …"""
    bits: int
    big_endian: bool = False
    soname: str | None = None
    needed: tuple[str, ...] = ()
    imports: frozenset[str] = frozenset()
    weak_imports: frozenset[str] = frozenset()
    """What the dynamic linker may leave undefined."""
    exports: frozenset[str] = frozenset()
    device_sections: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    """Texts in read-only data that hint at an accelerator: ``libcuda.so.1``, ``PTX for sm_75``."""
    rocm: tuple[str, ...] = ()
    """Releases of ROCm whose compiler made code in it: ``7.1.1``."""
    has_sections: bool = False
    """False where no section has a name, as they were removed: device code cannot be seen."""


class _RefusedError(Exception):
    """A table that cannot be read."""

    def __init__(self, reason: RefusalReason, detail: str) -> None:
        super().__init__(reason, detail)
        self.refusal = ElfRefusal(reason=reason, detail=detail)


_broken = functools.partial(_RefusedError, RefusalReason.BROKEN)
_too_large = functools.partial(_RefusedError, RefusalReason.TOO_LARGE)


@dataclass(slots=True)
class Budget:
    """How much the libraries of one wheel may still contain together."""

    headers: int = HEADERS
    symbols: int = SYMBOLS
    names: int = NAMES
    texts: int = TEXTS

    def take_headers(self, count: int) -> None:
        """Raise for more rows than are left; then none of them is taken."""
        self.headers -= _taken(count, "rows in headers", self.headers, HEADERS)

    def take_symbols(self, count: int) -> None:
        """Raise for more rows than are left; then none of them is taken."""
        self.symbols -= _taken(count, "symbols", self.symbols, SYMBOLS)

    def take_text(self, size: int) -> int:
        """Return how many bytes of *size* may be searched; hints are not worth an error."""
        taken = min(size, self.texts, _READ_ONLY_LIMIT)
        self.texts -= taken
        return taken

    def take_name(self, name: str) -> str:
        """Return the name; raise where no room is left for it."""
        self.names -= len(name) + _OBJECT
        if self.names < 0:
            raise _too_large(f"more than {NAMES} bytes of names")
        return name


def _taken(count: int, what: str, left: int, limit: int) -> int:
    if count > left:
        raise _too_large(f"{count} {what}; {left} are left of {limit}")
    return count


def read_head(head: bytes) -> ElfFacts | ElfRefusal | None:
    """Return the result where the first ``HEADER_SIZE`` bytes are enough for it.

    They are for a file of another format, and for device code, which links nothing.
    """
    if not head.startswith(MAGIC):
        found = (reason for reason, pattern in _FOREIGN.items() if pattern.match(head))
        return ElfRefusal(reason=next(found, RefusalReason.NOT_ELF))
    try:
        elf = _Elf(io.BytesIO(head), Budget())
    except _RefusedError as err:
        return err.refusal
    if elf.machine in DEVICE_MACHINES:
        return ElfFacts(machine=elf.machine, bits=elf.bits)
    return None


def read_elf(
    file: IO[bytes], *, keep: re.Pattern[bytes] = EVERY_NAME, budget: Budget | None = None
) -> ElfFacts | ElfRefusal:
    """Return the facts of an ELF file, or the reason why it has none.

    Args:
        file: it can seek; its tables are read, and no code.
        keep: matches at their start the names of dynamic symbols that are returned.
        budget: shared by the libraries of a wheel; one of its own if it is None.
    """
    file.seek(0)
    if (result := read_head(file.read(HEADER_SIZE))) is not None:
        return result
    try:
        elf = _Elf(file, budget or Budget())
        dynamic = _Dynamic(elf)
        imports, weak_imports, exports = dynamic.symbols(keep)
        names = {name for name, _ in elf.named_sections}
        return ElfFacts(
            machine=elf.machine,
            bits=elf.bits,
            big_endian=elf.order == ">",
            soname=next(dynamic.texts("DT_SONAME"), None),
            needed=tuple(dict.fromkeys(dynamic.texts("DT_NEEDED"))),
            imports=frozenset(imports),
            weak_imports=frozenset(weak_imports),
            exports=frozenset(exports),
            device_sections=tuple(sorted(DEVICE_SECTIONS & names)),
            hints=tuple(elf.hints()) if dynamic.names_dlopen() else (),
            rocm=elf.compiling_rocm(),
            has_sections=bool(names),
        )
    except _RefusedError as err:
        return err.refusal


class _Elf:
    """The headers of an ELF file, and its bytes, none from outside of it."""

    def __init__(self, file: IO[bytes], budget: Budget) -> None:
        self._file = file
        self.size = file.seek(0, io.SEEK_END)
        self.budget = budget
        ident = self.read(0, 16)
        bits, order = {1: 32, 2: 64}.get(ident[4]), {1: "<", 2: ">"}.get(ident[5])
        if bits is None or order is None:
            raise _broken(f"class {ident[4]} and byte order {ident[5]} of the ELF header")
        self.bits, self.order = bits, order
        self.structs = _structs(bits, order)
        head = self.structs.Elf_Ehdr
        self.header = head.parse(self.read(0, head.sizeof()))
        self.machine = _machine_name(self.header["e_machine"])

    def read(self, offset: int, size: int) -> bytes:
        """Return bytes of the file; raise where it has fewer."""
        self.check(offset, size)
        self._file.seek(offset if size else 0)
        return self._file.read(size)

    def check(self, offset: int, size: int) -> None:
        """Raise where the file has fewer bytes."""
        if size and offset + size > self.size:
            detail = f"{size} bytes at {offset} of {self.size}"
            raise _RefusedError(RefusalReason.TRUNCATED, detail)

    def rows(self, form: Any, offset: int, size: int) -> Iterator[_Row]:
        """Yield the rows of a table in a format of pyelftools."""
        width = form.sizeof()
        self.check(offset, size)
        self.budget.take_headers(size // width)
        data = self.read(offset, size)
        return (form.parse(data[at : at + width]) for at in range(0, size - width + 1, width))

    @functools.cached_property
    def segments(self) -> Sequence[_Row]:
        """The program headers."""
        return self._headers(self.structs.Elf_Phdr, "ph", self.header["e_phnum"])

    @functools.cached_property
    def sections(self) -> Sequence[_Row]:
        """The section headers; none for more than 65,279, which the header cannot count."""
        return self._headers(self.structs.Elf_Shdr, "sh", self.header["e_shnum"])

    @functools.cached_property
    def named_sections(self) -> Sequence[tuple[str, _Row]]:
        """The sections that hold anything, with names cut off behind those of interest.

        In a file of debug information alone, sections of code keep their size, and hold nothing.
        """
        offset, size = self._name_table()
        named = []
        for section in self.sections:
            if size and section["sh_size"] and section["sh_type"] != "SHT_NOBITS":
                start = section["sh_name"]
                if start >= size:
                    raise _broken(f"a name at {start} in a table of {size} bytes")
                name = _text(self.read(offset + start, min(_SECTION_NAME, size - start)))
                named.append((name, section))
        return [each for each in named if each[0]]

    def hints(self) -> Iterator[str]:
        """Yield what read-only data contains, as far as the budget goes, each once."""
        found: dict[str, None] = {}
        for name, section in self.named_sections:
            if name in _READ_ONLY and (size := self.budget.take_text(section["sh_size"])):
                found.update(dict.fromkeys(find_hints(self._start_of(section, size))))
        return iter(found)

    def compiling_rocm(self) -> tuple[str, ...]:
        """Return the releases of ROCm whose compiler made code in it."""
        sections = (section for name, section in self.named_sections if name == ".comment")
        section = next(sections, None)
        return compiling_rocm(self._start_of(section, _COMMENT_LIMIT)) if section else ()

    def _start_of(self, section: _Row, limit: int) -> bytes:
        """Return the first bytes of a section; none that lie outside of the file."""
        self._file.seek(min(section["sh_offset"], self.size))
        return self._file.read(min(section["sh_size"], limit))

    def _name_table(self) -> tuple[int, int]:
        """Return offset and size; both are 0 where there is none."""
        index = self.header["e_shstrndx"]
        if not self.sections or not index:
            return 0, 0
        if index >= len(self.sections):
            raise _broken(f"section names in section {index} of {len(self.sections)}")
        offset, size = self.sections[index]["sh_offset"], self.sections[index]["sh_size"]
        self.check(offset, size)
        return (offset, size) if index else (0, 0)

    def _headers(self, form: Any, kind: str, count: int) -> Sequence[_Row]:
        offset, stated = self.header[f"e_{kind}off"], self.header[f"e_{kind}entsize"]
        if not offset or not count:
            return []
        if stated != form.sizeof():
            raise _broken(f"rows of {stated} bytes where the format has {form.sizeof()}")
        return list(self.rows(form, offset, count * stated))


class _Dynamic:
    """The dynamic table, and the strings and symbols that it leads to."""

    def __init__(self, elf: _Elf) -> None:
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
            raise _broken(f"{len(tables)} dynamic tables")
        for offset, size in tables:
            if size > _DYNAMIC_LIMIT:
                raise _broken(f"a dynamic table of {size} bytes")
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
            raise _too_large(f"{size} bytes of strings; {_STRINGS_LIMIT} are read")
        return self._elf.read(offset, size)

    def _string(self, start: int) -> str:
        if start >= len(self._strings):
            raise _broken(f"a name at {start} in a table of {len(self._strings)} bytes")
        return self._elf.budget.take_name(_text(self._strings[start : start + _NAME_LIMIT]))

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
        raise _broken("a chain of symbols without an end")

    def _words(self, start: int, count: int) -> tuple[int, ...]:
        return struct.unpack(f"{self._elf.order}{count}I", self._elf.read(start, count * 4))

    def _offset(self, tag: str) -> int:
        address = self._values[tag]
        for part in self._loads:
            if 0 <= address - part["p_vaddr"] < part["p_filesz"]:
                offset: int = address - part["p_vaddr"] + part["p_offset"]
                return offset
        raise _broken(f"address {address:#x} in no segment")


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


def _text(data: bytes) -> str:
    return data.partition(b"\0")[0].decode("utf-8", "backslashreplace")
