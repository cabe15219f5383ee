"""The checks of a wheel: its name against its contents and its metadata.

A check takes an examined wheel and yields the findings of one rule of BT3, or of rules that share
a cause.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from ...findings.finding import Finding
from . import architectures, binaries, metadata, required, segments, torch_symbols
from .examined import ExaminedWheel

CHECKS: Final[tuple[Callable[[ExaminedWheel], Iterator[Finding]], ...]] = (
    segments.hidden_torch,
    segments.stable_torch,
    segments.no_torch_inside,
    required.other_torch_required,
    torch_symbols.symbols_of_torch,
    segments.hidden_accelerator,
    segments.hinted_accelerator,
    segments.no_accelerator_inside,
    segments.other_accelerator,
    segments.other_major,
    segments.several_accelerators,
    required.other_major_required,
    architectures.missing_arch,
    metadata.other_label,
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
