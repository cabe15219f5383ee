"""The stack of a family that the wheels of an index are built for."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence

from ..stack.key import StackKey
from ..tag.segment import Order
from . import Index
from .status import IndexWheel, group_files


def infer_stack(
    index: Index, keys: Sequence[StackKey], count: Callable[[int], None]
) -> StackKey | None:
    """Return the one stack of *keys* that every wheel of an index fits; None if it is not one.

    Args:
        index: all of its pages are read, or those up to a wheel that fits no stack of the others.
        keys: the stacks of its variant, two or more.
        count: called with 1 after each project.
    """
    fitting = set(keys)
    for listed in index.projects():
        wheels = group_files(listed.files).wheels.values()
        fitting.intersection_update(*_fits(itertools.chain.from_iterable(wheels), keys))
        if not fitting:
            return None
        count(1)
    return fitting.pop() if len(fitting) == 1 else None


def _fits(wheels: Iterable[IndexWheel], keys: Sequence[StackKey]) -> Iterable[set[StackKey]]:
    """Yield the stacks that each wheel with an accelerator or a Torch fits.

    A Torch that no stack has is that of an earlier stack: it is compared only where it decides.
    """
    for accelerator, torch in {
        (each.accelerator, each.build_tag.by_order.get(Order.TORCH, "")) for each in wheels
    }:
        if accelerator:
            same = {key for key in keys if key.accelerator == accelerator}
            yield {key for key in same if len(same) == 1 or torch in {"", key.torch}}
        elif torch:
            yield {key for key in keys if key.torch == torch} or {*keys}
