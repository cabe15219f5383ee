"""Compare one stack of base and head: the build tags of each wheel, and what changes."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from packaging.version import Version

from ..plan.locked_tags import ANY, LockedStack, Row, packages_of, public_version
from ..stack.key import StackKey, StackKeys
from ..tag.build_tag import NO_BUILD_TAG, BuildTag
from ..tag.version_ranges import boundaries_of, is_span, split
from .attribution import StackCauses
from .change import Change, Rebuilds, UnknownTags, Wheels, count_wheels


class Compared(NamedTuple):
    """The build tags of wheels of a variant; None where there is no stack.

    Equal ones are the same wheels: *stacks* differ where a suffix is unknown.
    """

    variant: str
    wheels: Wheels
    before: BuildTag | None
    after: BuildTag | None
    stacks: StackKeys = (None, None)

    @property
    def is_known(self) -> bool:
        """Whether no suffix is unknown."""
        return all(tag is None or tag.is_known for tag in (self.before, self.after))


@dataclass(frozen=True, kw_only=True, slots=True)
class StackComparison:
    """A stack in base and head; None where there is no such stack.

    Attributes:
        old: the stack of the base.
        new: the stack of the head.
        beside: the key of the old stack, if the head has it as well as the new one.
        scope: the packages in scope in base and head.
    """

    old: LockedStack | None
    new: LockedStack | None
    beside: StackKey | None
    scope: tuple[frozenset[str], frozenset[str]]

    @property
    def variant(self) -> str:
        """The variant of the head, or else of the base."""
        stack = self.new or self.old
        return stack.variant if stack else ""

    @property
    def keys(self) -> StackKeys:
        """The keys in base and head."""
        return (self.old.key if self.old else None, self.new.key if self.new else None)

    def compared(self, real: Sequence[Wheels], skipped: Collection[str]) -> list[Compared]:
        """Return all wheels with both build tags, or those of a real build."""
        found = [
            Compared(self.variant, each, _tag(self.old, each), _tag(self.new, each))
            for each in real or (Wheels(*row) for row in self._rows())
            if each.package not in skipped
        ]
        return [each if each.is_known else each._replace(stacks=self.keys) for each in found]

    def changes(
        self, wheels: Iterable[Compared], causes: StackCauses
    ) -> Iterator[tuple[Compared, Change]]:
        """Yield the build tags that differ, with their causes."""
        for each in wheels:
            if each.before != each.after and self._contains(each.wheels.package):
                yield each, self._change(each.wheels, each.before, each.after, causes)

    def unnumbered(
        self, wheels: Iterable[Compared], causes: StackCauses
    ) -> Iterator[tuple[Compared, Change]]:
        """Yield new packages without a build tag: nothing changes, yet they should have one."""
        if self.old is None or self.new is None:
            return
        for each in wheels:
            package, version, *_ = each.wheels
            if self._adds(package) and self.new.tag(package, version).is_none:
                yield each, self._change(Wheels(package, version), None, NO_BUILD_TAG, causes)

    def _change(
        self, wheels: Wheels, before: BuildTag | None, after: BuildTag | None, causes: StackCauses
    ) -> Change:
        package, version, purelib, files = wheels
        return Change(
            variant=self.variant,
            package=package,
            version=version,
            before=before,
            after=after,
            causes=causes.of_change(package, version, before, after),
            reason=self.new.reason(package, version) if self.new else "",
            purelib=purelib,
            files=files,
            beside=self.beside,
            is_added=before is None or self._adds(package),
        )

    def _adds(self, package: str) -> bool:
        """Return whether only the head has settings of a package."""
        return package in self.scope[1] and package not in self.scope[0]

    def _contains(self, package: str) -> bool:
        """Return whether both stacks contain the build tags of a package."""
        stacks = [stack for stack in (self.old, self.new) if stack is not None]
        return len(stacks) < 2 or all(stack.contains(package) for stack in stacks)

    def rebuilds(self, changes: Iterable[Change], *, is_real: bool) -> Iterator[Rebuilds]:
        """Count what the stack of the head builds again, if anything changes there."""
        rebuilt = [each for each in changes if each.is_rebuilt]
        if self.new is not None and rebuilt:
            added = [each for each in rebuilt if each.is_added]
            renamed = [each for each in rebuilt if not each.is_added]
            yield Rebuilds(
                variant=self.variant,
                stack=self.new.key,
                renamed=count_wheels(renamed, real=is_real),
                added=count_wheels(added, real=is_real),
            )

    def unknown(self, wheels: Iterable[Compared]) -> Iterator[UnknownTags]:
        """Count the build tags with an unknown old suffix and the same number."""
        if self.old is None or self.new is None:
            return
        wheels = list(wheels)
        for is_locked in (True, False):
            found = [
                each.wheels
                for each in wheels
                if self._contains(each.wheels.package) is is_locked
                and not (is_locked and not _is_undecided(each.before, each.after))
            ]
            if not found:
                continue
            reasons = (stack.reason(*each[:2]) for stack in (self.new, self.old) for each in found)
            yield UnknownTags(
                variant=self.variant,
                stack=self.new.key,
                count=sum(each.files for each in found),
                reasons=tuple(dict.fromkeys(filter(None, reasons))),
                is_locked=is_locked,
            )

    def _rows(self) -> list[Row]:
        """Return the rows of both stacks; each version once, however it is spelled."""
        stacks = [stack for stack in (self.old, self.new) if stack is not None]
        divided = {package for stack in stacks for package in stack.ranges}
        rows: dict[tuple[str, Version | str], Row] = {}
        for row in dict.fromkeys(itertools.chain.from_iterable(stack.tags for stack in stacks)):
            package, version = row
            if version == ANY:
                if package not in divided:
                    rows[row] = row
            elif not is_span(version):
                rows.setdefault((package, public_version(version)), row)
        # a lock has no row for them on a stack where all of their build tags are the default
        others = (self.scope[0] | self.scope[1]) - packages_of([rows.values()]) - divided
        rows |= {(package, ANY): (package, ANY) for package in sorted(others)}
        return [
            *rows.values(),
            *((package, each) for package in sorted(divided) for each in _ranges(stacks, package)),
        ]


def _tag(stack: LockedStack | None, wheels: Wheels) -> BuildTag | None:
    """Return the build tag of wheels on a stack; None where there is no stack."""
    if stack is None:
        return None
    tag = stack.tag(wheels.package, wheels.version)
    return tag.without_suffix() if wheels.purelib else tag


def _is_undecided(before: BuildTag | None, after: BuildTag | None) -> bool:
    if before is None or after is None or before.is_known:
        return False
    return before.number == after.number


def _ranges(stacks: Sequence[LockedStack], package: str) -> list[str]:
    """Return the version ranges in each of which every stack has one build tag for all versions."""
    ranges = [tuple(stack.ranges.get(package, ())) for stack in stacks]
    if len(set(ranges)) == 1:
        return [*ranges[0], ANY]
    ends = {end for group in ranges for each in group for end in boundaries_of(each)}
    tags = split(ends, lambda version: [stack.tag(package, f"=={version}") for stack in stacks])
    return [each for each, _ in tags]
