"""Compare the build tags of two sides: which names change, why, and which new ones lose.

Installers compare the number of a build tag, then its suffix as a string. A renamed wheel has
to sort above the one that it replaces, or they go on installing that.
"""

from __future__ import annotations

import enum
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from packaging.version import Version

from .blame import Suspects
from .causes import Cause
from .lock import ANY, NO_TAG, LockedStack, is_told, public_version, split_tag
from .ranges import boundaries_of, is_span, split
from .side import Broken, Evaluation


class Kind(enum.StrEnum):
    """What happened to a tag."""

    NEW = "new"
    CHANGED = "changed"
    GONE = "gone"


class Wheels(NamedTuple):
    """Wheels of one version, of which either side gives all the same build tag.

    Attributes:
        purelib: they are for any platform: their build tag is a number, without segments.
        files: how many there are, one for each Python and platform.
    """

    package: str
    version: str
    purelib: bool = False
    files: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """A tag that is not what it was.

    Attributes:
        variant: fromager's word.
        package: the package; ``*`` for all that nothing names.
        version: its version; ``*`` for all without a changelog entry.
        before: the tag of the base, "" where its stack is new.
        after: the tag of the head, "" where its stack is gone.
        causes: what changed it; empty where no settings file tells.
        reason: why the suffix of the head's tag cannot be told, if it cannot, as far as known.
        purelib: it is the tag of wheels for any platform.
        files: how many wheels have it, where real ones are counted.
    """

    variant: str
    package: str
    version: str
    before: str
    after: str
    causes: tuple[Cause, ...] = ()
    reason: str = ""
    purelib: bool = False
    files: int = 1

    @property
    def kind(self) -> Kind:
        """What happened."""
        if not self.before:
            return Kind.NEW
        return Kind.CHANGED if self.after else Kind.GONE

    @property
    def is_open(self) -> bool:
        """Whether it speaks of versions, or packages, that nothing names."""
        return ANY in {self.package, self.version} or is_span(self.version)

    @property
    def sorts_below(self) -> bool:
        """Whether installers are sure to prefer the old wheel to the new one."""
        old, new = split_tag(self.before), split_tag(self.after)
        if old is None or new is None:
            return self.lost_its_number
        return new < old if self.both_told else new[0] < old[0]

    @property
    def loses_openly(self) -> bool:
        """Whether what nothing names sorts below what it was."""
        return self.is_open and self.sorts_below

    @property
    def both_told(self) -> bool:
        """Whether both suffixes are known, so that they can be compared."""
        return is_told(self.before) and is_told(self.after)

    @property
    def is_told_no_more(self) -> bool:
        """Whether the suffix was known, and is not any more."""
        return self.before != "" and is_told(self.before) and not is_told(self.after)

    @property
    def number_fell(self) -> bool:
        """Whether the build number went down, or away."""
        old, new = split_tag(self.before), split_tag(self.after)
        if old is None or new is None:
            return self.lost_its_number
        return new[0] < old[0]

    @property
    def lost_its_number(self) -> bool:
        """Whether there is no build number any more, yet fromager builds the wheel."""
        return self.lost_its_tag and not self.is_pre_built

    @property
    def lost_its_tag(self) -> bool:
        """Whether there was a build tag, and is none."""
        return split_tag(self.before) is not None and self.after == NO_TAG

    @property
    def is_pre_built(self) -> bool:
        """Whether it became pre-built, so that fromager takes the wheel as it is."""
        return any(cause.pre_built for cause in self.causes)

    @property
    def lost_a_segment(self) -> bool:
        """Whether the new tag has fewer segments."""
        old, new = split_tag(self.before), split_tag(self.after)
        if old is None or new is None or not self.both_told:
            return False
        return new[1].count("_") < old[1].count("_")

    @property
    def wheel(self) -> str:
        """The package and version, for a message."""
        if self.package == ANY:
            return "every package that nothing names"
        version = "(any other version)" if self.version == ANY else self.version
        return f"{self.package} {version}{' (pure Python)' if self.purelib else ''}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Untold:
    """Tags of one stack that cannot be compared: the same number, and the old suffix not known.

    Attributes:
        variant: fromager's word.
        label: the facts of the head's stack, as segments spell them.
        count: how many.
        reasons: why they cannot be told, as far as it is known.
    """

    variant: str
    label: str
    count: int
    reasons: tuple[str, ...]


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
        return sorted(groups.values(), key=lambda group: (-len(group[1]), group[0]))


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
        every = {stack.label for side in stacks for stack in side}
        for old, new in _pairs(*stacks):
            labels = (old.label if old else "", new.label if new else "")
            suspects = Suspects.of(variant, labels, every, known)
            rows = [each for each in real or _rows(old, new) if each.package not in skipped]
            counted[variant] = counted.get(variant, 0) + sum(each.files for each in rows)
            changes += (_because(each, suspects) for each in _changes(variant, old, new, rows))
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
    if old is None or new is None:
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
    if all(map(is_told, old.tags.values())):
        return
    found = [row for row in rows if _may_be_any(_tag(old, row), _tag(new, row))]
    if found:
        reasons = (stack.reason(*row[:2]) for stack in (new, old) for row in found)
        yield Untold(
            variant=variant,
            label=new.label,
            count=sum(row.files for row in found),
            reasons=tuple(dict.fromkeys(filter(None, reasons))),
        )


def _may_be_any(before: str, after: str) -> bool:
    if is_told(before):
        return False
    old, new = split_tag(before), split_tag(after)
    return old is not None and new is not None and old[0] == new[0]


def _rows(old: LockedStack | None, new: LockedStack | None) -> list[Wheels]:
    """Return the rows of both stacks, each version once, however it is spelled."""
    rows: dict[tuple[str, Version | str], Wheels] = {}
    for package, version in {**(old.tags if old else {}), **(new.tags if new else {})}:
        if is_span(version):
            continue
        spans = _spans(old, new, package) if version == ANY else [version]
        for text in spans:
            rows.setdefault((package, public_version(text)), Wheels(package, text))
    return list(rows.values())


def _spans(old: LockedStack | None, new: LockedStack | None, package: str) -> list[str]:
    """Return the spans of versions in each of which either stack has one tag for all."""
    stacks = [stack for stack in (old, new) if stack is not None]
    ends = {end for stack in stacks for span in stack.spans(package) for end in boundaries_of(span)}
    if not ends:
        return [ANY]
    tags = split(ends, lambda version: [stack.tag(package, f"=={version}") for stack in stacks])
    return [span for span, _ in tags]


def _pairs(
    old: Iterable[LockedStack], new: Iterable[LockedStack]
) -> list[tuple[LockedStack | None, LockedStack | None]]:
    """Pair the stacks of a variant, in whatever order they are declared: the most alike first.

    Of those that are as much alike, the base's last by label is taken, which is the hardest to
    win over. A stack of the head without a partner is compared with the base's of the same
    accelerator and version: their wheels lie on one index.
    """
    base = sorted(old, key=_label, reverse=True)
    left, right = list(base), sorted(new, key=_label)
    pairs: list[tuple[LockedStack | None, LockedStack | None]] = []
    while candidates := [pair for pair in itertools.product(left, right) if _may_pair(*pair, base)]:
        one, other = max(candidates, key=_likeness)
        pairs.append((one, other))
        left.remove(one)
        right.remove(other)
    return [*pairs, *((one, None) for one in left), *((_twin(each, base), each) for each in right)]


def _label(stack: LockedStack) -> str:
    return stack.label


def _may_pair(one: LockedStack, other: LockedStack, base: Iterable[LockedStack]) -> bool:
    """No other accelerator takes the place of one that the base has."""
    same = one.accelerator_text == other.accelerator_text
    return same or all(each.accelerator_text != other.accelerator_text for each in base)


def _likeness(pair: tuple[LockedStack, LockedStack]) -> tuple[bool, bool, bool, int]:
    """The accelerator and its version weigh more than distribution and Torch."""
    one, other = pair
    return (
        one.label == other.label,
        one.accelerator_text == other.accelerator_text,
        one.accelerator == other.accelerator,
        len(set(one.label.split()) & set(other.label.split())),
    )


def _twin(stack: LockedStack, base: Iterable[LockedStack]) -> LockedStack | None:
    text = stack.accelerator_text
    alike = [(one, stack) for one in base if text and one.accelerator_text == text]
    return max(alike, key=_likeness)[0] if alike else None


def _because(change: Change, suspects: Suspects) -> Change:
    """Return a change with the causes that can have made it."""
    found = suspects.of_change(change.package, change.version, change.before, change.after)
    return replace(change, causes=found)
