"""Compare the build tags of two sides: which names change, and why."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from packaging.version import Version

from ..plan.lockfile import ANY, NO_TAG, Key, LockedStack, is_told, public_version, split_tag
from ..stack.key import StackKey
from ..tag.version_ranges import ends_of, is_span, split
from .attribution import Suspects
from .causes import Cause
from .change import Change, Untold, Wheels
from .pairing import pair, twin
from .snapshot import Broken, Evaluation


@dataclass(frozen=True, kw_only=True, slots=True)
class Review:
    """What a change of settings does.

    Attributes:
        base: what the old side is called.
        head: what the new side is called.
        changes: every tag that is not what it was.
        counted: how many wheels, or tags, of each variant were compared.
        unnumbered: tags of packages that are new on a variant and get no build number there.
        untold: what cannot be compared, stack by stack.
        named: the packages of which some version is named on either side.
        own: the packages that have a settings file; None where nobody looked.
        broken: what could not be read on either side, and is not compared.
        notes: how the sides were read.
    """

    base: str
    head: str
    changes: Sequence[Change]
    counted: dict[str, int]
    unnumbered: Sequence[Change] = ()
    untold: Sequence[Untold] = ()
    named: frozenset[str] = frozenset()
    own: frozenset[str] | None = None
    broken: Sequence[Broken] = ()
    notes: Sequence[str] = ()

    def is_certain(self, change: Change) -> bool:
        """Tell whether a change of what nothing names is sure to be one of real wheels.

        That is: ``*`` stands for every wheel of a package with settings of its own, or the
        number of the whole variant went down.
        """
        own = change.package in (self.own or ()) and change.package not in self.named
        return own or change.number_fell

    def by_cause(self) -> list[tuple[tuple[Cause, ...], list[Change]]]:
        """Return the changes, grouped by what caused them, the most first.

        The changelog of a package, which others of the same cause don't share, makes no group
        of its own beside that cause.
        """
        groups: dict[tuple[str, ...], tuple[tuple[Cause, ...], list[Change]]] = {}
        for change in self.changes:
            shared = tuple(each for each in change.causes if not each.is_of_one_package)
            causes = shared or change.causes
            groups.setdefault(tuple(map(str, causes)), (causes, []))[1].append(change)
        return sorted(groups.values(), key=lambda group: (-len(group[1]), list(map(str, group[0]))))


def compare(
    base: Evaluation, head: Evaluation, known: Sequence[Cause], real: Sequence[Wheels] = ()
) -> Review:
    """Compare two sides.

    Args:
        base: the tags of the old side.
        head: the tags of the new side.
        known: what changed in the settings files.
        real: the wheels of a real build: then only those are compared.
    """
    skipped = base.broken_packages | head.broken_packages
    changes: list[Change] = []
    unnumbered: list[Change] = []
    untold: list[Untold] = []
    counted: dict[str, int] = {}
    for variant in _variants(base, head):
        stacks = (base.lock.of_variant(variant), head.lock.of_variant(variant))
        every = {stack.key for side in stacks for stack in side}
        new_keys = {stack.key for stack in stacks[1]}
        for old, new in _pairs(*stacks):
            keys = (old.key if old else None, new.key if new else None)
            suspects = Suspects.of(variant, keys, every, known)
            number, rows = _to_compare(old, new, real, skipped)
            counted[variant] = counted.get(variant, 0) + number
            stays = keys[0] if keys[0] in new_keys - {keys[1]} else None
            changes += (
                _because(each, suspects, stays) for each in _changes(variant, old, new, rows)
            )
            unnumbered += (
                _because(each, suspects) for each in _unnumbered(variant, old, new, rows)
            )
            untold += _untold(variant, old, new, rows)
    return Review(
        base=base.name,
        head=head.name,
        changes=changes,
        unnumbered=unnumbered,
        counted=counted,
        untold=untold,
        named=_named(base) | _named(head),
        broken=(*base.broken, *head.broken),
        notes=tuple(dict.fromkeys([*base.notes, *head.notes])),
    )


def _variants(base: Evaluation, head: Evaluation) -> list[str]:
    """Return the variants that neither side fails to tell."""
    named = {stack.variant for stack in (*base.lock.stacks, *head.lock.stacks)}
    return sorted(named - base.broken_variants - head.broken_variants)


def _named(side: Evaluation) -> frozenset[str]:
    """Return the packages of which a version is named."""
    keys = (key for stack in side.lock.stacks for key in stack.tags)
    return frozenset(
        package for package, version in keys if version != ANY and not is_span(version)
    )


def _to_compare(
    old: LockedStack | None,
    new: LockedStack | None,
    real: Sequence[Wheels],
    skipped: Collection[str],
) -> tuple[int, Sequence[Wheels]]:
    """Return how many wheels there are, and those whose tags are to be looked at."""
    if real:
        rows = [each for each in real if each.package not in skipped]
        return sum(each.files for each in rows), rows
    keys = [key for key in _keys(old, new) if key[0] not in skipped]
    settled = _settled(old, new)
    return len(keys), [Wheels(*key) for key in keys if key not in settled]


def _settled(old: LockedStack | None, new: LockedStack | None) -> Collection[Key]:
    """Return the rows for which both stacks tell the same tag: of these there is nothing to say."""
    if old is None or new is None:
        return ()
    if old.tags == new.tags and _is_told(old):
        return old.tags
    return {key for key, tag in old.tags.items() if tag == new.tags.get(key) and is_told(tag)}


def _is_told(stack: LockedStack) -> bool:
    return all(map(is_told, set(stack.tags.values())))


def _changes(
    variant: str, old: LockedStack | None, new: LockedStack | None, rows: Sequence[Wheels]
) -> Iterator[Change]:
    for row in rows:
        before, after = _tag(old, row), _tag(new, row)
        if before != after:
            yield Change(
                variant=variant,
                package=row.package,
                version=row.version,
                before=before,
                after=after,
                reason=new.reason(row.package, row.version) if new else "",
                purelib=row.purelib,
                files=row.files,
            )


def _tag(stack: LockedStack | None, row: Wheels) -> str:
    """Return the tag of a row on a stack; "" where there is no stack."""
    if stack is None:
        return ""
    tag = stack.tag(row.package, row.version)
    if not row.purelib:
        return tag
    told = split_tag(tag)
    return str(told[0]) if told else tag


def _unnumbered(
    variant: str, old: LockedStack | None, new: LockedStack | None, rows: Sequence[Wheels]
) -> Iterator[Change]:
    """Nothing changes where there was no tag, yet a new package should have one."""
    if old is None or new is None or not rows:
        return
    known = {package for package, _ in old.tags}
    for row in rows:
        package, version = row.package, row.version
        if package not in known and new.tag(package, version) == NO_TAG:
            yield Change(variant=variant, package=package, version=version, before="", after=NO_TAG)


def _untold(
    variant: str, old: LockedStack | None, new: LockedStack | None, rows: Sequence[Wheels]
) -> Iterator[Untold]:
    """Count what can be any tag on the old side: the number alone tells nothing of it."""
    if old is None or new is None:
        return
    if _is_told(old):
        return
    found = [row for row in rows if _may_be_any(_tag(old, row), _tag(new, row))]
    if found:
        reasons = (stack.reason(*row[:2]) for stack in (new, old) for row in found)
        yield Untold(
            variant=variant,
            stack=new.key,
            count=sum(row.files for row in found),
            reasons=tuple(dict.fromkeys(filter(None, reasons))),
        )


def _may_be_any(before: str, after: str) -> bool:
    if is_told(before):
        return False
    old, new = split_tag(before), split_tag(after)
    return old is not None and new is not None and old[0] == new[0]


def _keys(old: LockedStack | None, new: LockedStack | None) -> list[Key]:
    """Return the rows of both stacks, each version once, however it is spelled."""
    stacks = [stack for stack in (old, new) if stack is not None]
    spanned = {package for stack in stacks for package in stack.spans()}
    keys: dict[tuple[str, Version | str], Key] = {}
    for key in dict.fromkeys(itertools.chain.from_iterable(stack.tags for stack in stacks)):
        package, version = key
        if version == ANY:
            if package not in spanned:
                keys[key] = key
        elif not is_span(version):
            keys.setdefault((package, public_version(version)), key)
    spans = ((package, span) for package in sorted(spanned) for span in _spans(stacks, package))
    return [*keys.values(), *spans]


def _spans(stacks: Sequence[LockedStack], package: str) -> list[str]:
    """Return the spans of versions in each of which every stack has one tag for all."""
    spans = [tuple(stack.spans().get(package, ())) for stack in stacks]
    if len(set(spans)) == 1:
        return [*spans[0], ANY]
    ends = {end for group in spans for span in group for end in ends_of(span)}
    tags = split(ends, lambda version: [stack.tag(package, f"=={version}") for stack in stacks])
    return [span for span, _ in tags]


def _pairs(
    old: Iterable[LockedStack], new: Iterable[LockedStack]
) -> list[tuple[LockedStack | None, LockedStack | None]]:
    """Pair the stacks of a variant.

    One of the head without a partner is compared with the base's of the same accelerator and
    version: their wheels lie on one index.
    """
    base = list(old)
    return [
        (one if one or other is None else twin(other, base), other)
        for one, other in pair(base, new)
    ]


def _because(change: Change, suspects: Suspects, beside: StackKey | None = None) -> Change:
    """Return a change with the causes that can have made it."""
    found = suspects.of_change(change.package, change.version, change.before, change.after)
    return replace(change, causes=found, beside=beside)
