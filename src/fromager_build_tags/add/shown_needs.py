"""What a wheel shows of its dependencies, and what it does not show, a line each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from ..stack.stack import DeclaredTorch
from ..tag.contents import excludes
from ..tag.expression import Need
from ..text import first_few
from ..wheel.evidence import Evidence, TorchAbi
from ..wheel.facts import WheelFacts
from ..wheel.torch.torch_abi import compare
from ..wheel.torch.torch_loads import TorchLoads
from ..wheel.torch.torch_table import shipped_table

_MOST: Final = 3


def loads_of(facts: WheelFacts) -> TorchLoads | None:
    """Return with which Torch a wheel loads; None if it imports nothing of Torch."""
    return compare(facts.torch_imports, shipped_table()) if facts.torch_imports else None


def evidence_in(facts: WheelFacts, lowest: DeclaredTorch | None = None) -> Iterator[str]:
    """Yield what a wheel shows of its dependencies, and what it does not show.

    Args:
        facts: the content of the wheel.
        lowest: as for :func:`propose_from_wheel`.
    """
    for use in facts.uses:
        stack = use.accelerator.value
        label = f"{stack}, not used" if facts.is_incidental else stack
        yield from _lines(label, use.evidence)
    for use in facts.hints:
        yield from _lines(f"{use.accelerator.value}, not proven", use.evidence)
    yield from _torch_lines(facts, lowest)
    if facts.purelib:
        yield "it is a purelib wheel, which gets no segments, whatever it contains"
    elif not facts.uses and not facts.torch.evidence and not list(_unread(facts)):
        yield f"no library in it needs an accelerator or Torch ({facts.libraries:,} checked)"
    if facts.is_incidental and not facts.purelib:
        yield "nothing in it needs the accelerator: add 'accelerator' if it does not work without"
    if facts.hints and not facts.purelib:
        yield "it may load an accelerator at run time: add 'accelerator' if it needs one"
    yield from facts.notes
    if facts.torch.abi is TorchAbi.LINKED:
        yield "it links libtorch, but imports no symbol that shows which ABI"
    if facts.purelib and facts.hosts:
        machines = ", ".join(dict.fromkeys(each.machine for each in facts.hosts))
        yield f"its tag fits any platform, but it contains libraries for {machines}"
    if facts.unexplained and not facts.purelib and not facts.needed_accelerators:
        yield f"external libraries not recognized: {first_few(facts.unexplained)}"


def _torch_lines(facts: WheelFacts, lowest: DeclaredTorch | None) -> Iterator[str]:
    abi = facts.torch.abi
    label = "Torch" if abi is TorchAbi.LINKED else f"Torch, {abi} ABI"
    yield from _lines(label, facts.torch.evidence)
    if loads := loads_of(facts):
        yield f"it {loads}"
    if loads and lowest and excludes(facts, loads, lowest.version):
        how = "does not load" if loads.minimum else "is not known to load"
        yield (
            f"the settings declare {lowest}, with which it {how}: without a Torch segment, "
            "its name would fit that Torch, too; keep 'torch', or compile it with a lower "
            "TORCH_TARGET_VERSION"
        )


def _lines(what: str, evidence: Sequence[Evidence]) -> Iterator[str]:
    yield from (f"{what}: {each}" for each in evidence[:_MOST])
    if (more := len(evidence) - _MOST) > 0:
        yield f"{what}: {more:,} more like these"


def unread_in(facts: WheelFacts, seen: frozenset[Need]) -> str:
    """Return which parts were not read and could show more than *seen*; "" for none."""
    unread = list(_unread(facts))
    if Need.ACCELERATOR not in seen:
        unread += [
            f"{each} has no section headers, which would show device code"
            for each in facts.without_sections
        ]
    return first_few(unread, _MOST, separator="; ") if len(seen) < len(Need) else ""


def _unread(facts: WheelFacts) -> Iterator[str]:
    yield from (f"{each.member} could not be read ({each.reason})" for each in facts.unread)
    if not facts.libraries and not facts.unread:
        yield "it contains no library"
