"""What one ELF file needs, imports and carries, from a forward-only stream."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from elftools.elf.enums import ENUM_E_MACHINE

from . import layout
from .budget import Budget
from .dynamic import DT_NEEDED, DT_SONAME, TABLE_LIMIT, Dynamic, text_at
from .layout import BrokenError, Header, Section, Segment, span
from .refusal import ElfRefusal, RefusalReason, refuse_foreign
from .tape import GapError, OutOfBoundsError, Sparse, Stream, Tape, TooMuchError

Opener = Callable[[], AbstractContextManager[Stream]]

EVERY_NAME = re.compile(rb"[^\0]")
DEVICE_SECTIONS = frozenset({".nv_fatbin", ".nvFatBinSegment", ".hip_fatbin", ".hipFatBinSegment"})
DEVICE_MACHINES = frozenset({"cuda", "amdgpu"})

# Link editors put the dynamic symbols first and the section headers last; patchelf, and with
# it auditwheel, moves the symbols to the end. So head and tail nearly always hold everything.
_HEAD, _TAIL = 4 << 20, 6 << 20
_MORE_PASSES = 3
_SECTION_NAME_LIMIT = 1 + max(map(len, DEVICE_SECTIONS))
_MACHINES = {
    number: name.removeprefix("EM_").lower().replace("386", "i386")
    for name, number in ENUM_E_MACHINE.items()
}


@dataclass(frozen=True, kw_only=True, slots=True)
class ElfFacts:
    """What the dynamic linker and the GPU drivers would see of one ELF file."""

    machine: str
    """The gABI's name of ``e_machine``: ``x86_64``, ``aarch64``, ``cuda``, ``amdgpu`` …"""
    bits: int
    big_endian: bool = False
    soname: str | None = None
    needed: tuple[str, ...] = ()
    imports: frozenset[str] = frozenset()
    exports: frozenset[str] = frozenset()
    device_sections: tuple[str, ...] = ()
    has_sections: bool = False
    """False where no section has a name, as they were cut off: device code cannot be seen."""


def read_elf(
    opener: Opener,
    *,
    size: int,
    keep: re.Pattern[bytes] = EVERY_NAME,
    budget: Budget | None = None,
) -> ElfFacts | ElfRefusal:
    """Return the facts of an ELF file of ``size`` bytes, or why it has none.

    ``opener`` gives a fresh stream from the start; it is called once for nearly every file, again
    where a table lies where none of the usual tools puts it. Of the dynamic symbols only those
    are returned whose name ``keep`` matches at its start. ``budget`` is what the libraries of a
    wheel share, one of its own if it is None. Errors of the stream itself pass through.
    """
    image = Sparse(size)
    try:
        with opener() as stream:
            tape = Tape(stream)
            image.fill(tape, [range(_HEAD)])
            head = bytes(image.read(range(min(size, 64))))
            if (refusal := refuse_foreign(head)) is not None:
                return refusal
            image.fill(tape, _likely(image))
        return _with_more_passes(image, opener, keep, budget or Budget())
    except GapError:
        return ElfRefusal(reason=RefusalReason.BROKEN, detail="its tables lie in too many places")
    except OutOfBoundsError as err:
        return ElfRefusal(reason=RefusalReason.TRUNCATED, detail=str(err))
    except BrokenError as err:
        return ElfRefusal(reason=RefusalReason.BROKEN, detail=str(err))
    except TooMuchError as err:
        return ElfRefusal(reason=RefusalReason.TOO_LARGE, detail=str(err))


def _with_more_passes(
    image: Sparse, opener: Opener, keep: re.Pattern[bytes], budget: Budget
) -> ElfFacts:
    for _ in range(_MORE_PASSES):
        try:
            return _facts(image, keep, budget)
        except GapError as gap:
            with opener() as stream:
                image.fill(Tape(stream), gap.wanted)
    return _facts(image, keep, budget)


def _likely(image: Sparse) -> list[range]:
    """Say which bytes after the head will be asked for."""
    tail = range(image.size - _TAIL, image.size)
    try:
        header = layout.read_header(image)
        parts = header.segment_table(image)
        places = [span(part.offset, part.size) for part in parts if _is_dynamic(part)][:1]
    except GapError:
        places = []
    return [tail, *places]


def _is_dynamic(segment: Segment) -> bool:
    return segment.type == layout.PT_DYNAMIC and segment.size <= TABLE_LIMIT


def _facts(image: Sparse, keep: re.Pattern[bytes], budget: Budget) -> ElfFacts:
    header = layout.read_header(image)
    machine = _MACHINES.get(header.machine, f"machine {header.machine}")
    if machine in DEVICE_MACHINES:
        return ElfFacts(machine=machine, bits=header.bits)
    budget.take_rows(header.rows)
    image.require(header.segments, header.sections)
    sections = header.section_table(image)
    names = _names_range(header, sections)
    found = Dynamic(image, header, sections, budget, also=names)
    imports, exports = found.symbols(keep)
    named = _section_names(image.read(names), sections)
    return ElfFacts(
        machine=machine,
        bits=header.bits,
        big_endian=header.order == ">",
        soname=next(found.texts(DT_SONAME), None),
        needed=tuple(dict.fromkeys(found.texts(DT_NEEDED))),
        imports=imports,
        exports=exports,
        device_sections=tuple(sorted(DEVICE_SECTIONS.intersection(named))),
        has_sections=bool(named),
    )


def _names_range(header: Header, sections: list[Section]) -> range:
    if not sections:
        return range(0)
    index = sections[0].link if header.names == layout.SHN_XINDEX else header.names
    if index >= len(sections):
        raise BrokenError(f"section names in section {index} of {len(sections)}")
    return span(sections[index].offset, sections[index].size) if index else range(0)


def _section_names(names: memoryview, sections: list[Section]) -> set[str]:
    """Return the names of the sections that hold anything, none longer than is needed here.

    In a file of debug information alone, sections of code keep their size, and hold nothing.
    """
    if not names:
        return set()
    held = [each for each in sections if each.size and each.type != layout.SHT_NOBITS]
    texts = {text_at(names, each.name, _SECTION_NAME_LIMIT) for each in held}
    return texts - {""}
