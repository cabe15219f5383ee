"""The checks of a wheel: its name, its content and its metadata held against each other.

One check for each rule of BT3; each takes an examined wheel and yields findings.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Final

from ...findings.finding import Finding
from . import accelerators, binaries, metadata, names, platforms, torch
from .examined import Examined, RemedyFor, set_depends_on
from .exempted import NOTHING, Declared
from .unreadable import unexpected, unreadable

__all__ = [
    "NOTHING",
    "Declared",
    "Examined",
    "RemedyFor",
    "check",
    "set_depends_on",
    "unexpected",
    "unreadable",
]

CHECKS: Final[tuple[Callable[[Examined], Iterator[Finding]], ...]] = (
    torch.hidden,
    torch.stable,
    torch.none_inside,
    torch.other_required,
    accelerators.hidden,
    accelerators.none_inside,
    accelerators.other,
    accelerators.other_major,
    accelerators.several,
    metadata.build_mismatch,
    metadata.metadata_mismatch,
    metadata.stale_elf_requires,
    metadata.tag_mismatch,
    names.disordered,
    names.unknown,
    platforms.without_binary,
    platforms.binary_without,
    platforms.distribution_on_purelib,
    platforms.other_machine,
    binaries.unreadable,
    binaries.half_read,
)


def check(wheel: Examined, declared: Declared = NOTHING) -> Iterator[Finding]:
    """Yield what every check has to say; what is declared stands there as ignored."""
    told = dataclasses.replace(wheel, declared=declared)
    for each in CHECKS:
        for finding in each(told):
            yield declared.applied_to(finding)
