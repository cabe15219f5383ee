"""The containers of NVIDIA's device code, ``.nv_fatbin``.

NVIDIA documents ``cuobjdump``, which lists them, and no format. A container is a header and its
entries. Each entry has a header with its architecture, so that no code is decompressed. Source:
what nvcc 13.0 makes, compared with ``cuobjdump``; ``evidence/archs.json`` has published wheels.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from ..elf_refusal import broken
from .section_data import SectionData

#: Magic number, size of the header, size of the entries.
_CONTAINER: Final = struct.Struct("<I2xHQ")
_MAGIC: Final = 0xBA55ED50
#: Kind, size of the header, size of the code with padding, architecture, flags.
_ENTRY: Final = struct.Struct("<H2xII16xI8xQ16x")
#: PTX; machine code, with the second number that of some releases. NVVM's code, for link-time
#: optimization, runs nowhere.
_KINDS: Final = {0x01: "compute_", 0x02: "sm_", 0x10: "sm_", 0x08: ""}
_ARCH_SPECIFIC, _FAMILY_SPECIFIC = 1 << 20, 1 << 21
_HIGHEST: Final = 999


def fatbin_codes(data: SectionData) -> Iterator[str]:
    """Yield for each entry its architecture: ``sm_90a``, or ``compute_80`` for PTX.

    Raises:
        RefusedError: a container is damaged, after those before it; or there are entries of an
            unknown kind, after all.
    """
    strange: dict[int, None] = {}
    at = data.behind_zeros(0)
    while at < data.size:
        data.budget.take_entries(1)
        magic, head, size = data.unpack(_CONTAINER, at)
        if magic != _MAGIC or head < _CONTAINER.size:
            raise broken(f"no container at {at}")
        data.check(at, head + size)
        for kind, number, flags in _entries(data, at + head, at + head + size):
            if kind not in _KINDS or number > _HIGHEST:
                strange.setdefault(kind)
            elif prefix := _KINDS[kind]:
                yield f"{prefix}{number}{_suffix(flags)}"
        at = data.behind_zeros(at + head + size)
    if strange:
        raise broken(f"entries of an unknown kind: {', '.join(map(str, sorted(strange)[:5]))}")


def _entries(data: SectionData, at: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Yield kind, architecture and flags of the entries of a container."""
    while at < end:
        data.budget.take_entries(1)
        kind, head, size, number, flags = data.unpack(_ENTRY, at)
        if head < _ENTRY.size or head + size > end - at:
            raise broken(f"an entry of {head} and {size} bytes at {at}, {end - at} before the end")
        yield kind, number, flags
        at += head + size


def _suffix(flags: int) -> str:
    return "a" if flags & _ARCH_SPECIFIC else "f" if flags & _FAMILY_SPECIFIC else ""
