"""The expression language: the dependencies of a package, by version, accelerator and Torch.

``accelerator torch if version < 0.25 else accelerator``: override modules pass an expression to
``depends_on``; the annotation ``build-tags.depends-on`` contains one.
"""

from __future__ import annotations

import enum
import functools
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final, Protocol

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from ..errors import NeedsError
from ..text import did_you_mean
from .segment import ACCELERATOR_WORD, KNOWN_ACCELERATORS
from .version_ranges import boundaries_of, public, without_local_parts


class Need(enum.StrEnum):
    """What a wheel can depend on, beyond its distribution."""

    ACCELERATOR = "accelerator"
    TORCH = "torch"


class ConditionFacts(Protocol):
    """The facts of a stack that conditions test."""

    def accelerator_word(self) -> str:
        """Return the accelerator without its version, such as ``cuda``."""
        ...

    def has_torch(self, release: Version, /) -> bool:
        """Return whether Torch is *release*, a major and a minor version, or later."""
        ...


def simple_expression(needs: Collection[Need]) -> str:
    """Return the expression without conditions: ``accelerator torch``, ``none``."""
    return " ".join(need for need in Need if need in needs) or "none"


#: Returns the stack. Only an expression that depends on the stack calls it: there may be none.
type GetFacts = Callable[[], ConditionFacts]


@dataclass(frozen=True, kw_only=True, slots=True)
class Clause:
    """Dependencies, and the terms that all have to match for a package to have them.

    Attributes:
        versions: versions of the package.
        accelerators: accelerators, each with whether the stack's has to be equal to it.
        torches: releases of Torch, each with whether the stack's has to be that or a later one.
    """

    needs: frozenset[Need]
    versions: SpecifierSet | None = None
    accelerators: frozenset[tuple[str, bool]] = frozenset()
    torches: frozenset[tuple[Version, bool]] = frozenset()

    def matches(self, version: Version, facts: GetFacts) -> bool:
        """Return whether all terms match; a clause without terms always matches."""
        if self.versions and not self.versions.contains(public(version), prereleases=True):
            return False
        if any((facts().accelerator_word() == word) is not yes for word, yes in self.accelerators):
            return False
        return all(facts().has_torch(release) is yes for release, yes in self.torches)


@dataclass(frozen=True, kw_only=True, slots=True)
class Expression:
    """The dependencies of a package: of the first clause that matches; the last always does."""

    clauses: tuple[Clause, ...]

    def of(self, version: Version, facts: GetFacts) -> frozenset[Need]:
        """Return the dependencies of *version* of the package.

        Raises:
            MissingFactError: they depend on the accelerator or on Torch, which is unknown.
        """
        return next(clause.needs for clause in self.clauses if clause.matches(version, facts))

    def boundaries(self) -> set[Version]:
        """Return the versions of the package at which its dependencies can change."""
        return set().union(*(boundaries_of(str(each.versions or "")) for each in self.clauses))

    def at_most(self) -> frozenset[Need]:
        """Return the dependencies of all clauses together."""
        return frozenset().union(*(each.needs for each in self.clauses))

    def at_least(self) -> frozenset[Need]:
        """Return the dependencies that all clauses have."""
        return frozenset(Need).intersection(*(each.needs for each in self.clauses))


@functools.cache
def parse_expression(text: str) -> Expression:
    """Return the expression in ``WORDS``, or in ``WORDS if CONDITION else EXPRESSION``.

    Words are ``accelerator`` and ``torch``, or ``none`` alone, separated by any white space. A
    condition is one or more terms with ``and`` between them: ``version SPECIFIERS`` (PEP 440, the
    version of the package), ``accelerator == WORD``, ``accelerator != WORD``, ``torch < RELEASE``
    and ``torch >= RELEASE``. Local parts of the package's versions do not matter, as in fromager's
    changelogs; ``===`` is ``==``. A release of Torch is a major and a minor version, since a stack
    need not know Torch more precisely; its pre-releases count as lower.

    Raises:
        NeedsError: *text* is not an expression.
    """
    *conditional, last = " ".join(text.split()).split(" else ")
    clauses = [_parse_clause(clause, text) for clause in conditional]
    if " if " in last:
        raise NeedsError(f"{text!r} has to read like {_EXAMPLE!r}")
    return Expression(clauses=(*clauses, Clause(needs=_parse_words(last, text))))


_EXAMPLE: Final = "accelerator torch if version < 0.25 else accelerator"


def _parse_clause(clause: str, text: str) -> Clause:
    words, if_, condition = clause.partition(" if ")
    needs = _parse_words(words, text)
    if not if_:
        raise NeedsError(f"{text!r} has to read like {_EXAMPLE!r}")
    return _parse_condition(needs, condition, text)


_TERM: Final = re.compile(
    r"\s*(?:version\s*(?P<specifiers>[^\w\s].*?)|accelerator\s*(?P<sign>[=!]=)\s*(?P<word>\S+)"
    r"|torch\s*(?P<than><|>=)\s*(?P<release>[0-9]{1,4}\.[0-9]{1,4}))\s*"
)


def _parse_condition(needs: frozenset[Need], condition: str, text: str) -> Clause:
    versions, words, torches = SpecifierSet(), set(), set()
    for term in condition.split(" and "):
        match = _TERM.fullmatch(term)
        if not match:
            raise NeedsError(
                f"{term.strip()!r} in {text!r} is not a condition: use 'version < 0.25', "
                "'accelerator == cuda', 'accelerator != cuda', 'torch < 2.9' or 'torch >= 2.9', "
                "with 'and' between two"
            )
        if match["release"]:
            torches.add((Version(match["release"]), match["than"] == ">="))
        elif match["word"]:
            words.add((_parse_accelerator(match["word"], text), match["sign"] == "=="))
        else:
            versions &= _parse_specifiers(match["specifiers"], text)
    return Clause(
        needs=needs,
        versions=versions,
        accelerators=frozenset(words),
        torches=frozenset(torches),
    )


def _parse_specifiers(specifiers: str, text: str) -> SpecifierSet:
    try:
        str(boundaries_of(specifiers))  # a number can be too long for int and str
        return without_local_parts(SpecifierSet(specifiers))
    except ValueError:  # InvalidSpecifier is one
        raise NeedsError(
            f"{specifiers!r} in {text!r} is not a PEP 440 specifier, such as '< 0.25'"
        ) from None


def _parse_accelerator(word: str, text: str) -> str:
    """Refuse a misspelled accelerator: its condition never matches."""
    if word in KNOWN_ACCELERATORS:
        return word
    hint = did_you_mean(word, KNOWN_ACCELERATORS)
    if not hint and re.fullmatch(ACCELERATOR_WORD, word):
        return word
    hint = hint or "; use a word such as 'cuda'"
    raise NeedsError(f"{word!r} in {text!r} is not an accelerator{hint}")


_WORDS: Final = (*(need.value for need in Need), "none")


def _parse_words(words: str, text: str) -> frozenset[Need]:
    given = words.split()
    for word in given:
        if word not in _WORDS:
            hint = did_you_mean(word, _WORDS) or ": use accelerator, torch or none"
            raise NeedsError(f"unknown dependency {word!r} in {text!r}{hint}")
    if not given or ("none" in given and len(given) > 1):
        raise NeedsError(f"{text!r} has to name dependencies, or 'none' alone")
    return frozenset(Need(word) for word in given if word != "none")
