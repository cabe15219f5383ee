"""The evidence in a wheel that it uses or carries an accelerator stack."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from .elf import DEVICE_MACHINES
from .libraries import Accelerator, Contents, Library, accelerator_of, major_of

_SECTION_STACKS: Final = {".nv": Accelerator.CUDA, ".hi": Accelerator.ROCM}
_MACHINE_STACKS: Final = {"cuda": Accelerator.CUDA, "amdgpu": Accelerator.ROCM}


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """One observation: in which member, and what."""

    member: str
    what: str
    library: str = ""
    """The library that is needed or carried, if that is what it is."""

    def __str__(self) -> str:
        return f"{self.member} {self.what}"


@dataclass(frozen=True, kw_only=True, slots=True)
class AcceleratorUse:
    """An accelerator stack that a wheel links or carries code for."""

    accelerator: Accelerator
    evidence: tuple[Evidence, ...]


def used_accelerators(contents: Contents) -> tuple[AcceleratorUse, ...]:
    """Return each stack that a wheel uses, in the order of ``Accelerator``."""
    return _by_stack([each for library in contents.libraries for each in _use_evidence(library)])


def carried_accelerators(contents: Contents) -> tuple[AcceleratorUse, ...]:
    """Return the stacks whose libraries a wheel carries and does not need itself.

    Such a wheel provides them to others, loads them with ``dlopen``, or has them for a tool.
    """
    needed = {name for library in contents.libraries for name in library.elf.needed}
    return _by_stack(
        [
            each
            for library in contents.libraries
            if needed.isdisjoint(library.names)
            for each in _own_evidence(library)
        ]
    )


def need(library: Library, name: str) -> Evidence:
    """Return the evidence that a library needs another one."""
    return Evidence(member=library.member, what=f"needs {name}", library=name)


def _use_evidence(library: Library) -> Iterator[tuple[Accelerator, Evidence]]:
    # A library that the wheel carries counts too once another one needs it: its code runs.
    for name in library.elf.needed:
        if (stack := accelerator_of(name)) is not None:
            yield stack, need(library, name)
    for section in library.elf.device_sections:
        what = f"carries device code in {section}"
        yield _SECTION_STACKS[section[:3]], Evidence(member=library.member, what=what)
    if library.elf.machine in DEVICE_MACHINES:
        what = f"is device code for {library.elf.machine}"
        yield _MACHINE_STACKS[library.elf.machine], Evidence(member=library.member, what=what)


def _own_evidence(library: Library) -> Iterator[tuple[Accelerator, Evidence]]:
    """Yield evidence where a library's name is an accelerator's: by the name that has a major."""
    file, *_ = names = library.names
    for name in sorted(names, key=lambda name: major_of(name) is None):
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
