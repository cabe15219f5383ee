"""What override modules are made of.

A module says what its package needs in one line::

    wheel_build_tag = depends_on("accelerator torch")

or, where that depends on the package's version, on the accelerator, or on Torch, still in one::

    wheel_build_tag = depends_on("accelerator torch if version < 0.25 else accelerator")
    wheel_build_tag = depends_on("accelerator if accelerator == cuda else accelerator torch")
    wheel_build_tag = depends_on("accelerator torch if torch < 2.9 else accelerator")

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
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, Protocol

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.tags import Tag
from packaging.version import Version

from .errors import NeedsError
from .settings.context import BuildContext, stack_of
from .stack import accelerator as accelerators
from .stack.stack import Stack
from .tag.segment import Order, Segment
from .tag.version_ranges import boundaries_of


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


#: Returns the stack; asked only by an expression that depends on it, since there need be none.
type AskStack = Callable[[], Stack]


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """What has to hold all at once.

    Attributes:
        versions: those of the package.
        accelerators: words of accelerators, and whether the stack's has to be that one, or not.
        torches: releases of Torch, and whether the stack's has to be that one or later, or not.
    """

    versions: SpecifierSet
    accelerators: frozenset[tuple[str, bool]] = frozenset()
    torches: frozenset[tuple[Version, bool]] = frozenset()

    def holds(self, version: Version, ask: AskStack) -> bool:
        """Tell whether the condition holds."""
        if not self.versions.contains(version, prereleases=True):
            return False
        if any((ask().accelerator_word() == word) is not yes for word, yes in self.accelerators):
            return False
        return all(ask().has_torch(release) is yes for release, yes in self.torches)


@dataclass(frozen=True, kw_only=True, slots=True)
class Clause:
    """What a package depends on where a condition holds.

    Attributes:
        needs: what it depends on.
        condition: None for always.
    """

    needs: frozenset[Need]
    condition: Condition | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Expression:
    """What a package depends on, perhaps not in every version and on every stack.

    Attributes:
        clauses: the first whose condition holds is the one that counts; the last one's always does.
    """

    clauses: tuple[Clause, ...]

    def of(self, version: Version, ask: AskStack) -> frozenset[Need]:
        """Return what the package depends on in *version*.

        Raises:
            MissingFactError: that depends on the accelerator or on Torch, and nothing tells which.
        """
        return next(
            clause.needs
            for clause in self.clauses
            if clause.condition is None or clause.condition.holds(version, ask)
        )

    def boundaries(self) -> set[Version]:
        """Return the versions of the package at which what it depends on can change."""
        conditions = [each.condition for each in self.clauses if each.condition]
        return set().union(*(boundaries_of(str(each.versions)) for each in conditions))

    def at_most(self) -> frozenset[Need]:
        """Return everything that the package depends on anywhere."""
        return frozenset().union(*(each.needs for each in self.clauses))


@functools.cache
def parse_expression(text: str) -> Expression:
    """Read ``WORDS``, or ``WORDS if CONDITION else EXPRESSION``, with blanks of any kind.

    Words are ``accelerator`` and ``torch``, or ``none`` alone. A condition is one or more of
    ``version SPECIFIERS``, with the specifiers of PEP 440, which speak of the version of the
    package; ``accelerator == WORD``; ``accelerator != WORD``; ``torch < RELEASE``; and ``torch >=
    RELEASE``, which speak of the stack; with ``and`` between them. A release is a major and a minor
    version, since a stack need not know Torch more precisely; what comes before it counts as less.

    Raises:
        NeedsError: *text* is none of these.
    """
    *conditional, last = " ".join(text.split()).split(" else ")
    clauses = [_parse_clause(clause, text) for clause in conditional]
    if " if " in last:
        raise NeedsError(f"{text!r} has to read like {_EXAMPLE!r}")
    return Expression(clauses=(*clauses, Clause(needs=_parse_words(last, text))))


def _parse_clause(clause: str, text: str) -> Clause:
    words, if_, condition = clause.partition(" if ")
    needs = _parse_words(words, text)
    if not if_:
        raise NeedsError(f"{text!r} has to read like {_EXAMPLE!r}")
    return Clause(needs=needs, condition=_parse_condition(condition, text))


_EXAMPLE: Final = "accelerator torch if version < 0.25 else accelerator"
_TERM: Final = re.compile(
    r"\s*(?:version\s*(?P<specifiers>[^\w\s].*?)|accelerator\s*(?P<sign>[=!]=)\s*(?P<word>\S+)"
    r"|torch\s*(?P<than><|>=)\s*(?P<release>[0-9]{1,4}\.[0-9]{1,4}))\s*"
)


def _parse_condition(condition: str, text: str) -> Condition:
    versions, words, torches = SpecifierSet(), set(), set()
    for term in condition.split(" and "):
        match = _TERM.fullmatch(term)
        if not match:
            raise NeedsError(
                f"{term.strip()!r} in {text!r} is no condition; use 'version < 0.25', "
                "'accelerator == cuda', 'accelerator != cuda', 'torch < 2.9' or 'torch >= 2.9', "
                "with 'and' between two"
            )
        if match["release"]:
            torches.add((Version(match["release"]), match["than"] == ">="))
            continue
        if match["word"]:
            words.add((_checked_accelerator(match["word"], text), match["sign"] == "=="))
            continue
        try:
            boundaries_of(match["specifiers"])  # a number can be too long for an int
            versions &= SpecifierSet(match["specifiers"])
        except ValueError:  # InvalidSpecifier is one
            raise NeedsError(
                f"{match['specifiers']!r} in {text!r} is not a PEP 440 specifier, such as '< 0.25'"
            ) from None
    return Condition(versions=versions, accelerators=frozenset(words), torches=frozenset(torches))


def _checked_accelerator(word: str, text: str) -> str:
    """Refuse a word that can only be a slip: its condition would never hold."""
    if word in accelerators.KNOWN:
        return word
    close = difflib.get_close_matches(word.lower(), accelerators.KNOWN, n=1, cutoff=0.7)
    if close:
        raise NeedsError(f"{word!r} in {text!r} is no accelerator; did you mean {close[0]!r}?")
    if not re.fullmatch(accelerators.WORD_PATTERN, word):
        raise NeedsError(f"{word!r} in {text!r} is no accelerator; use a word such as 'cuda'")
    return word


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
    return _segments(needs, ctx) if needs and is_platlib(wheel_tags) else []


def _segments(needs: Collection[Need], ctx: BuildContext) -> list[Segment]:
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
        if not is_platlib(wheel_tags):
            return []
        needs = self.needs(version, lambda: stack_of(ctx))
        return _segments(needs, ctx) if needs else []

    def needs(self, version: Version, ask: AskStack) -> frozenset[Need]:
        """Return what the package depends on in *version*, as :meth:`Expression.of` does."""
        return parse_expression(self.expression).of(version, ask)

    def needs_on(self, stack: Stack, version: Version) -> frozenset[Need]:
        """Return what the package depends on in *version* on a stack that is known."""
        return self.needs(version, lambda: stack)


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
