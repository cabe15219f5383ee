"""The checks of a wheel: its name against its contents and its metadata.

A check takes an examined wheel and yields the findings of one rule of BT3.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Final

from ...findings.finding import Finding
from ..exemptions import NO_EXEMPTIONS, Exemptions
from . import accelerators, binaries, metadata, torch
from .examined import ExaminedWheel

CHECKS: Final[tuple[Callable[[ExaminedWheel], Iterator[Finding]], ...]] = (
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
    binaries.platform_without_binary,
    binaries.binary_without_platform,
    binaries.distribution_on_purelib,
    binaries.other_machine,
    binaries.unreadable,
    binaries.without_sections,
)


def check(wheel: ExaminedWheel, exemptions: Exemptions = NO_EXEMPTIONS) -> Iterator[Finding]:
    """Yield the findings of every check, suppressed where *exemptions* contain a reason."""
    exempted = dataclasses.replace(wheel, exemptions=exemptions)
    for each in CHECKS:
        for finding in each(exempted):
            yield exemptions.applied_to(finding)
