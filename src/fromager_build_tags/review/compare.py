"""Compare the build tags of base and head: which wheel names change, and why."""

from __future__ import annotations

import collections
import itertools
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from packaging.version import Version

from ..plan.lockfile import ANY, Lock, LockedStack, Row, public_version
from ..stack.key import StackKey, StackKeys
from ..tag.build_tag import NO_BUILD_TAG, BuildTag
from ..tag.version_ranges import boundaries_of, is_span, split
from .attribution import StackCauses
from .causes import Cause
from .change import Change, UnknownTags, Wheels
from .pairing import Indexes, pair_stacks
from .snapshot import BrokenSettings, Evaluation


@dataclass(frozen=True, kw_only=True, slots=True)
class Review:
    """What a change of settings does to the names of wheels.

    Attributes:
        base: the name of the base.
        head: the name of the head.
        changes: every build tag that differs.
        counted: how many wheels, or build tags, of each variant were compared.
        unnumbered: packages that are new on a variant and have no build number there.
        unknown: build tags that cannot be compared, by stack.
        listed: the packages with a version that base or head lists.
        own: the packages with a settings file; None where that was not looked up.
        broken: what is unreadable in base or head, and is not compared.
        notes: how base and head were read.
    """

    base: str
    head: str
    changes: Sequence[Change]
    counted: dict[str, int]
    unnumbered: Sequence[Change] = ()
    unknown: Sequence[UnknownTags] = ()
    listed: frozenset[str] = frozenset()
    own: frozenset[str] | None = None
    broken: Sequence[BrokenSettings] = ()
    notes: Sequence[str] = ()

    def by_cause(self) -> list[tuple[tuple[Cause, ...], list[Change]]]:
        """Return the changes, grouped by their causes, the largest group first.

        A cause of one package makes no group beside a cause that the package shares with others.
        """
        groups: dict[tuple[str, ...], tuple[tuple[Cause, ...], list[Change]]] = {}
        for change in self.changes:
            shared = tuple(each for each in change.causes if not (each.of_number and each.package))
            causes = shared or change.causes
            groups.setdefault(tuple(map(str, causes)), (causes, []))[1].append(change)
        ordered = sorted(groups.items(), key=lambda item: (-len(item[1][1]), item[0]))
        return [group for _, group in ordered]


def compare(
    base: Evaluation,
    head: Evaluation,
    causes: Sequence[Cause],
    real: Sequence[Wheels] = (),
    indexes: tuple[Indexes, Indexes] = ({}, {}),
) -> Review:
    """Compare the build tags of base and head; what several stacks share is one wheel.

    Args:
        base: the build tags of the base.
        head: the build tags of the head.
        causes: what changed in the settings files.
        real: the wheels of a real build: then only those are compared.
        indexes: the index of each variant that names one, in base and head.
    """
    skipped = base.broken_packages | head.broken_packages
    changes: dict[_Compared, Change] = {}
    unnumbered: dict[_Compared, Change] = {}
    unknown: list[UnknownTags] = []
    wheels: set[_Compared] = set()
    pairs = [
        _StackPair(old=old, new=new, beside=_beside(old, new, head.lock))
        for old, new in pair_stacks(base.lock, head.lock, _variants(base, head), indexes)
    ]
    for variant in sorted({both.variant for both in pairs}):
        of_variant = [both for both in pairs if both.variant == variant]
        keys = {key for both in of_variant for key in both.keys if key}
        for both in of_variant:
            rows = both.compared(real, skipped)
            wheels.update(rows)
            of_stack = StackCauses.of(variant, both.keys, keys, causes)
            _merge(changes, both.changes(rows, of_stack))
            _merge(unnumbered, both.unnumbered(rows, of_stack))
            unknown += both.unknown(rows)
    return Review(
        base=base.name,
        head=head.name,
        changes=[*changes.values()],
        unnumbered=[*unnumbered.values()],
        counted=_counted(wheels),
        unknown=unknown,
        listed=_listed(base) | _listed(head),
        broken=(*base.broken, *head.broken),
        notes=tuple(dict.fromkeys([*base.notes, *head.notes])),
    )


def _variants(base: Evaluation, head: Evaluation) -> list[str]:
    """Return the variants that are readable in base and head."""
    named = {stack.variant for stack in (*base.lock.stacks, *head.lock.stacks)}
    return sorted(named - base.broken_variants - head.broken_variants)


def _listed(evaluation: Evaluation) -> frozenset[str]:
    rows = itertools.chain.from_iterable(stack.tags for stack in evaluation.lock.stacks)
    return frozenset(
        package for package, version in rows if version != ANY and not is_span(version)
    )


def _beside(old: LockedStack | None, new: LockedStack | None, head: Lock) -> StackKey | None:
    """Return the key of the old stack, if the head has it as well as the new one."""
    if old is None or new is None or (old.variant, old.key) == (new.variant, new.key):
        return None
    return old.key if old.key in head.of_variant(old.variant) else None


class _Compared(NamedTuple):
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


def _merge(found: dict[_Compared, Change], changes: Iterable[tuple[_Compared, Change]]) -> None:
    """Add changes; one that several stacks of a variant share has the causes of each."""
    for each, change in changes:
        known = found.setdefault(each, change)
        if known.causes != change.causes:
            causes = dict.fromkeys((*known.causes, *change.causes))
            found[each] = replace(known, causes=tuple(causes))


def _counted(wheels: Iterable[_Compared]) -> dict[str, int]:
    counts: collections.Counter[str] = collections.Counter()
    for each in wheels:
        counts[each.variant] += each.wheels.files
    return dict(sorted(counts.items()))


@dataclass(frozen=True, kw_only=True, slots=True)
class _StackPair:
    """A stack in base and head; None where there is no such stack.

    Attributes:
        old: the stack of the base.
        new: the stack of the head.
        beside: the key of the old stack, if the head has it as well as the new one.
    """

    old: LockedStack | None
    new: LockedStack | None
    beside: StackKey | None

    @property
    def variant(self) -> str:
        stack = self.new or self.old
        return stack.variant if stack else ""

    @property
    def keys(self) -> StackKeys:
        return (self.old.key if self.old else None, self.new.key if self.new else None)

    def compared(self, real: Sequence[Wheels], skipped: Collection[str]) -> list[_Compared]:
        """Return all wheels with both build tags, or those of a real build."""
        found = [
            _Compared(self.variant, each, _tag(self.old, each), _tag(self.new, each))
            for each in real or (Wheels(*row) for row in self._rows())
            if each.package not in skipped
        ]
        return [each if each.is_known else each._replace(stacks=self.keys) for each in found]

    def changes(
        self, wheels: Iterable[_Compared], causes: StackCauses
    ) -> Iterator[tuple[_Compared, Change]]:
        """Yield the build tags that differ, with their causes."""
        for each in wheels:
            if each.before != each.after:
                yield each, self._change(each.wheels, each.before, each.after, causes)

    def unnumbered(
        self, wheels: Iterable[_Compared], causes: StackCauses
    ) -> Iterator[tuple[_Compared, Change]]:
        """Yield new packages without a build tag: nothing changes, yet they should have one."""
        if self.old is None or self.new is None:
            return
        known = {package for package, _ in self.old.tags}
        for each in wheels:
            package, version, *_ = each.wheels
            if package not in known and self.new.tag(package, version).is_none:
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
        )

    def unknown(self, wheels: Iterable[_Compared]) -> Iterator[UnknownTags]:
        """Count the build tags with an unknown old suffix and the same number."""
        if self.old is None or self.new is None:
            return
        found = [each.wheels for each in wheels if _is_undecided(each.before, each.after)]
        if found:
            reasons = (stack.reason(*each[:2]) for stack in (self.new, self.old) for each in found)
            yield UnknownTags(
                variant=self.variant,
                stack=self.new.key,
                count=sum(each.files for each in found),
                reasons=tuple(dict.fromkeys(filter(None, reasons))),
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
