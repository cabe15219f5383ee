"""What one ELF file needs, imports and contains."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Final

from .device.device_code import DeviceCode, read_device_code
from .dynamic_table import DynamicTable
from .elf_file import DEVICE_SECTIONS, Budget, ElfFile
from .elf_refusal import FOREIGN, ElfRefusal, RefusalReason, RefusedError
from .section_text import compiling_rocm, find_hints

HEADER_SIZE: Final = 64
"""Bytes of the ELF header, those of 64 bits."""
DEVICE_MACHINES: Final = frozenset({"cuda", "amdgpu"})
EVERY_NAME: Final = re.compile(rb"[^\0]")
MAGIC: Final = b"\x7fELF"

_READ_ONLY: Final = frozenset({".rodata", ".lrodata"})
_COMMENT_LIMIT: Final = 4 << 10


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
    device_code: tuple[DeviceCode, ...] = ()
    """By accelerator; none if it was not read."""
    has_sections: bool = False
    """False where no section has a name, as they were removed: device code cannot be seen."""


def read_head(head: bytes) -> ElfFacts | ElfRefusal | None:
    """Return the result where the first ``HEADER_SIZE`` bytes are enough for it.

    They are for a file of another format, and for device code, which links nothing.
    """
    if not head.startswith(MAGIC):
        found = (reason for reason, pattern in FOREIGN.items() if pattern.match(head))
        return ElfRefusal(reason=next(found, RefusalReason.NOT_ELF))
    try:
        elf = ElfFile(io.BytesIO(head), Budget())
    except RefusedError as err:
        return err.refusal
    if elf.machine in DEVICE_MACHINES:
        return ElfFacts(machine=elf.machine, bits=elf.bits)
    return None


def read_elf(
    file: IO[bytes],
    *,
    keep: re.Pattern[bytes] = EVERY_NAME,
    budget: Budget | None = None,
    device_code: bool = False,
) -> ElfFacts | ElfRefusal:
    """Return the facts of an ELF file, or the reason why it has none.

    Args:
        file: it can seek; its tables are read, and no code.
        keep: matches at their start the names of dynamic symbols that are returned.
        budget: shared by the libraries of a wheel; one of its own if it is None.
        device_code: whether to read for which GPUs it contains code.
    """
    file.seek(0)
    if (result := read_head(file.read(HEADER_SIZE))) is not None:
        return result
    try:
        elf = ElfFile(file, budget or Budget())
        dynamic = DynamicTable(elf)
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
            hints=tuple(_hints(elf)) if dynamic.names_dlopen() else (),
            rocm=_compiling_rocm(elf),
            device_code=read_device_code(elf) if device_code else (),
            has_sections=bool(names),
        )
    except RefusedError as err:
        return err.refusal


def _hints(elf: ElfFile) -> Iterator[str]:
    """Yield what read-only data contains, as far as the budget goes, each once."""
    found: dict[str, None] = {}
    for name, section in elf.named_sections:
        if name in _READ_ONLY and (size := elf.budget.take_text(section["sh_size"])):
            found.update(dict.fromkeys(find_hints(elf.start_of(section, size))))
    return iter(found)


def _compiling_rocm(elf: ElfFile) -> tuple[str, ...]:
    """Return the releases of ROCm whose compiler made code in it."""
    sections = (section for name, section in elf.named_sections if name == ".comment")
    section = next(sections, None)
    return compiling_rocm(elf.start_of(section, _COMMENT_LIMIT)) if section else ()
