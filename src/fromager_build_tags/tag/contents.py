"""What a wheel depends on, as its contents show: the one judgement of all commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .expression import Need

if TYPE_CHECKING:
    from packaging.version import Version

    from ..wheel.facts import WheelFacts
    from ..wheel.torch.torch_loads import TorchLoads


def needs_of(
    facts: WheelFacts, loads: TorchLoads | None = None, lowest: Version | None = None
) -> frozenset[Need]:
    """Return what a wheel for a platform depends on.

    Args:
        facts: its contents.
        loads: with which Torch it loads; None if it imports nothing of Torch.
        lowest: the lowest Torch that its name is for without a Torch segment; None if unknown.
    """
    found = {Need.ACCELERATOR} if facts.needed_accelerators else set()
    if facts.torch.is_unstable or excludes(facts, loads, lowest):
        found.add(Need.TORCH)
    return frozenset(found)


def excludes(facts: WheelFacts, loads: TorchLoads | None, lowest: Version | None) -> bool:
    """Return whether a wheel of the stable ABI is not known to load with the lowest Torch.

    Without a Torch segment, its name would be for that Torch, too; arguments as for
    :func:`needs_of`.
    """
    return facts.torch.is_stable and loads is not None and is_excluded(loads.minimum, lowest)


def is_excluded(minimum: Version | None, lowest: Version | None) -> bool:
    """Return whether a wheel is not known to load with the lowest Torch, from a minimum on."""
    return lowest is not None and (minimum is None or minimum > lowest)
