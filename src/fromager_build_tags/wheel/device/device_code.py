"""For which GPU architectures a library contains device code."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from ..elf_file import Budget, ElfFile
from ..elf_refusal import RefusedError
from .fatbin import fatbin_codes
from .offload_bundle import bundle_codes
from .section_data import SectionData

type _Codes = Callable[[SectionData], Iterator[str]]
#: The accelerator of a section, and its reader.
_SECTIONS: Final[dict[str, tuple[str, _Codes]]] = {
    ".nv_fatbin": ("cuda", fatbin_codes),
    "__nv_relfatbin": ("cuda", fatbin_codes),
    ".hip_fatbin": ("rocm", bundle_codes),
}
#: A section whose code nothing loads if there is the other: it was linked into that.
_LINKED_INTO: Final = {"__nv_relfatbin": ".nv_fatbin"}

_REASONS: Final = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class DeviceCode:
    """The device code of one library for one accelerator.

    Attributes:
        accelerator: ``cuda`` or ``rocm``.
        codes: what it is compiled for, shortest first: ``sm_90a``, ``compute_80`` for PTX,
            ``gfx942``.
        unknown: why there may be more, the first reasons; "" if this is all.
    """

    accelerator: str
    codes: tuple[str, ...] = ()
    unknown: str = ""


def _by_length(code: str) -> tuple[int, str]:
    """Return what sorts ``sm_75`` before ``sm_100``, and both before ``sm_90a``."""
    return len(code), code


def read_device_code(elf: ElfFile) -> tuple[DeviceCode, ...]:
    """Return the device code of a library, for each accelerator that has a section in it.

    A section that is damaged hides neither what was read of it nor the next one.

    Raises:
        RefusedError: the names of its sections cannot be read.
    """
    found: dict[str, tuple[set[str], list[str]]] = {}
    present = {name for name, _ in elf.named_sections}
    for name, section in elf.named_sections:
        if name in _SECTIONS and _LINKED_INTO.get(name) not in present:
            accelerator, codes_in = _SECTIONS[name]
            data = SectionData(
                elf.file, start=section["sh_offset"], size=section["sh_size"], budget=elf.budget
            )
            names, reasons = found.setdefault(accelerator, (set(), []))
            reason = _read_into(names, codes_in(data), elf.budget)
            if reason and len(reasons) < _REASONS:  # a file can have thousands of sections
                reasons.append(f"{name} is {reason}")
    return tuple(
        DeviceCode(
            accelerator=accelerator,
            codes=tuple(sorted(names, key=_by_length)),
            unknown="; ".join(reasons),
        )
        for accelerator, (names, reasons) in found.items()
    )


def _read_into(names: set[str], codes: Iterator[str], budget: Budget) -> str:
    """Add the codes, and return why there may be more; "" if these are all."""
    try:
        for code in codes:
            if code not in names:
                names.add(budget.take_name(code))
    except RefusedError as err:
        return f"{err.refusal.reason}: {err.refusal.detail}"
    return ""
