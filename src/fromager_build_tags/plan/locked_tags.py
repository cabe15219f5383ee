"""The build tags of a lock: which tag a version of a package has on a stack, listed or not."""

from __future__ import annotations

import functools
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from packaging.version import Version

from ..settings.hook import NO_HOOK, Hook
from ..stack.key import StackKey
from ..tag.build_tag import NO_BUILD_TAG, BuildTag
from ..tag.version_ranges import holds, is_span, like, public
from .scope import is_shipped

#: The number that readers check; a minor number in the file adds comments, which they pass over.
#: A lock of format 1 contains every shipped override, and a reader of it relies on that.
FORMAT: Final = 2
ANY: Final = "*"

#: A package and a version, or ``*`` for either.
type Row = tuple[str, str]


@dataclass(frozen=True, kw_only=True)  # slots exclude cached properties
class LockedStack:
    """The build tags of one stack.

    Attributes:
        variant: fromager's variant.
        key: the facts of the stack.
        tags: the build tag of each row.
        reasons: why suffixes are unknown; not part of the file.
        packages: those that the lock contains, on any stack; None if every other package has the
            build tag of ``* *``.
    """

    variant: str
    key: StackKey
    tags: Mapping[Row, BuildTag]
    reasons: Mapping[Row, str] = field(default_factory=dict, compare=False)
    packages: frozenset[str] | None = field(default=None, compare=False)

    def tag(self, package: str, version: str) -> BuildTag:
        """Return the build tag of a version of a package, listed or not."""
        tag = self.tags.get(self._row(package, version), NO_BUILD_TAG)
        return tag if tag.is_none or self.contains(package) else tag._replace(suffix=None)

    def contains(self, package: str) -> bool:
        """Return whether the build tags of *package* are known: not those of a shipped override."""
        if self.packages is None or package == ANY or package in self.packages:
            return True
        return not is_shipped(package)

    def reason(self, package: str, version: str) -> str:
        """Return why the suffix is unknown; "" where it is known, or the reason is not recorded."""
        if not self.contains(package):
            return f"the lock does not contain {package}, whose override is shipped"
        return self.reasons.get(self._row(package, version), "")

    @functools.cached_property
    def ranges(self) -> Mapping[str, Sequence[str]]:
        """The version ranges that have a row of their own, by package."""
        ranges: dict[str, list[str]] = {}
        for package, version in self.tags:
            if is_span(version):
                ranges.setdefault(package, []).append(version)
        return ranges

    def _row(self, package: str, version: str) -> Row:
        if (package, version) in self.tags:
            return (package, version)
        asked = like(version) if is_span(version) else public_version(version)
        if not is_span(version) and (row := self._rows_by_version.get((package, asked))):
            return row
        if isinstance(asked, Version):
            for version_range in self.ranges.get(package, ()):
                if holds(version_range, asked):
                    return (package, version_range)
        return (package, ANY) if (package, ANY) in self.tags else (ANY, ANY)

    @functools.cached_property
    def _rows_by_version(self) -> Mapping[tuple[str, Version | str], Row]:
        """The rows by parsed version: a lock may spell it otherwise than the caller."""
        rows: dict[tuple[str, Version | str], Row] = {}
        for row in self.tags:
            rows.setdefault((row[0], public_version(row[1])), row)
        return rows


@dataclass(frozen=True, kw_only=True, slots=True)
class Lock:
    """The build tags of every stack of every variant.

    Attributes:
        stacks: the stacks.
        hook: the hook that they are the build tags of; None in a lock of format 1.0.
        every: whether every shipped override is in scope.
        format: the format of the file.
    """

    stacks: tuple[LockedStack, ...]
    hook: Hook | None = None
    every: bool = False
    format: int = field(default=FORMAT, compare=False)

    @property
    def packages(self) -> frozenset[str]:
        """The packages that have a row, on any stack."""
        return packages_of(stack.tags for stack in self.stacks)

    def contains(self, package: str) -> bool:
        """Return whether the build tags of *package* are known on every stack."""
        return all(stack.contains(package) for stack in self.stacks)

    def of_variant(self, variant: str) -> dict[StackKey, LockedStack]:
        """Return the stacks of one variant, by key."""
        return {stack.key: stack for stack in self.stacks if stack.variant == variant}

    def without_unused(self, used: Container[str]) -> Lock:
        """Return a lock of format 1 without the shipped overrides of packages that nothing uses.

        Args:
            used: the packages with settings. Those with a listed version are used, too.
        """
        if self.format > 1:
            return self
        listed = {row[0] for stack in self.stacks for row in stack.tags if not is_open(row)}
        others = (each for each in self.packages - listed if each not in used)
        kept = self.packages - {each for each in others if is_shipped(each)}
        stacks = [
            replace(
                stack,
                tags={row: tag for row, tag in stack.tags.items() if row[0] in {ANY, *kept}},
                packages=stack.packages and kept,
            )
            for stack in self.stacks
        ]
        return replace(self, stacks=tuple(stacks))

    def with_hook(self, hook: Hook) -> Lock:
        """Return the build tags that fromager gives with another hook, or none: its numbers."""
        if hook.is_ours:
            return replace(self, hook=hook)
        suffix = "" if hook == NO_HOOK else None
        stacks: list[LockedStack] = []
        for stack in self.stacks:
            tags = {
                row: tag if tag.is_none else tag._replace(suffix=suffix)
                for row, tag in stack.tags.items()
            }
            reasons = dict.fromkeys(tags, hook.problem)
            stacks.append(replace(stack, tags=tags, reasons=reasons, packages=None))
        return replace(self, stacks=tuple(stacks), hook=hook)


def is_open(row: Row) -> bool:
    """Return whether a row stands for versions that are not listed one by one."""
    return row[1] == ANY or is_span(row[1])


def packages_of(tags: Iterable[Iterable[Row]]) -> frozenset[str]:
    """Return the packages of rows, without ``*``."""
    return frozenset(package for rows in tags for package, _ in rows) - {ANY}


@functools.lru_cache(maxsize=65536)
def public_version(text: str) -> Version | str:
    """Return the version that fromager looks up in a changelog: without its local part.

    Versions that are spelled differently are equal: ``2.8.3.0`` and ``2.8.3``. A text that is not
    a version is returned unchanged.
    """
    try:
        return public(Version(text))
    except ValueError:  # InvalidVersion is one; a number can be too long for an int
        return text
