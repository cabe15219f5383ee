"""What the libraries of a wheel import of Torch, from outside of the wheel."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from .libraries import Accelerator, Contents, accelerator_of, is_system, is_torch
from .symbols import STABLE, UNSTABLE

#: The order of a library's accelerators: a library of ROCm may need a name of CUDA's, too.
_PARTS: Final = (Accelerator.ROCM, Accelerator.XPU, Accelerator.CUDA)


@dataclass(frozen=True, kw_only=True, slots=True)
class TorchImports:
    """What one library of a wheel imports of Torch, and no library of the wheel exports.

    Attributes:
        member: its path in the wheel.
        machine: as in ``ElfFacts``.
        symbols: strong imports; without one of them the library cannot be loaded.
        weak: imports that may stay undefined.
        accelerator: the stack of the libraries of Torch that it needs; None for none.
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


def _of_torch(names: Iterable[str]) -> frozenset[str]:
    return frozenset(name for name in names if UNSTABLE.match(name) or STABLE.match(name))


def torch_imports(contents: Contents) -> Iterator[TorchImports]:
    """Yield the imports of each library that imports anything of Torch from outside the wheel."""
    exported = contents.exports()
    known = (is_torch, is_system, accelerator_of)
    needed = contents.needed_from_outside()
    others = tuple(name for name in needed if not any(each(name) for each in known))
    for each in contents.libraries:
        symbols = _of_torch(each.elf.imports - exported)
        weak = _of_torch(each.elf.weak_imports - exported)
        if symbols or weak:
            parts = {accelerator_of(name) for name in each.elf.needed if is_torch(name)}
            yield TorchImports(
                member=each.member,
                machine=each.elf.machine,
                symbols=symbols,
                weak=weak,
                accelerator=next((part for part in _PARTS if part in parts), None),
                linked=any(map(is_torch, each.elf.needed)),
                others=others,
            )
