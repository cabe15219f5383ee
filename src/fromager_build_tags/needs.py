"""What override modules are made of.

A module says what its package needs in one line::

    wheel_build_tag = depends_on("accelerator torch")

or, where that depends on the package's version, still in one::

    wheel_build_tag = depends_on("accelerator torch if version < 0.25 else accelerator")

and it can be a full function, which returns segments by :func:`segments`. The annotation
``build-tags.depends-on`` in a package's settings takes the same expressions. A purelib wheel
needs nothing, whatever its package says.
"""

from __future__ import annotations

import difflib
import enum
import functools
import inspect
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, Protocol

from packaging.requirements import Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.tags import Tag
from packaging.version import Version

from .context import BuildContext, stack_of
from .errors import NeedsError
from .segment import Order, Segment


class Need(enum.StrEnum):
    """What a wheel can depend on, beyond its distribution."""

    ACCELERATOR = "accelerator"
    TORCH = "torch"


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
        """Return ``(order, text)`` pairs; none for a wheel that has nothing to tell."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Expression:
    """What a package depends on: needs, perhaps only for some of its versions.

    Attributes:
        needs: what it depends on, if *versions* hold the package's version.
        versions: the versions of the package, None for all of them.
        otherwise: the expression for all other versions.
    """

    needs: frozenset[Need]
    versions: SpecifierSet | None = None
    otherwise: Expression | None = None

    def of(self, version: Version) -> frozenset[Need]:
        """Return what the package depends on in *version*."""
        if self.otherwise is None or self.versions is None:
            return self.needs
        if self.versions.contains(version, prereleases=True):
            return self.needs
        return self.otherwise.of(version)


@functools.cache
def parse_expression(text: str) -> Expression:
    """Read ``WORDS``, or ``WORDS if version SPECIFIERS else EXPRESSION``.

    Words are ``accelerator`` and ``torch``, or ``none`` alone; specifiers are those of
    PEP 440, and speak of the version of the package.

    Raises:
        NeedsError: *text* is none of these.
    """
    words, if_, condition = text.partition(" if ")
    needs = _parse_words(words, text)
    if not if_:
        return Expression(needs=needs)
    match = _CONDITION.fullmatch(condition)
    if not match:
        raise NeedsError(
            f"{text!r} has to read like 'accelerator torch if version < 0.25 else accelerator'"
        )
    try:
        versions = SpecifierSet(match["specifiers"])
    except InvalidSpecifier:
        raise NeedsError(
            f"{match['specifiers']!r} in {text!r} is not a PEP 440 specifier, such as '< 0.25'"
        ) from None
    return Expression(needs=needs, versions=versions, otherwise=parse_expression(match["else"]))


_CONDITION: Final = re.compile(r"\s*version\s*(?P<specifiers>\S.*?)\s+else\s+(?P<else>.*)")
_WORDS: Final = (*(need.value for need in Need), "none")


def _parse_words(words: str, text: str) -> frozenset[Need]:
    given = words.split()
    for word in given:
        if word not in _WORDS:
            close = difflib.get_close_matches(word, _WORDS, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"use {', '.join(_WORDS)}"
            raise NeedsError(f"{word!r} in {text!r} is nothing to depend on; {hint}")
    if not given or ("none" in given and len(given) > 1):
        raise NeedsError(f"{text!r} has to name what to depend on, or 'none' alone")
    return frozenset(Need(word) for word in given if word != "none")


def segments(
    needs: Collection[Need], *, ctx: BuildContext, wheel_tags: Collection[Tag]
) -> list[Segment]:
    """Return the segments of what a wheel depends on; none for a purelib wheel.

    Raises:
        BuildTagError: the stack of *ctx* cannot be told, or lacks what is needed.
    """
    if not needs or not is_platlib(wheel_tags):
        return []
    stack = stack_of(ctx)
    found = []
    if Need.ACCELERATOR in needs:
        found.append(Segment(Order.ACCELERATOR, stack.accelerator_text()))
    if Need.TORCH in needs:
        found.append(Segment(Order.TORCH, stack.torch_text()))
    return found


def distribution(
    *, ctx: BuildContext, req: Requirement, version: Version, wheel_tags: frozenset[Tag]
) -> Sequence[tuple[int, str]]:
    """The global hook: every platlib wheel depends on the distribution it is built on."""
    if not is_platlib(wheel_tags):
        return []
    return [Segment(Order.DISTRIBUTION, stack_of(ctx).distro_text())]


@dataclass(frozen=True, slots=True)
class DependsOn:
    """The ``wheel_build_tag`` of a package that depends on *expression*.

    Attributes:
        expression: as :func:`parse_expression` reads it.
    """

    expression: str

    #: fromager logs the name of the override that it calls,
    __name__ = "wheel_build_tag"
    #: and inspects its signature at each call, which takes longer than all the rest.
    __signature__: ClassVar = inspect.signature(distribution)

    def __post_init__(self) -> None:
        parse_expression(self.expression)

    def __call__(
        self, *, ctx: BuildContext, req: Requirement, version: Version, wheel_tags: frozenset[Tag]
    ) -> Sequence[tuple[int, str]]:
        """Return the segments of what the package depends on in *version*."""
        return segments(self.needs(version), ctx=ctx, wheel_tags=wheel_tags)

    def needs(self, version: Version) -> frozenset[Need]:
        """Return what the package depends on in *version*."""
        return parse_expression(self.expression).of(version)


def depends_on(expression: str) -> DependsOn:
    """Return a ``wheel_build_tag`` function for a package that depends on *expression*.

    Raises:
        NeedsError: the expression cannot be read.
    """
    return DependsOn(expression)


def is_platlib(wheel_tags: Collection[Tag]) -> bool:
    """Tell whether a wheel is for a platform. Its tags are good for nothing else: they differ
    between a build and a look-up (``linux_x86_64``, later ``manylinux_2_28_x86_64``)."""
    return any(tag.platform != "any" for tag in wheel_tags)
