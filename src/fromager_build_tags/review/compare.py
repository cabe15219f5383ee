"""Compare the build tags of base and head: which wheel names change, and why."""

from __future__ import annotations

import collections
import itertools
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from packaging.version import Version

from ..plan.locked_tags import ANY, Lock, LockedStack, Row, packages_of, public_version
from ..stack.key import StackKey, StackKeys
from ..tag.build_tag import NO_BUILD_TAG, BuildTag
from ..tag.version_ranges import boundaries_of, is_span, split
from .attribution import StackCauses
from .causes import Cause
from .change import Change, Rebuilds, UnknownTags, Wheels, count_wheels
from .pairing import Indexes, pair_stacks
from .snapshot import BrokenSettings, Evaluation


@dataclass(frozen=True, kw_only=True, slots=True)
class Review:
    """What a change of settings does to the names of wheels.

    Attributes:
        base: the name of the base.
        head: the name of the head.
        changes: every build tag that differs.
        counted: how many packages, or wheels of a real build, of each variant were compared.
        rebuilds: how many of them are built again, by stack.
        rebuilt: how many are built again: one that several stacks share is built once.
        is_real: whether the wheels of a real build were compared.
        is_empty: whether nothing was compared.
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
    rebuilds: Sequence[Rebuilds] = ()
    rebuilt: int = 0
    is_real: bool = False
    is_empty: bool = False
    unnumbered: Sequence[Change] = ()
    unknown: Sequence[UnknownTags] = ()
    listed: frozenset[str] = frozenset()
    own: frozenset[str] | None = None
    broken: Sequence[BrokenSettings] = ()
    notes: Sequence[str] = ()

    @property
    def noun(self) -> str:
        """What is counted."""
        return "wheel" if self.is_real else "package"

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
    rebuilds: list[Rebuilds] = []
    rebuilt: set[frozenset[_Compared]] = set()
    scope = (base.packages, head.packages)
    pairs = [
        _StackPair(old=old, new=new, beside=_beside(old, new, head.lock), scope=scope)
        for old, new in pair_stacks(base.lock, head.lock, _variants(base, head), indexes)
    ]
    for variant in sorted({both.variant for both in pairs}):
        of_variant = [both for both in pairs if both.variant == variant]
        keys = {key for both in of_variant for key in both.keys if key}
        for both in of_variant:
            rows = both.compared(real, skipped)
            wheels.update(rows)
            of_stack = StackCauses.of(variant, both.keys, keys, causes)
            found = [*both.changes(rows, of_stack)]
            _merge(changes, found)
            rebuilds += both.rebuilds([change for _, change in found], is_real=bool(real))
            rebuilt |= _rebuilt(found)
            _merge(unnumbered, both.unnumbered(rows, of_stack))
            unknown += both.unknown(rows)
    return Review(
        base=base.name,
        head=head.name,
        changes=[*changes.values()],
        unnumbered=[*unnumbered.values()],
        counted=_counted(wheels, is_real=bool(real)),
        rebuilds=sorted(rebuilds, key=lambda each: (each.variant, str(each.stack))),
        rebuilt=_files(changes.values()) if real else len(rebuilt),
        is_real=bool(real),
        is_empty=not wheels,
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


def _counted(wheels: Iterable[_Compared], *, is_real: bool) -> dict[str, int]:
    counts: collections.Counter[str] = collections.Counter()
    if is_real:
        for each in wheels:
            counts[each.variant] += each.wheels.files
    else:
        packages = {(each.variant, each.wheels.package) for each in wheels}
        counts.update(variant for variant, package in packages if package != ANY)
    return dict(sorted(counts.items()))


def _files(changes: Iterable[Change]) -> int:
    return sum(each.files for each in changes if each.is_rebuilt)


def _rebuilt(found: Iterable[tuple[_Compared, Change]]) -> set[frozenset[_Compared]]:
    """Return what is built again of each package on a stack: equal ones are built once."""
    packages: dict[str, set[_Compared]] = {}
    for each, change in found:
        if change.is_rebuilt and change.package != ANY:
            packages.setdefault(change.package, set()).add(each)
    return set(map(frozenset, packages.values()))


@dataclass(frozen=True, kw_only=True, slots=True)
class _StackPair:
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
            if each.before != each.after and self._contains(each.wheels.package):
                yield each, self._change(each.wheels, each.before, each.after, causes)

    def unnumbered(
        self, wheels: Iterable[_Compared], causes: StackCauses
    ) -> Iterator[tuple[_Compared, Change]]:
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

    def unknown(self, wheels: Iterable[_Compared]) -> Iterator[UnknownTags]:
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
