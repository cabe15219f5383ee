"""What a wheel depends on: accelerator, Torch, libraries of others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import NormalizedName
from packaging.version import Version

from .archive import WheelArchive
from .device.device_code import DeviceCode
from .elf import DEVICE_MACHINES
from .elf_refusal import ElfRefusal
from .evidence import (
    AcceleratorUse,
    Evidence,
    TorchUse,
    carried_accelerators,
    compiled_by_rocm,
    hinted_accelerators,
    torch_use,
    used_accelerators,
)
from .identity import identity
from .libraries import Library, read_contents
from .ordinary_libraries import required_packages, unexplained
from .requires_dist import is_named_for, stack_requirements, torch_requirements
from .torch.torch_imports import TorchImports, torch_imports

_NOTED_LIMIT = 1 << 20


@dataclass(frozen=True, kw_only=True, slots=True)
class HostCode:
    """The members of a wheel that are for one machine, in one word size and byte order."""

    machine: str
    bits: int
    big_endian: bool
    members: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.bits}-bit {'big' if self.big_endian else 'little'}-endian {self.machine}"


@dataclass(frozen=True, kw_only=True, slots=True)
class WheelFacts:
    """What one wheel contains and depends on."""

    name: NormalizedName
    version: Version
    purelib: bool
    """All of its tags are for any platform."""
    libraries: int
    """How many ELF files could be read."""
    needed: tuple[str, ...]
    """Needed libraries that it does not carry itself."""
    unexplained: tuple[str, ...]
    """Those that are neither Torch's, an accelerator's, a common one nor of a required package."""
    accelerators: tuple[AcceleratorUse, ...]
    torch: TorchUse
    torch_imports: tuple[TorchImports, ...]
    """What each library imports of Torch."""
    requires_torch: tuple[str, ...]
    """``Requires-Dist`` entries for torch that no extra guards."""
    builds: tuple[str, ...]
    """``Build`` entries of ``WHEEL``; the specification knows one at most."""
    hosts: tuple[HostCode, ...]
    """What is not device code, by machine, word size and byte order."""
    noted: frozenset[str] | None
    """Libraries that fromager recorded when it built the wheel; None if it recorded none."""
    without_sections: tuple[str, ...] = ()
    """Members without section names, so that device code in them cannot be seen."""
    refused: tuple[ElfRefusal, ...] = ()
    carried: tuple[AcceleratorUse, ...] = ()
    """Accelerators whose libraries it carries, and nothing in it needs."""
    rocm: tuple[tuple[Version, Evidence], ...] = ()
    """The releases of ROCm whose compiler made code in it, by library."""
    hints: tuple[AcceleratorUse, ...] = ()
    """Accelerators that it may load with ``dlopen``; none where it uses or carries any."""
    requires_stack: tuple[str, ...] = ()
    """``Requires-Dist`` entries for packages of CUDA or ROCm that no extra guards."""
    dist_info: str = ""
    """The name of the folder of ``METADATA``."""
    device_code: tuple[tuple[str, DeviceCode], ...] = ()
    """The members with device code, one row for each accelerator; none if it was not read."""

    @property
    def uses(self) -> Sequence[AcceleratorUse]:
        """The accelerators that it uses; if it uses none, those whose libraries it carries."""
        return self.accelerators or self.carried

    @property
    def is_incidental(self) -> bool:
        """Whether it merely carries a few libraries of an accelerator that it does not use.

        That is so for a compiler that works with any accelerator and carries CUDA's profiler: it
        uses no accelerator, most of its libraries belong to none, and neither its name nor a
        requirement, such as ``nvidia-cufile-cu12``, is for one.
        """
        carried = sum(len(use.evidence) for use in self.carried)
        if self.accelerators or not 0 < 2 * carried < self.libraries:
            return False
        names = [self.name, *(Requirement(each).name.lower() for each in self.requires_stack)]
        return not any(
            is_named_for(name, use.accelerator) for name in names for use in self.carried
        )

    @property
    def needed_accelerators(self) -> Sequence[AcceleratorUse]:
        """The accelerators that it depends on: an installation without them lacks something."""
        return () if self.is_incidental else self.uses

    @property
    def unread(self) -> Sequence[ElfRefusal]:
        """What may contain more than these facts show."""
        is_read = bool(self.hosts)
        return [each for each in self.refused if each.reason.hides_code(beside_elf=is_read)]

    @property
    def notes(self) -> Sequence[str]:
        """Remarks: why nothing was found, or what was not read."""
        notes = [f"{each.member} was not read: {each.reason}" for each in self.refused]
        if self.libraries:
            return notes
        if self.purelib:
            code = "it has no code of its own for an accelerator, or compiles it at run time"
            return [f"pure: {code}", *notes]
        return ["no library could be read in it", *notes]


def read_wheel(path: Path, *, device_code: bool = False) -> WheelFacts:
    """Read a wheel file; raise ``WheelError`` where it is none.

    Memory is bounded for members of any size: a large library is inflated to a temporary file. A
    member that is no ELF file, or a damaged one, does not hide the others: ``refused`` lists it.
    """
    with WheelArchive.open(path) as archive:
        return read_facts(archive, device_code=device_code)


def read_facts(archive: WheelArchive, *, device_code: bool = False) -> WheelFacts:
    """Read an open wheel, as :func:`read_wheel` does."""
    metadata = archive.metadata()
    wheel = archive.wheel_metadata()
    name, version = identity(archive.path, metadata)
    contents = read_contents(archive, device_code=device_code)
    needed = contents.needed_from_outside()
    tags = wheel.get_all("Tag", [])
    used, carried = used_accelerators(contents), carried_accelerators(contents)
    return WheelFacts(
        name=name,
        version=version,
        purelib=bool(tags) and all(str(tag).endswith("-any") for tag in tags),
        libraries=len(contents.libraries),
        needed=needed,
        unexplained=tuple(unexplained(needed, required_packages(metadata))),
        accelerators=used,
        torch=torch_use(contents),
        torch_imports=tuple(torch_imports(contents)),
        requires_torch=torch_requirements(archive.path, metadata),
        requires_stack=stack_requirements(archive.path, metadata),
        builds=tuple(str(build).strip() for build in wheel.get_all("Build", [])),
        hosts=tuple(_hosts(contents.libraries)),
        noted=_noted(archive),
        without_sections=tuple(_without_sections(contents.libraries)),
        refused=contents.refused,
        carried=carried,
        rocm=compiled_by_rocm(contents),
        hints=() if used or carried else hinted_accelerators(contents),
        dist_info=archive.dist_info,
        device_code=tuple(_device_code(contents.libraries)),
    )


def _hosts(libraries: Iterable[Library]) -> Iterator[HostCode]:
    found: dict[tuple[str, int, bool], list[str]] = {}
    for each in libraries:
        if each.elf.machine not in DEVICE_MACHINES:
            kind = (each.elf.machine, each.elf.bits, each.elf.big_endian)
            found.setdefault(kind, []).append(each.member)
    for (machine, bits, big_endian), members in sorted(found.items()):
        yield HostCode(machine=machine, bits=bits, big_endian=big_endian, members=tuple(members))


def _without_sections(libraries: Iterable[Library]) -> Iterator[str]:
    for each in libraries:
        if not each.elf.has_sections and each.elf.machine not in DEVICE_MACHINES:
            yield each.member


def _device_code(libraries: Iterable[Library]) -> Iterator[tuple[str, DeviceCode]]:
    for each in libraries:
        for code in each.elf.device_code:
            yield each.member, code


def _noted(archive: WheelArchive) -> frozenset[str] | None:
    """Return the libraries of lines such as ``libtorch.so()(64bit)``.

    Source: ``fromager/wheels.py``, ``_extra_metadata_elfdeps``.
    """
    text = archive.dist_info_text("fromager-elf-requires.txt", _NOTED_LIMIT)
    if text is None:
        return None
    lines = text.decode("utf-8", "replace").split("\n")
    return frozenset(line.partition("(")[0] for line in lines if line.strip())
