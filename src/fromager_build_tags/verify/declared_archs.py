"""The GPU architectures that the settings declare for a wheel."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from ..tag.segment import Order
from .checks.examined import accelerator_in

if TYPE_CHECKING:
    from ..stack.gpu_arch import GpuArch
    from ..stack.stack import Stack
    from ..tag.filename import WheelName

#: Returns the architectures that the stacks of a wheel declare.
type ArchsOf = Callable[[WheelName], Sequence[GpuArch]]


def no_archs(_: WheelName) -> Sequence[GpuArch]:
    """Return the architectures if there are no settings."""
    return ()


def archs_for(name: WheelName, stacks: Callable[[], Iterable[Stack]]) -> Sequence[GpuArch]:
    """Return the architectures of each stack that has the segments of a wheel.

    A wheel whose name has no accelerator is for no stack in particular.

    Args:
        name: of the wheel.
        stacks: returns the stacks; called only if the name has an accelerator.
    """
    if not (accelerator := accelerator_in(name)):
        return ()
    segments = {order: text for order in Order if (text := name.segment(order))}
    segments[Order.ACCELERATOR] = accelerator
    fitting = (
        stack
        for stack in stacks()
        if all(stack.key.by_order.get(order, text) == text for order, text in segments.items())
    )
    return tuple(dict.fromkeys(arch for stack in fitting for arch in stack.gpu_archs))
