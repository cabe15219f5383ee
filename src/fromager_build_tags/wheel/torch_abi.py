"""How a wheel depends on Torch: by the symbols that it imports, or by a link alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from .evidence import Evidence, need
from .libraries import Contents, is_torch
from .symbols import is_stable, is_unstable, readable

type _Imports = Sequence[tuple[str, frozenset[str]]]


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
    """What a wheel uses of Torch; counts are distinct symbols over all of its libraries."""

    abi: TorchAbi
    evidence: tuple[Evidence, ...] = ()
    cxx_symbols: int = 0
    stable_symbols: int = 0
    cxx_evidence: tuple[Evidence, ...] = ()
    """The part of ``evidence`` that makes it unstable."""


def torch_use(contents: Contents) -> TorchUse:
    """Return what a wheel uses, by symbols: stable and unstable wheels alike need libtorch.so."""
    imports = list(contents.imports_from_outside())
    every = frozenset().union(*(names for _, names in imports))
    cxx = frozenset(filter(is_unstable, every))
    stable = frozenset(filter(is_stable, every))
    links = tuple(_links(contents))
    cxx_evidence = tuple(_cxx_evidence(imports))
    return TorchUse(
        abi=_abi(cxx=bool(cxx), stable=bool(stable), linked=bool(links)),
        evidence=(*cxx_evidence, *_stable_evidence(imports), *links),
        cxx_symbols=len(cxx),
        stable_symbols=len(stable),
        cxx_evidence=cxx_evidence,
    )


def _abi(*, cxx: bool, stable: bool, linked: bool) -> TorchAbi:
    if cxx:
        return TorchAbi.UNSTABLE
    if stable:
        return TorchAbi.STABLE
    return TorchAbi.LINKED if linked else TorchAbi.NONE


def _cxx_evidence(imports: _Imports) -> Iterator[Evidence]:
    for member, names in imports:
        if cxx := sorted(filter(is_unstable, names)):
            what = f"imports {len(cxx)} C++ symbols of Torch, as {_example(cxx)}"
            yield Evidence(member=member, what=what)


def _stable_evidence(imports: _Imports) -> Iterator[Evidence]:
    for member, names in imports:
        if stable := sorted(filter(is_stable, names)):
            what = f"imports {len(stable)} functions of Torch's stable ABI, as {stable[0]}"
            yield Evidence(member=member, what=what)


def _example(symbols: Sequence[str]) -> str:
    names = [readable(symbol) for symbol in symbols]
    return next((name for name in names if "::" in name), names[0])


def _links(contents: Contents) -> Iterator[Evidence]:
    for library in contents.libraries:
        for name in library.elf.needed:
            if is_torch(name) and name not in contents.carried:
                yield need(library, name)
