"""What one ELF file needs, imports and carries, from a forward-only stream."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from elftools.elf.enums import ENUM_E_MACHINE

from . import layout
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
_PASSES = 6
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
    soname: str | None = None
    needed: tuple[str, ...] = ()
    imports: frozenset[str] = frozenset()
    exports: frozenset[str] = frozenset()
    device_sections: tuple[str, ...] = ()
    has_sections: bool = False
    """False where the section headers were cut off: device code could not be looked for."""


def read_elf(
    opener: Opener, *, size: int, keep: re.Pattern[bytes] = EVERY_NAME
) -> ElfFacts | ElfRefusal:
    """Return the facts of an ELF file of ``size`` bytes, or why it has none.

    ``opener`` gives a fresh stream from the start; it is called once for nearly every file, again
    where a table lies where none of the usual tools puts it. Of the dynamic symbols only those
    are returned whose name ``keep`` matches at its start. Errors of the stream itself pass through.
    """
    image = Sparse(size)
    try:
        with opener() as stream:
            tape = Tape(stream)
            image.fill(tape, [range(_HEAD)])
            head = image.read(range(min(size, 64)))
            if (refusal := refuse_foreign(head)) is not None:
                return refusal
            image.fill(tape, _likely(image))
        return _with_more_passes(image, opener, keep)
    except GapError:  # the stream ends before the size that was stated for it
        return ElfRefusal(reason=RefusalReason.TRUNCATED, detail="it ends before its header does")
    except OutOfBoundsError as err:
        return ElfRefusal(reason=RefusalReason.TRUNCATED, detail=str(err))
    except BrokenError as err:
        return ElfRefusal(reason=RefusalReason.BROKEN, detail=str(err))
    except TooMuchError as err:
        return ElfRefusal(reason=RefusalReason.TOO_LARGE, detail=str(err))


def _with_more_passes(image: Sparse, opener: Opener, keep: re.Pattern[bytes]) -> ElfFacts:
    for _ in range(_PASSES):
        try:
            return _facts(image, keep)
        except GapError as gap:
            with opener() as stream:
                image.fill(Tape(stream), gap.wanted)
    raise OutOfBoundsError("the file ends before its tables do")


def _likely(image: Sparse) -> list[range]:
    """Say which bytes after the head will be asked for."""
    tail = range(image.size - _TAIL, image.size)
    try:
        header = layout.read_header(image)
        places = [
            span(part.offset, part.size)
            for part in header.segment_table(image)
            if _is_dynamic(part)
        ]
    except GapError:
        places = []
    return [tail, *places]


def _is_dynamic(segment: Segment) -> bool:
    return segment.type == layout.PT_DYNAMIC and segment.size <= TABLE_LIMIT


def _facts(image: Sparse, keep: re.Pattern[bytes]) -> ElfFacts:
    header = layout.read_header(image)
    machine = _MACHINES.get(header.machine, f"machine {header.machine}")
    if machine in DEVICE_MACHINES:
        return ElfFacts(machine=machine, bits=header.bits)
    sections = header.section_table(image)
    found = Dynamic(image, header, sections)
    imports, exports = found.symbols(keep)
    return ElfFacts(
        machine=machine,
        bits=header.bits,
        soname=next(found.texts(DT_SONAME), None),
        needed=tuple(dict.fromkeys(found.texts(DT_NEEDED))),
        imports=imports,
        exports=exports,
        device_sections=_device_sections(image, header, sections),
        has_sections=bool(sections),
    )


def _device_sections(image: Sparse, header: Header, sections: list[Section]) -> tuple[str, ...]:
    if not sections:
        return ()
    index = sections[0].link if header.names == layout.SHN_XINDEX else header.names
    if index >= len(sections):
        raise BrokenError(f"section names in section {index} of {len(sections)}")
    names = image.read(span(sections[index].offset, sections[index].size))
    found = {text_at(names, section.name) for section in sections if section.size}
    return tuple(sorted(found & DEVICE_SECTIONS))
