"""Plan every tag that a settings tree gives, and hold it as a lock."""

from __future__ import annotations

import pathlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from ..errors import BuildTagError, explain_error
from ..settings.tree import SettingsTree
from ..stack.key import StackKey
from .lockfile import ANY, NO_TAG, Key, Lock, LockedStack
from .model import ANY_PACKAGE, PlannedTag, Wanted
from .planner import listed, plan
from .plugins import known_packages


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedLock:
    """The lock that settings give.

    Attributes:
        lock: the tags of every variant whose stacks are declared well.
        wrong: the other variants, and what is wrong with each.
    """

    lock: Lock
    wrong: Mapping[str, str]

    @property
    def unknown(self) -> Mapping[str, Collection[str]]:
        """Why suffixes are unknown, each with its packages."""
        found: dict[str, dict[str, None]] = {}
        for stack in self.lock.stacks:
            for (package, _), reason in stack.reasons.items():
                found.setdefault(reason, {})[package] = None
        return found


def lock_of(tree: SettingsTree, more: Iterable[Wanted] = ()) -> PlannedLock:
    """Plan the lock of a settings tree; one wrong variant never hides the next.

    Args:
        tree: the settings.
        more: packages and versions of a real build, beside those that the tree knows.
    """
    wanted = [
        Wanted(package=ANY_PACKAGE),
        *(Wanted(package=package) for package in known_packages(tree)),
        *more,
    ]
    wanted = [listed(tree, each) for each in wanted]
    wrong: dict[str, str] = {}
    stacks: list[LockedStack] = []
    for variant in tree.variants():
        try:
            for stack in tree.on(variant).stacks():
                tags = plan(tree.on(variant), [stack], wanted)
                stacks.append(_locked(variant, stack.key, tags))
        except BuildTagError as err:
            wrong[variant] = explain_error(err)
    return PlannedLock(lock=Lock(stacks=tuple(stacks)), wrong=wrong)


def _locked(variant: str, stack: StackKey, tags: Iterable[PlannedTag]) -> LockedStack:
    locked: dict[Key, str] = {}
    reasons: dict[Key, str] = {}
    for tag in tags:
        key = _key(tag)
        locked[key] = str(tag.build_tag) or NO_TAG
        if tag.error:
            reasons[key] = tag.error
    return LockedStack(variant=variant, key=stack, tags=locked, reasons=reasons)


def lock_file(tree_settings_file: pathlib.Path) -> pathlib.Path:
    """Return where the lock stands, unless it is told otherwise: beside the settings file."""
    return tree_settings_file.parent / "build-tags.lock"


def _key(tag: PlannedTag) -> Key:
    package = ANY if tag.package == ANY_PACKAGE else tag.package
    return (package, tag.version_text)
