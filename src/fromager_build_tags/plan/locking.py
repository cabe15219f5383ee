"""Plan every build tag of a settings tree, as a lock."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from ..errors import BuildTagError, explain_error
from ..settings.tree import SettingsTree
from ..stack.key import StackKey
from .lockfile import ANY, Lock, LockedStack
from .model import ANY_PACKAGE, PlannedTag, Wanted
from .planner import listed, plan
from .plugins import known_packages


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedLock:
    """The lock of a settings tree.

    Attributes:
        lock: the build tags of every variant whose stacks are valid.
        wrong: the other variants, each with its errors.
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
    """Plan the lock of a settings tree; an invalid variant does not hide the others.

    Args:
        tree: the settings.
        more: packages and versions of a real build, besides those of the tree.
    """
    packages = (ANY_PACKAGE, *known_packages(tree))
    wanted = [listed(tree, each) for each in (*(Wanted(package=each) for each in packages), *more)]
    wrong: dict[str, str] = {}
    stacks: list[LockedStack] = []
    for variant in tree.variants():
        try:
            for stack in tree.on(variant).stacks():
                tags = plan(tree.on(variant), [stack], wanted)
                stacks.append(_locked(variant, stack.key, tags))
        except BuildTagError as err:
            wrong[variant] = explain_error(err)
    return PlannedLock(lock=Lock(stacks=tuple(stacks), hook=tree.hook), wrong=wrong)


def _locked(variant: str, key: StackKey, tags: Iterable[PlannedTag]) -> LockedStack:
    planned = {
        (ANY if tag.package == ANY_PACKAGE else tag.package, tag.version_text): tag for tag in tags
    }
    return LockedStack(
        variant=variant,
        key=key,
        tags={row: tag.build_tag for row, tag in planned.items()},
        reasons={row: tag.reason for row, tag in planned.items() if not tag.build_tag.is_known},
    )
