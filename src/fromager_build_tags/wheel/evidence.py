"""The evidence in a wheel that it uses Torch, or uses or carries an accelerator stack."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from packaging.version import Version

from .elf import DEVICE_MACHINES
from .libraries import (
    Accelerator,
    Contents,
    Library,
    accelerator_of,
    is_offload_plugin,
    is_torch,
)
from .section_text import PTX
from .sonames import majors_of
from .symbols import STABLE, UNSTABLE, readable

_SECTION_STACKS: Final = {".nv": Accelerator.CUDA, ".hi": Accelerator.ROCM}
_MACHINE_STACKS: Final = {"cuda": Accelerator.CUDA, "amdgpu": Accelerator.ROCM}


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """One observation: in which member, and what.

    Attributes:
        library: the library that is needed or carried, if that is what it is.
    """

    member: str
    what: str
    library: str = ""

    def __str__(self) -> str:
        return f"{self.member} {self.what}"


@dataclass(frozen=True, kw_only=True, slots=True)
class AcceleratorUse:
    """An accelerator stack that a wheel links or carries code for."""

    accelerator: Accelerator
    evidence: tuple[Evidence, ...]


def used_accelerators(contents: Contents) -> tuple[AcceleratorUse, ...]:
    """Return each stack that a wheel uses, in the order of ``Accelerator``."""
    using = [each for each in contents.libraries if not is_offload_plugin(each.member)]
    return _by_stack([each for library in using for each in _use_evidence(library)])


def carried_accelerators(contents: Contents) -> tuple[AcceleratorUse, ...]:
    """Return the stacks whose libraries a wheel carries and does not need itself.

    Such a wheel provides them to others, loads them with ``dlopen``, or has them for a tool.
    Plugins count, too: OpenMP loads the one for XPUs where a program uses an XPU.
    """
    needed = {name for library in contents.libraries for name in library.elf.needed}
    unused = [each for each in contents.libraries if needed.isdisjoint(each.names)]
    plugins = [each for each in contents.libraries if is_offload_plugin(each.member)]
    own = [each for library in unused for each in _own_evidence(library)]
    return _by_stack([*own, *(each for library in plugins for each in _use_evidence(library))])


def compiled_by_rocm(contents: Contents) -> tuple[tuple[Version, Evidence], ...]:
    """Return the releases of ROCm whose compiler made code in a wheel, each with its evidence."""
    return tuple(
        (Version(release), Evidence(member=each.member, what=f"was compiled by ROCm {release}"))
        for each in contents.libraries
        for release in each.elf.rocm
    )


def hinted_accelerators(contents: Contents) -> tuple[AcceleratorUse, ...]:
    """Return the stacks that texts in the libraries hint at: they may load them with ``dlopen``.

    A text is no proof: FFmpeg names CUDA's driver for its encoder, and works without it.
    """
    return _by_stack([each for library in contents.libraries for each in _hints(library)])


def _hints(library: Library) -> Iterator[tuple[Accelerator, Evidence]]:
    for hint in library.elf.hints:
        stack = Accelerator.CUDA if hint.startswith(PTX) else accelerator_of(hint)
        if stack is not None:
            yield stack, Evidence(member=library.member, what=f"contains {hint}")


def accelerators_of(library: Library) -> frozenset[Accelerator]:
    """Return the stacks that one library links or contains code for."""
    return frozenset(stack for stack, _ in _use_evidence(library))


def _need(library: Library, name: str) -> Evidence:
    return Evidence(member=library.member, what=f"needs {name}", library=name)


def _use_evidence(library: Library) -> Iterator[tuple[Accelerator, Evidence]]:
    # A library that the wheel carries counts too once another one needs it: its code runs.
    for name in library.elf.needed:
        if (stack := accelerator_of(name)) is not None:
            yield stack, _need(library, name)
    for section in library.elf.device_sections:
        what = f"carries device code in {section}"
        yield _SECTION_STACKS[section[:3]], Evidence(member=library.member, what=what)
    if library.elf.machine in DEVICE_MACHINES:
        what = f"is device code for {library.elf.machine}"
        yield _MACHINE_STACKS[library.elf.machine], Evidence(member=library.member, what=what)


def _own_evidence(library: Library) -> Iterator[tuple[Accelerator, Evidence]]:
    """Yield evidence where a library's name is an accelerator's: by the name that has a major."""
    file, *_ = names = library.names
    for name in sorted(names, key=lambda name: not majors_of(name)):
        if (stack := accelerator_of(name)) is not None:
            what = f"is {'' if name == file else f'{name}, '}a library of {stack}"
            yield stack, Evidence(member=library.member, what=what, library=name)
            return


def _by_stack(found: Sequence[tuple[Accelerator, Evidence]]) -> tuple[AcceleratorUse, ...]:
    return tuple(
        AcceleratorUse(accelerator=stack, evidence=evidence)
        for stack in Accelerator
        if (evidence := tuple(each for which, each in found if which is stack))
    )


class TorchAbi(StrEnum):
    """With which Torch a wheel works."""

    NONE = "none"
    LINKED = "linked"
    """It needs a library of Torch and imports no known symbol of it: nothing is proven."""
    STABLE = "stable"
    """It works with every Torch from a minimum on."""
    UNSTABLE = "unstable"
    """It works with the Torch that it was built against."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TorchUse:
    """What a wheel uses of Torch; counts are distinct symbols over all of its libraries.

    Attributes:
        cxx_evidence: the part of ``evidence`` that makes it unstable.
    """

    abi: TorchAbi
    evidence: tuple[Evidence, ...] = ()
    cxx_symbols: int = 0
    stable_symbols: int = 0
    cxx_evidence: tuple[Evidence, ...] = ()

    @property
    def is_stable(self) -> bool:
        """Whether it uses the stable ABI only."""
        return self.abi is TorchAbi.STABLE

    @property
    def is_unstable(self) -> bool:
        """Whether it works with the Torch only that it was built against."""
        return self.abi is TorchAbi.UNSTABLE


def torch_use(contents: Contents) -> TorchUse:
    """Return what a wheel uses, by symbols: stable and unstable wheels alike need libtorch.so."""
    carried = contents.carried()
    links = [
        _need(library, name)
        for library in contents.libraries
        for name in library.elf.needed
        if is_torch(name) and name not in carried
    ]
    imports = list(contents.imports_from_outside())
    cxx, cxx_evidence = _imports(imports, UNSTABLE, "C++ symbols of Torch")
    stable, stable_evidence = _imports(imports, STABLE, "functions of Torch's stable ABI")
    found = {TorchAbi.UNSTABLE: cxx, TorchAbi.STABLE: stable, TorchAbi.LINKED: links}
    return TorchUse(
        abi=next((abi for abi, use in found.items() if use), TorchAbi.NONE),
        evidence=(*cxx_evidence, *stable_evidence, *links),
        cxx_symbols=cxx,
        stable_symbols=stable,
        cxx_evidence=tuple(cxx_evidence),
    )


def _imports(
    imports: Sequence[tuple[str, frozenset[str]]], names_of_kind: re.Pattern[str], kind: str
) -> tuple[int, Sequence[Evidence]]:
    """Return how many symbols of a kind a wheel imports, and the evidence of each library."""
    found = [
        (member, symbols)
        for member, names in imports
        if (symbols := sorted(filter(names_of_kind.match, names)))
    ]
    evidence = [
        Evidence(member=member, what=f"imports {len(symbols)} {kind}, as {_example(symbols)}")
        for member, symbols in found
    ]
    return len({symbol for _, symbols in found for symbol in symbols}), evidence


def _example(symbols: Sequence[str]) -> str:
    names = [readable(symbol) for symbol in symbols]
    return next((name for name in names if "::" in name), names[0])
