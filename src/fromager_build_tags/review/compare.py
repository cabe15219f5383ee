"""Compare the build tags of base and head: which wheel names change, and why."""

from __future__ import annotations

import collections
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ..plan.locked_tags import ANY, Lock, LockedStack
from ..stack.key import StackKey
from ..tag.version_ranges import is_span
from .attribution import StackCauses
from .causes import Cause
from .change import Change, Rebuilds, UnknownTags, Wheels
from .pairing import Indexes, pair_stacks
from .snapshot import BrokenSettings, Evaluation
from .stack_comparison import Compared, StackComparison
from .torch_move import TorchMove


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
        moves: the renamed wheels that are read, by their new Torch.
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
    moves: Sequence[TorchMove] = ()

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
    changes: dict[Compared, Change] = {}
    unnumbered: dict[Compared, Change] = {}
    unknown: list[UnknownTags] = []
    wheels: set[Compared] = set()
    rebuilds: list[Rebuilds] = []
    rebuilt: set[frozenset[Compared]] = set()
    scope = (base.packages, head.packages)
    pairs = [
        StackComparison(old=old, new=new, beside=_beside(old, new, head.lock), scope=scope)
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


def _merge(found: dict[Compared, Change], changes: Iterable[tuple[Compared, Change]]) -> None:
    """Add changes; one that several stacks of a variant share has the causes of each."""
    for each, change in changes:
        known = found.setdefault(each, change)
        if known.causes != change.causes:
            causes = dict.fromkeys((*known.causes, *change.causes))
            found[each] = replace(known, causes=tuple(causes))


def _counted(wheels: Iterable[Compared], *, is_real: bool) -> dict[str, int]:
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


def _rebuilt(found: Iterable[tuple[Compared, Change]]) -> set[frozenset[Compared]]:
    """Return what is built again of each package on a stack: equal ones are built once."""
    packages: dict[str, set[Compared]] = {}
    for each, change in found:
        if change.is_rebuilt and change.package != ANY:
            packages.setdefault(change.package, set()).add(each)
    return set(map(frozenset, packages.values()))
