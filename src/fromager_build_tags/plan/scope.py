"""The scope of a settings tree: its packages, without the shipped overrides of all others.

Importing this module imports neither an override nor fromager or stevedore.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from importlib import metadata
from typing import TYPE_CHECKING, Final, NamedTuple

from packaging.utils import NormalizedName, canonicalize_name

from .name_pattern import STAR, NamePattern

if TYPE_CHECKING:
    from ..settings.tree import SettingsTree

#: Our own group of override modules: an entry there switches on nothing but build tags.
SHIPPED_GROUP: Final = "fromager_build_tags.overrides"


def packages_in_scope(tree: SettingsTree, *, every: bool = False) -> list[NormalizedName]:
    """Return the packages with settings or an own override; if *every*, the shipped ones, too.

    A pattern stands for names that are not known, so it adds none.
    """
    return sorted({*tree.packages(), *(shipped_packages() if every else ())})


def is_shipped(package: str) -> bool:
    """Return whether an installed distribution registers an override for *package* in our group."""
    return bool(_names_for(package))


def shipped_for(package: str) -> list[metadata.EntryPoint]:
    """Return the entry points of our group for *package*: with its name, or else its patterns."""
    return _entry_points(_names_for(package))


def pattern_of(package: str) -> str:
    """Return the pattern in our group that matches *package*; "" if its name is there, or none."""
    return next((each for each in _names_for(package) if STAR in each), "")


def shipped_packages() -> frozenset[NormalizedName]:
    """Return the packages that entry points of our group name, without those of patterns."""
    return frozenset(_names().packages)


def patterns() -> list[tuple[metadata.EntryPoint, NamePattern]]:
    """Return the entry points of our group whose names are patterns."""
    return [
        (each, found) for name, found in _names().patterns.items() for each in _entry_points([name])
    ]


def wrong_patterns() -> list[tuple[metadata.EntryPoint, str]]:
    """Return the entry points of our group whose patterns are refused, each with the reason."""
    return [
        (each, reason) for name, reason in _names().wrong.items() for each in _entry_points([name])
    ]


def _names_for(package: str) -> Sequence[str]:
    names = _names()
    if own := names.packages.get(NormalizedName(package)):
        return own
    if not package.startswith(names.starts):  # most do not; asked for each row of a lock
        return ()
    return [name for name, pattern in names.patterns.items() if pattern.matches(package)]


def _entry_points(names: Iterable[str]) -> list[metadata.EntryPoint]:
    return [each for name in names for each in shipped_overrides()[name]]


class _Names(NamedTuple):
    """The names of the entry points in our group, in any spelling.

    Attributes:
        packages: the names of packages, by the canonical name.
        patterns: the patterns.
        wrong: the names that are not patterns, though they contain ``*``, each with the reason.
        starts: what the patterns begin with.
    """

    packages: dict[NormalizedName, list[str]]
    patterns: dict[str, NamePattern]
    wrong: dict[str, str]
    starts: tuple[str, ...] = ()


def _names() -> _Names:
    return _parsed(tuple(shipped_overrides()))


@functools.lru_cache(maxsize=16)
def _parsed(names: tuple[str, ...]) -> _Names:
    found = _Names({}, {}, {})
    for name in sorted(names):
        if STAR not in name:
            found.packages.setdefault(canonicalize_name(name), []).append(name)
            continue
        try:
            found.patterns[name] = NamePattern.parse(name)
        except ValueError as err:
            found.wrong[name] = str(err)
    return found._replace(starts=tuple(each.start for each in found.patterns.values()))


@functools.cache
def shipped_overrides() -> dict[str, tuple[metadata.EntryPoint, ...]]:
    """Return the entry points of our own group by name, not loaded."""
    return registered(SHIPPED_GROUP)


def registered(group: str) -> dict[str, tuple[metadata.EntryPoint, ...]]:
    """Return the entry points of a group by name, not loaded."""
    found = metadata.entry_points(group=group)
    return {each.name: tuple(found.select(name=each.name)) for each in found}
