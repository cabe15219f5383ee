"""The libraries of one wheel, read together: what one of them has, another does not need."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from .archive import WheelArchive, WheelError
from .budget import Budget
from .elf import ElfFacts, read_elf
from .refusal import ElfRefusal
from .symbols import TORCH_NAMES

# flashinfer-cubin has the most, 16,000: a file for each kernel.
_LIBRARIES_LIMIT = 32_768


@dataclass(frozen=True, kw_only=True, slots=True)
class Library:
    """One ELF file of a wheel."""

    member: str
    elf: ElfFacts


@dataclass(frozen=True, kw_only=True, slots=True)
class Refused:
    """One member that looks like a library and cannot be read."""

    member: str
    refusal: ElfRefusal


@dataclass(frozen=True, kw_only=True, slots=True)
class Contents:
    """Every library of a wheel, in the order of the archive."""

    libraries: tuple[Library, ...]
    refused: tuple[Refused, ...] = ()
    carried: frozenset[str] = field(default=frozenset())
    """File names and ``DT_SONAME``s: what a ``DT_NEEDED`` inside the wheel may find there."""

    def needed_from_outside(self) -> tuple[str, ...]:
        """Return the needed libraries that the wheel does not carry, sorted."""
        needed = {name for library in self.libraries for name in library.elf.needed}
        return tuple(sorted(needed - self.carried))

    def imports_from_outside(self) -> Iterator[tuple[str, frozenset[str]]]:
        """Yield (member, names that no library of the wheel exports) where there are any."""
        exported = frozenset().union(*(library.elf.exports for library in self.libraries))
        for library in self.libraries:
            if names := library.elf.imports - exported:
                yield library.member, names


def read_contents(archive: WheelArchive) -> Contents:
    """Read every library of a wheel, keeping of the symbols those of Torch.

    They share one budget: what is left of it decides which of them are refused as too large.

    Raises:
        WheelError: there are more of them than any wheel has.
    """
    libraries: list[Library] = []
    refused: list[Refused] = []
    budget = Budget()
    for number, member in enumerate(archive.libraries()):
        if number >= _LIBRARIES_LIMIT:
            raise WheelError(archive.path, f"it has more than {_LIBRARIES_LIMIT:,} libraries")
        match read_elf(member.open, size=member.size, keep=TORCH_NAMES, budget=budget):
            case ElfFacts() as elf:
                libraries.append(Library(member=member.name, elf=elf))
            case ElfRefusal() as refusal:
                refused.append(Refused(member=member.name, refusal=refusal))
    return Contents(
        libraries=tuple(libraries),
        refused=tuple(refused),
        carried=frozenset(_names(libraries)),
    )


def _names(libraries: list[Library]) -> Iterator[str]:
    for library in libraries:
        yield PurePosixPath(library.member).name
        if library.elf.soname:
            yield library.elf.soname
