"""What the libraries of a wheel import of Torch, from outside of the wheel."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from ..evidence import accelerators_of
from ..libraries import Accelerator, Contents, accelerator_of, is_torch
from ..ordinary_libraries import is_system
from ..symbols import STABLE, UNSTABLE

#: A library for ROCm may need a library of CUDA's name, too: the first one counts.
_ORDER: Final = (Accelerator.ROCM, Accelerator.XPU, Accelerator.CUDA)


@dataclass(frozen=True, kw_only=True, slots=True)
class TorchImports:
    """What one library of a wheel imports of Torch, and no library of the wheel exports.

    Attributes:
        member: its path in the wheel.
        machine: as ``Contents.hosts`` gives it.
        symbols: strong imports; without one of them the library cannot be loaded.
        weak: imports that may stay undefined.
        accelerator: the stack that it is for, by what it links and contains, or else the only one
            of the wheel; None for none.
        linked: whether it needs a library of Torch.
        others: libraries that the wheel needs from outside, and that are neither of Torch, of an
            accelerator nor of the system: they may export a symbol, too.
    """

    member: str
    machine: str
    symbols: frozenset[str]
    weak: frozenset[str] = frozenset()
    accelerator: Accelerator | None = None
    linked: bool = True
    others: tuple[str, ...] = ()


def torch_imports(contents: Contents) -> Iterator[TorchImports]:
    """Yield the imports of each library that imports anything of Torch from outside the wheel."""
    exported = contents.exports()
    symbols = {each.member: _of_torch(each.elf.imports - exported) for each in contents.libraries}
    weak = {each.member: _of_torch(each.elf.weak_imports - exported) for each in contents.libraries}
    importing = [each for each in contents.libraries if symbols[each.member] or weak[each.member]]
    if not importing:
        return  # the names of all other libraries need not be looked at
    others = tuple(filter(_is_of_others, contents.needed_from_outside()))
    stacks = {each.member: accelerators_of(each) for each in contents.libraries}
    hosts, every = contents.hosts(), frozenset[Accelerator]().union(*stacks.values())
    for each in importing:
        own = stacks[each.member] or (every if len(every) == 1 else ())
        yield TorchImports(
            member=each.member,
            machine=hosts[each.member],
            symbols=symbols[each.member],
            weak=weak[each.member],
            accelerator=next((stack for stack in _ORDER if stack in own), None),
            linked=any(map(is_torch, each.elf.needed)),
            others=others,
        )


def _of_torch(names: Iterable[str]) -> frozenset[str]:
    return frozenset(name for name in names if UNSTABLE.match(name) or STABLE.match(name))


def _is_of_others(name: str) -> bool:
    return not (is_torch(name) or is_system(name) or accelerator_of(name))
