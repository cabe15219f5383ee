"""The public functions of override modules.

A module names the dependencies of its package in one line::

    wheel_build_tag = depends_on("accelerator torch")

or, if they depend on the package's version, on the accelerator, or on Torch, still in one::

    wheel_build_tag = depends_on("accelerator torch if version < 0.25 else accelerator")
    wheel_build_tag = depends_on("accelerator if accelerator == cuda else accelerator torch")
    wheel_build_tag = depends_on("accelerator torch if torch < 2.9 else accelerator")

or it defines a full function, which returns segments by :func:`segments`. The annotation
``build-tags.depends-on`` in a package's settings takes the same expressions. A purelib wheel
has no dependencies, whatever its package declares.
"""

from __future__ import annotations

import inspect
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from packaging.requirements import Requirement
from packaging.tags import Tag
from packaging.version import Version

from .settings.context import BuildContext, stack_of
from .stack.stack import Stack
from .tag.expression import GetFacts, Need, parse_expression
from .tag.platform import is_platlib
from .tag.segment import Order, Segment

__all__ = ["DependsOn", "Need", "WheelBuildTag", "depends_on", "distribution", "segments"]


class WheelBuildTag(Protocol):
    """A plugin named ``wheel_build_tag``, or the function of that name in an override module."""

    def __call__(
        self,
        *,
        ctx: BuildContext,
        req: Requirement,
        version: Version,
        wheel_tags: frozenset[Tag],
    ) -> Sequence[tuple[int, str]]:
        """Return ``(order, text)`` pairs; none for a wheel without dependencies."""
        ...


def segments(
    needs: Collection[Need], *, ctx: BuildContext, wheel_tags: Collection[Tag]
) -> list[Segment]:
    """Return the segments of a wheel with these dependencies; none for a purelib wheel.

    Raises:
        BuildTagError: the stack of *ctx* cannot be resolved, or a fact in it is unknown.
    """
    return _segments(needs, ctx) if is_platlib(wheel_tags) else []


def _segments(needs: Collection[Need], ctx: BuildContext) -> list[Segment]:
    if not needs:  # there may be no stack
        return []
    stack, found = stack_of(ctx), []
    if Need.ACCELERATOR in needs:
        found.append(Segment(Order.ACCELERATOR, stack.accelerator_text()))
    if Need.TORCH in needs:
        found.append(Segment(Order.TORCH, stack.torch_text()))
    return found


def distribution(
    *, ctx: BuildContext, req: Requirement, version: Version, wheel_tags: frozenset[Tag]
) -> Sequence[tuple[int, str]]:
    """Return the distribution segment of a platlib wheel: our global hook."""
    if not is_platlib(wheel_tags):
        return []
    return [Segment(Order.DISTRIBUTION, stack_of(ctx).distro_text())]


@dataclass(frozen=True, slots=True)
class DependsOn:
    """The ``wheel_build_tag`` of a package.

    Attributes:
        expression: its dependencies, for :func:`parse_expression`.
        torch_target: of a package that uses libtorch's stable ABI: the Torch that its own build
            targets for all of its libraries, such as ``2.11``; ``headers`` if it targets none, or
            that is unknown. "" for other packages.
    """

    expression: str
    torch_target: str = ""

    #: fromager logs the name of an override that it calls.
    __name__ = "wheel_build_tag"
    #: fromager inspects the signature at each call, which takes longer than all the rest.
    __signature__: ClassVar = inspect.signature(distribution)

    def __post_init__(self) -> None:
        parse_expression(self.expression)

    def __call__(
        self, *, ctx: BuildContext, req: Requirement, version: Version, wheel_tags: frozenset[Tag]
    ) -> Sequence[tuple[int, str]]:
        """Return the segments of a wheel of *version*."""
        if not is_platlib(wheel_tags):
            return []
        return _segments(self.needs(version, lambda: stack_of(ctx)), ctx)

    def needs(self, version: Version, facts: GetFacts) -> frozenset[Need]:
        """Return the dependencies of *version*, as :meth:`Expression.of` does."""
        return parse_expression(self.expression).of(version, facts)

    def needs_on(self, stack: Stack, version: Version) -> frozenset[Need]:
        """Return the dependencies of *version* on a stack that is resolved."""
        return self.needs(version, lambda: stack)


def depends_on(expression: str, *, torch_target: str = "") -> DependsOn:
    """Return a ``wheel_build_tag`` function for a package with the dependencies *expression*.

    Args:
        expression: see :func:`parse_expression`.
        torch_target: which Torch the package's build sets as ``TORCH_TARGET_VERSION``; ``check``
            uses it, see :class:`DependsOn`.

    Raises:
        NeedsError: *expression* is not an expression.
    """
    return DependsOn(expression, torch_target)
