"""The scope of a settings tree: its packages, without the shipped overrides of all others.

Importing this module imports neither an override nor fromager or stevedore.
"""

from __future__ import annotations

import functools
from importlib import metadata
from typing import TYPE_CHECKING, Final

from packaging.utils import NormalizedName, canonicalize_name

if TYPE_CHECKING:
    from ..settings.tree import SettingsTree

#: Our own group of override modules: an entry there switches on nothing but build tags.
SHIPPED_GROUP: Final = "fromager_build_tags.overrides"


def packages_in_scope(tree: SettingsTree, *, every: bool = False) -> list[NormalizedName]:
    """Return the packages with settings or an own override; if *every*, the shipped ones, too."""
    return sorted({*tree.packages(), *(shipped_packages() if every else ())})


def shipped_packages() -> frozenset[NormalizedName]:
    """Return the packages whose override installed distributions register in our group."""
    return _canonical(frozenset(shipped_overrides()))


@functools.cache
def _canonical(names: frozenset[str]) -> frozenset[NormalizedName]:
    return frozenset(map(canonicalize_name, names))


@functools.cache
def shipped_overrides() -> dict[str, tuple[metadata.EntryPoint, ...]]:
    """Return the entry points of our own group by name, not loaded."""
    return registered(SHIPPED_GROUP)


def registered(group: str) -> dict[str, tuple[metadata.EntryPoint, ...]]:
    """Return the entry points of a group by name, not loaded."""
    found = metadata.entry_points(group=group)
    return {each.name: tuple(found.select(name=each.name)) for each in found}
