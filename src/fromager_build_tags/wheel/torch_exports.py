"""The symbols that one build of Torch exports: read from its wheel, or from an installed Torch."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from packaging.version import Version

from .archive import WheelArchive, WheelError
from .elf import ElfFacts, ElfRefusal, read_elf
from .libraries import Accelerator, Library, accelerator_of, is_torch, read_contents
from .symbols import TORCH_NAMES

_VERSION = re.compile(r"""^__version__\s*(?::[^=\n]*)?=\s*['"]([^'"\n]{1,64})['"]""", re.MULTILINE)
_VERSION_FILE_LIMIT: Final = 64 << 10
#: Libraries of Torch beside those of ``is_torch``: what they export is used through them.
_MORE: Final = re.compile(r"libshm|libtorch_nvshmem|libtorch_cuda_linalg")


@dataclass(frozen=True, kw_only=True, slots=True)
class TorchBuild:
    """One build of Torch and what it exports, of the symbols of ``TORCH_NAMES``.

    Attributes:
        version: with its local part, such as ``2.9.1+cu130``.
        machine: as in ``ElfFacts``.
        accelerator: None if it was built for the CPU only.
        exports: of the libraries that every build has: libc10, libtorch_cpu, libtorch_python …
        accelerator_exports: of those for the accelerator: libc10_cuda, libtorch_hip …
        source: its wheel or folder, for messages.
    """

    version: Version
    machine: str
    accelerator: Accelerator | None
    exports: frozenset[str]
    accelerator_exports: frozenset[str] = frozenset()
    source: str = ""


def read_torch_wheel(archive: WheelArchive, version: Version) -> TorchBuild:
    """Read the exports of a Torch wheel.

    Raises:
        WheelError: it contains no libtorch, or a library of it cannot be read.
    """
    contents = read_contents(archive)
    source = str(archive.path)
    _refuse_unread(source, contents.refused)
    return _build(source, version, contents.libraries)


def read_installed_torch(folder: Path) -> TorchBuild:
    """Read the exports of an installed Torch: its package folder, or the folder around it.

    Raises:
        WheelError: it contains no libtorch, or a library or ``version.py`` cannot be read.
    """
    package = folder / "torch" if (folder / "torch" / "lib").is_dir() else folder
    libraries, refused = [], []
    try:
        for path in sorted((package / "lib").glob("*.so*")):
            if path.is_file() and _is_exporter(path.name):
                with path.open("rb") as file:
                    facts = read_elf(file, keep=TORCH_NAMES)
                if isinstance(facts, ElfFacts):
                    libraries.append(Library(member=f"lib/{path.name}", elf=facts))
                else:
                    refused.append(facts)
        with (package / "version.py").open("rb") as file:
            text = file.read(_VERSION_FILE_LIMIT).decode("utf-8", "replace")
    except OSError as err:
        raise WheelError(folder, f"no installed Torch: {err.strerror} ({err.filename})") from None
    _refuse_unread(str(folder), refused)
    return _build(str(folder), _version(folder, text), libraries)


def _version(folder: Path, text: str) -> Version:
    found = _VERSION.search(text)
    try:
        return Version(found.group(1) if found else "")
    except ValueError:
        raise WheelError(folder, "its version.py has no valid __version__") from None


def _is_exporter(name: str) -> bool:
    return is_torch(name) or _MORE.match(name) is not None


def _refuse_unread(source: str, refused: Iterable[ElfRefusal]) -> None:
    for each in refused:
        if _is_exporter(PurePosixPath(each.member).name):
            raise WheelError(source, f"{each.member} cannot be read: {each.reason} {each.detail}")


def _build(source: str, version: Version, libraries: Iterable[Library]) -> TorchBuild:
    own = [each for each in libraries if _is_exporter(each.names[0])]
    machines = {each.elf.machine for each in own}
    if not any(each.elf.exports for each in own):
        raise WheelError(source, "it contains no libtorch that exports symbols")
    if len(machines) > 1:
        raise WheelError(source, f"its libraries are for {' and '.join(sorted(machines))}")
    by_stack: dict[Accelerator | None, set[str]] = {None: set()}
    for each in own:
        by_stack.setdefault(_stack(each), set()).update(each.elf.exports)
    stacks = [stack for stack in by_stack if stack is not None]
    return TorchBuild(
        version=version,
        machine=machines.pop(),
        accelerator=stacks[0] if stacks else None,
        exports=frozenset(by_stack[None]),
        accelerator_exports=frozenset().union(*(by_stack[each] for each in stacks)),
        source=source,
    )


def _stack(library: Library) -> Accelerator | None:
    """Return the stack of a library of Torch; libtorch_python and libtorch need all of them."""
    if library.names[0].startswith("libtorch_nvshmem"):
        return Accelerator.CUDA
    return accelerator_of(library.names[0])
