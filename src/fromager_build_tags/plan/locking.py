"""Plan every build tag of a settings tree, as a lock."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from ..errors import BuildTagError, explain_error
from ..settings.hook import NO_HOOK
from ..settings.tree import SettingsTree
from ..stack.key import StackKey
from .locked_tags import ANY, Lock, LockedStack, Row, is_open, packages_of
from .model import ANY_PACKAGE, PlannedTag, Wanted
from .planner import listed, plan
from .scope import is_shipped, packages_in_scope


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


def lock_of(tree: SettingsTree, more: Iterable[Wanted] = (), *, every: bool = False) -> PlannedLock:
    """Plan the lock of a settings tree; an invalid variant does not hide the others.

    Args:
        tree: the settings.
        more: packages and versions of a real build, besides those of the tree.
        every: whether to include every shipped override.
    """
    more = list(more)
    scope = {*packages_in_scope(tree, every=every)}
    # other versions of such a package do not have the default build tag
    scope |= {each.package for each in more if is_shipped(each.package)}
    packages = (ANY_PACKAGE, *sorted(scope))
    wanted = [listed(tree, each) for each in (*(Wanted(package=each) for each in packages), *more)]
    wrong: dict[str, str] = {}
    planned: list[_Planned] = []
    for variant in tree.variants():
        try:
            for stack in tree.on(variant).stacks():
                tags = plan(tree.on(variant), [stack], wanted)
                planned.append(_Planned(variant, stack.key, {_row(tag): tag for tag in tags}))
        except BuildTagError as err:
            wrong[variant] = explain_error(err)
    known: frozenset[str] = frozenset({*scope, *(each.package for each in more)})
    named = packages_of(each.differing() for each in planned)
    kept = {(package, ANY) for package in scope - named if is_shipped(package)}
    stacks = tuple(each.locked(kept, None if tree.hook == NO_HOOK else known) for each in planned)
    return PlannedLock(lock=Lock(stacks=stacks, hook=tree.hook, every=every), wrong=wrong)


class _Planned(NamedTuple):
    """The planned tags of a stack, by the row of a lock."""

    variant: str
    key: StackKey
    tags: Mapping[Row, PlannedTag]

    def differing(self) -> list[Row]:
        """Return the rows that a lock needs: others equal the row that they fall back to."""
        return [row for row in self.tags if not is_open(row) or self._differs(row)]

    def _differs(self, row: Row) -> bool:
        rest, default = (row[0], ANY), (ANY, ANY)
        if row == default:
            return True
        other = self.tags[rest if row != rest and rest in self.tags else default]
        return self.tags[row].build_tag != other.build_tag

    def locked(self, kept: Container[Row], known: frozenset[str] | None) -> LockedStack:
        """Return the stack with the rows that a lock needs, and the *kept* ones."""
        rows = {*self.differing(), *(row for row in self.tags if row in kept)}
        unknown = {row: tag for row, tag in self.tags.items() if not tag.build_tag.is_known}
        return LockedStack(
            variant=self.variant,
            key=self.key,
            tags={row: tag.build_tag for row, tag in self.tags.items() if row in rows},
            reasons={row: tag.reason for row, tag in unknown.items()},
            packages=known,
        )


def _row(tag: PlannedTag) -> Row:
    return (ANY if tag.package == ANY_PACKAGE else tag.package, tag.version_text)
