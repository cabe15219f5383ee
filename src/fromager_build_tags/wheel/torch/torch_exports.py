"""The symbols that one build of Torch exports: read from its wheel, or from an installed Torch."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Final

from packaging.version import Version

from ...errors import InputError
from ..archive import WheelArchive, WheelError
from ..elf import ElfFacts, read_elf
from ..elf_refusal import RefusalReason
from ..identity import identity
from ..libraries import Accelerator, Contents, Library, accelerator_of, is_torch, read_contents
from ..symbols import TORCH_NAMES

_VERSION = re.compile(r"""^__version__\s*(?::[^=\n]*)?=\s*['"]([^'"\n]{1,64})['"]""", re.MULTILINE)
_VERSION_FILE_LIMIT: Final = 64 << 10
#: Libraries of Torch beside those of ``is_torch``: what they export is used through them.
_MORE: Final = re.compile(r"libshm|libtorch_nvshmem|libtorch_cuda_linalg")
_OF_ACCELERATOR: Final = re.compile(r"libc10_|libtorch_(cuda|hip|xpu|nvshmem)")
_FOREIGN: Final = {RefusalReason.PE: "Windows", RefusalReason.MACH_O: "macOS"}


@dataclass(frozen=True, kw_only=True, slots=True)
class TorchRelease:
    """One build of Torch.

    Attributes:
        version: with its local part if it has one, such as ``2.9.1+cu130``.
        machine: as ``Contents.hosts`` gives it.
        accelerator: None if it was built for the CPU only.
    """

    version: Version
    machine: str
    accelerator: Accelerator | None

    @property
    def key(self) -> tuple[Version, str, str]:
        """What it is sorted by."""
        return self.version, self.machine, str(self.accelerator or "")


@dataclass(frozen=True, kw_only=True, slots=True)
class TorchBuild(TorchRelease):
    """One build of Torch and what it exports.

    Wheels of one release for different versions of Python export the same.

    Attributes:
        exports: of the symbols of ``TORCH_NAMES``, those that any of its libraries exports.
        common: those that a library exports which every build has, whatever its accelerator.
        source: its wheel or folder, for messages.
    """

    exports: frozenset[str]
    common: frozenset[str] = frozenset()
    source: str = ""

    @property
    def release(self) -> TorchRelease:
        """It without what it exports."""
        return TorchRelease(
            version=self.version, machine=self.machine, accelerator=self.accelerator
        )


def read_torch(path: Path) -> Iterator[TorchBuild]:
    """Read one or several builds of Torch.

    Args:
        path: a Torch wheel; or a folder of Torch wheels, of an installed Torch (``torch``), or
            around one (``site-packages``).

    Raises:
        InputError: it is none of them.
        WheelError: a Torch cannot be read.
    """
    wheels = [path] if path.is_file() else sorted(path.glob("torch-*.whl"))
    for wheel in wheels:
        with WheelArchive.open(wheel) as archive:
            yield read_torch_wheel(archive)
    if not wheels:
        yield read_installed_torch(path)


def read_torch_wheel(archive: WheelArchive) -> TorchBuild:
    """Read the exports of a Torch wheel.

    Raises:
        WheelError: it contains no libtorch, or a library of it cannot be read.
    """
    _, version = identity(archive.path, archive.metadata())
    return _build(str(archive.path), version, read_contents(archive))


def read_installed_torch(folder: Path) -> TorchBuild:
    """Read the exports of an installed Torch: its package folder, or the folder around it.

    Raises:
        InputError: there is none.
        WheelError: it contains no libtorch, or a library or ``version.py`` cannot be read.
    """
    package = folder / "torch" if (folder / "torch" / "lib").is_dir() else folder
    libraries, refused = [], []
    try:
        for path in sorted((package / "lib").iterdir()):
            if path.is_file() and _is_exporter(path.name):
                with path.open("rb") as file:
                    facts = read_elf(file, keep=TORCH_NAMES)
                if isinstance(facts, ElfFacts):
                    libraries.append(Library(member=f"lib/{path.name}", elf=facts))
                else:
                    refused.append(replace(facts, member=f"lib/{path.name}"))
        with (package / "version.py").open("rb") as file:
            text = file.read(_VERSION_FILE_LIMIT).decode("utf-8", "replace")
    except OSError as err:
        raise InputError(
            f"no Torch in {str(folder)!r} ({err.strerror}: {err.filename}): give a Torch wheel, a "
            "folder of Torch wheels, or the site-packages of an installed Torch"
        ) from None
    contents = Contents(libraries=tuple(libraries), refused=tuple(refused))
    return _build(str(folder), _version(folder, text), contents)


def _version(folder: Path, text: str) -> Version:
    found = _VERSION.search(text)
    try:
        return Version(found.group(1) if found else "")
    except ValueError:
        raise WheelError(folder, "its version.py has no valid __version__") from None


def _is_exporter(name: str) -> bool:
    return is_torch(name) or _MORE.match(name) is not None


def _build(source: str, version: Version, contents: Contents) -> TorchBuild:
    for each in contents.refused:
        if _is_exporter(PurePosixPath(each.member).name):
            raise WheelError(source, f"{each.member} cannot be read: {each.reason} {each.detail}")
    own = [each for each in contents.libraries if _is_exporter(each.names[0])]
    exports = _exports(own)
    if not exports:
        raise WheelError(source, _why_no_torch(contents))
    hosts = contents.hosts()
    if len(machines := sorted({hosts[each.member] for each in own})) > 1:
        raise WheelError(source, f"its libraries are for {' and '.join(machines)}")
    stacks = sorted(filter(None, (accelerator_of(each.names[0]) for each in own)))
    return TorchBuild(
        version=version,
        machine=machines[0],
        accelerator=stacks[0] if stacks else None,
        exports=exports,
        common=_exports(each for each in own if not _OF_ACCELERATOR.match(each.names[0])),
        source=source,
    )


def _exports(libraries: Iterable[Library]) -> frozenset[str]:
    return frozenset[str]().union(*(each.elf.exports for each in libraries))


def _why_no_torch(contents: Contents) -> str:
    systems = sorted(
        {_FOREIGN[each.reason] for each in contents.refused if each.reason in _FOREIGN}
    )
    if systems:
        return f"it is for {' and '.join(systems)}; only Torch for Linux is compared"
    return "it contains no libtorch that exports symbols"
