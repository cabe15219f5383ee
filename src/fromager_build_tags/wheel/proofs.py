"""The proofs: what in a wheel says accelerator, and what says Torch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from .elf import DEVICE_MACHINES
from .libraries import Accelerator, Contents, Library, accelerator_of, is_torch, major_of
from .symbols import is_stable, is_unstable, readable

_SECTION_STACKS = {".nv": Accelerator.CUDA, ".hi": Accelerator.ROCM}
_MACHINE_STACKS = {"cuda": Accelerator.CUDA, "amdgpu": Accelerator.ROCM}


class TorchAbi(StrEnum):
    """How a wheel is tied to Torch."""

    NONE = "none"
    LINKED = "linked"
    """Needs a library of Torch, and imports nothing of it that is known: no tie is proven."""
    STABLE = "stable"
    """Works with every Torch from a minimum on."""
    UNSTABLE = "unstable"
    """Works with the Torch that it was built against."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Proof:
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
    proofs: tuple[Proof, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class TorchUse:
    """A wheel's tie to Torch; counts are distinct symbols over the whole wheel."""

    abi: TorchAbi
    proofs: tuple[Proof, ...] = ()
    cxx_symbols: int = 0
    stable_symbols: int = 0
    cxx_proofs: tuple[Proof, ...] = ()
    """Those of ``proofs`` that make it unstable."""


def accelerators(contents: Contents) -> tuple[AcceleratorUse, ...]:
    """Return each stack with its proofs, in the order of ``Accelerator``."""
    return _by_stack(
        [each for library in contents.libraries for each in _accelerator_proofs(library)]
    )


def carried(contents: Contents) -> tuple[AcceleratorUse, ...]:
    """Return the stacks whose own libraries a wheel carries without that anything in it needs them.

    Such a wheel gives them to others, loads them with ``dlopen``, or has them for a tool.
    """
    needed = {name for library in contents.libraries for name in library.elf.needed}
    return _by_stack(
        [
            each
            for library in contents.libraries
            if needed.isdisjoint(library.names)
            for each in _own_proofs(library)
        ]
    )


def _own_proofs(library: Library) -> Iterator[tuple[Accelerator, Proof]]:
    """Yield one proof where a library's name is an accelerator's: by the name that has a major."""
    file, *_ = names = library.names
    for name in sorted(names, key=lambda name: major_of(name) is None):
        if (stack := accelerator_of(name)) is not None:
            what = f"is {'' if name == file else f'{name}, '}a library of {stack}"
            yield stack, Proof(member=library.member, what=what, library=name)
            return


def _by_stack(found: Sequence[tuple[Accelerator, Proof]]) -> tuple[AcceleratorUse, ...]:
    return tuple(
        AcceleratorUse(accelerator=stack, proofs=proofs)
        for stack in Accelerator
        if (proofs := tuple(proof for which, proof in found if which is stack))
    )


def torch_use(contents: Contents) -> TorchUse:
    """Judge by symbols: libtorch.so is needed by stable and unstable wheels alike."""
    imports = list(contents.imports_from_outside())
    every = frozenset().union(*(names for _, names in imports))
    cxx = frozenset(filter(is_unstable, every))
    stable = frozenset(filter(is_stable, every))
    linked = tuple(_torch_links(contents))
    cxx_proofs = tuple(_cxx_proofs(imports))
    return TorchUse(
        abi=_abi(cxx=bool(cxx), stable=bool(stable), linked=bool(linked)),
        proofs=(*cxx_proofs, *_stable_proofs(imports), *linked),
        cxx_symbols=len(cxx),
        stable_symbols=len(stable),
        cxx_proofs=cxx_proofs,
    )


def _abi(*, cxx: bool, stable: bool, linked: bool) -> TorchAbi:
    if cxx:
        return TorchAbi.UNSTABLE
    if stable:
        return TorchAbi.STABLE
    return TorchAbi.LINKED if linked else TorchAbi.NONE


def _accelerator_proofs(library: Library) -> Iterator[tuple[Accelerator, Proof]]:
    # A library that the wheel carries counts too once another one needs it: its code runs.
    for name in library.elf.needed:
        if (stack := accelerator_of(name)) is not None:
            yield stack, _need(library, name)
    for section in library.elf.device_sections:
        what = f"carries device code in {section}"
        yield _SECTION_STACKS[section[:3]], Proof(member=library.member, what=what)
    if library.elf.machine in DEVICE_MACHINES:
        what = f"is device code for {library.elf.machine}"
        yield _MACHINE_STACKS[library.elf.machine], Proof(member=library.member, what=what)


def _need(library: Library, name: str) -> Proof:
    return Proof(member=library.member, what=f"needs {name}", library=name)


def _cxx_proofs(imports: list[tuple[str, frozenset[str]]]) -> Iterator[Proof]:
    for member, names in imports:
        if cxx := sorted(filter(is_unstable, names)):
            what = f"imports {len(cxx)} C++ symbols of Torch, as {_example(cxx)}"
            yield Proof(member=member, what=what)


def _stable_proofs(imports: list[tuple[str, frozenset[str]]]) -> Iterator[Proof]:
    for member, names in imports:
        if stable := sorted(filter(is_stable, names)):
            what = f"imports {len(stable)} functions of Torch's stable ABI, as {stable[0]}"
            yield Proof(member=member, what=what)


def _example(symbols: list[str]) -> str:
    names = [readable(symbol) for symbol in symbols]
    return next((name for name in names if "::" in name), names[0])


def _torch_links(contents: Contents) -> Iterator[Proof]:
    for library in contents.libraries:
        for name in library.elf.needed:
            if is_torch(name) and name not in contents.carried:
                yield _need(library, name)
