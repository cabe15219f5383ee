"""What a wheel depends on: accelerator, Torch, libraries of others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.metadata import RawMetadata
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version

from .archive import WheelArchive, WheelError
from .contents import Refused, read_contents
from .proofs import AcceleratorUse, TorchUse, accelerators, torch_use


@dataclass(frozen=True, kw_only=True, slots=True)
class WheelFacts:
    """What was seen in one wheel."""

    name: NormalizedName
    version: Version
    purelib: bool
    """Its tags say that it runs on any platform."""
    libraries: int
    """How many ELF files could be read."""
    machines: tuple[str, ...]
    needed: tuple[str, ...]
    """Needed libraries that it does not carry itself."""
    accelerators: tuple[AcceleratorUse, ...]
    torch: TorchUse
    requires_torch: tuple[str, ...]
    """``Requires-Dist`` entries for torch that no extra guards."""
    refused: tuple[Refused, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """Say what the other fields cannot: why there is nothing, or what was not looked at."""
        return tuple(_notes(self))


def read_wheel(path: Path) -> WheelFacts:
    """Read a wheel file; raise ``WheelError`` where it is none.

    Nothing is extracted to disk; memory is bounded for members of any size. A member that is
    no ELF file, or a broken one, does not stop the others: it is listed in ``refused``.
    """
    with WheelArchive.open(path) as archive:
        metadata = archive.metadata()
        contents = read_contents(archive)
        return WheelFacts(
            name=_name(path, metadata),
            version=_version(path, metadata),
            purelib=_is_purelib(archive),
            libraries=len(contents.libraries),
            machines=tuple(sorted({library.elf.machine for library in contents.libraries})),
            needed=contents.needed_from_outside(),
            accelerators=accelerators(contents),
            torch=torch_use(contents),
            requires_torch=tuple(_torch_requirements(metadata)),
            refused=contents.refused,
        )


def _name(path: Path, metadata: RawMetadata) -> NormalizedName:
    if not (name := metadata.get("name")):
        raise WheelError(path, "its METADATA has no Name")
    return canonicalize_name(name)


def _version(path: Path, metadata: RawMetadata) -> Version:
    try:
        return Version(metadata.get("version", ""))
    except InvalidVersion as err:
        raise WheelError(path, f"its METADATA has no valid Version ({err})") from None


def _is_purelib(archive: WheelArchive) -> bool:
    tags = archive.wheel_metadata().get_all("Tag", [])
    return bool(tags) and all(str(tag).endswith("-any") for tag in tags)


def _torch_requirements(metadata: RawMetadata) -> Iterator[str]:
    for text in metadata.get("requires_dist", []):
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue  # Old metadata holds requirements that PEP 508 does not know.
        if canonicalize_name(requirement.name) == "torch" and not _is_extra(requirement):
            yield str(requirement)


def _is_extra(requirement: Requirement) -> bool:
    return requirement.marker is not None and "extra ==" in str(requirement.marker)


def _notes(facts: WheelFacts) -> Iterator[str]:
    if facts.purelib and not facts.libraries:
        yield "pure: it has no code of its own for an accelerator, or compiles it at run time"
    elif not facts.libraries:
        yield "no library could be read in it"
    for refused in facts.refused:
        yield f"{refused.member} was not read: {refused.refusal.reason}"
