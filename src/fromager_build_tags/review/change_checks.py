"""What a review has to say about a change of settings."""

from __future__ import annotations

import collections
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from ..findings import review_rules as rules
from ..findings.finding import Finding, Place, Severity
from ..findings.rule import Rule
from ..plan.lockfile import ANY
from .causes import Cause
from .change import Change
from .compare import Review

_BUMP: Final = "add a changelog entry, or let `fromager-build-tags bump` add them"
_BESIDE: Final = (
    "publish each stack to an index of its own: a changelog entry, as `fromager-build-tags bump` "
    "adds it, raises the wheels of {} as well, which stays"
)
_NUMBERLESS: Final = (
    "has no build number any more: fromager gives no suffix and takes any wheel; a wheel without "
    "a number is installed after"
)
_OPEN: Final = {
    Severity.ERROR: "name their wheels to review and bump with --graph or --index, or rebuild all "
    "of the variant with `fromager-build-tags bump --global`",
    Severity.WARNING: "if there are wheels of them, add an entry for each such version (--graph "
    "and --index name them to review and bump), or raise the whole variant with "
    "`fromager-build-tags bump --global`",
    Severity.NOTE: "if there are such wheels, name them to review and bump with --graph or --index",
}

_PUT_BACK: Final = (
    "put the entries back, and add one that says so, or raise the whole variant with "
    "`fromager-build-tags bump --global`"
)


def review_findings(review: Review, shared: Mapping[str, str]) -> Iterator[Finding]:
    """Return everything that a review finds.

    Args:
        review: the comparison.
        shared: variants whose index wheels of another accelerator share, and with whom.
    """
    yield from _broken(review)
    numberless = {each.variant for each in review.changes if each.package == ANY and each.is_bare}
    for change in review.changes:
        yield from _of_order(change)
        yield from _of_segments(change)
        if not (change.is_bare and change.is_open and change.variant in numberless):
            yield from _of_new(change)
    for change in review.unnumbered:
        yield from _of_new(change)
    yield from _of_new_variants(review, numberless)
    yield from _of_suffixes(review)
    yield from _of_open_order(review)
    yield from _told_no_more(review)
    yield from _untold(review)
    yield from _everything(review)
    yield from _shared(review, shared)


def _broken(review: Review) -> Iterator[Finding]:
    for broken in review.broken:
        yield rules.BROKEN_SIDE.finding(
            f"{broken.side}: {broken.message}",
            subject=broken.variant or broken.package or broken.place,
            remedy="mend it; until then its wheels are not compared",
            place=Place(file=broken.place),
            severity=Severity.WARNING if broken.side == review.base else None,
        )


def _of_order(change: Change) -> Iterator[Finding]:
    """A rebuilt wheel has to sort above the one it replaces: only a higher number is sure to."""
    if change.sorts_below and not change.is_open:
        rule = rules.CHANGELOG_SHRANK if change.number_fell else rules.SORTS_BELOW
        yield rule.finding(
            f"{change.wheel} on {change.variant} {_NUMBERLESS} {change.before}"
            if change.lost_its_number
            else f"{change.wheel} on {change.variant}: {change.after} sorts below {change.before}, "
            "so installers keep the old wheel",
            subject=change.package,
            remedy=_BESIDE.format(change.beside) if change.beside else _BUMP,
            place=_place(change),
        )


def _of_open_order(review: Review) -> Iterator[Finding]:
    """Versions that nothing names are told together: a variant's changelog counts for all."""
    groups: dict[tuple[str, Rule, Severity], list[Change]] = {}
    for change in review.changes:
        if change.loses_openly:
            rule = rules.CHANGELOG_SHRANK if change.number_fell else rules.SORTS_BELOW
            key = (change.variant, rule, _open_severity(review, change))
            groups.setdefault(key, []).append(change)
    for (variant, rule, severity), changes in groups.items():
        yield rule.finding(
            f"on {variant}, {_open_message(changes, severity)}",
            subject=variant,
            remedy=_PUT_BACK if rule is rules.CHANGELOG_SHRANK else _OPEN[severity],
            place=_place(changes[0]),
            severity=severity,
        )


def _open_severity(review: Review, change: Change) -> Severity:
    if review.is_certain(change):
        return Severity.ERROR
    is_any = change.package == ANY or review.own is None
    return Severity.WARNING if is_any else Severity.NOTE


def _open_message(changes: Sequence[Change], severity: Severity) -> str:
    packages = list(dict.fromkeys(map(_name, changes)))
    names = _few(packages)
    if severity is Severity.ERROR and not changes[0].number_fell:
        count = "1 package" if len(packages) == 1 else f"{len(packages):,} packages"
        return (
            f"all wheels of {count} sort below what they were, so installers keep the old ones: "
            f"{names}"
        )
    if changes[0].lost_its_number:
        return f"what has no changelog entry {_NUMBERLESS} {changes[0].before}, of {names}"
    return f"versions without a changelog entry sort below what they were, of {names}"


def _name(change: Change) -> str:
    return "every package that nothing names" if change.package == ANY else change.package


def _few(names: Sequence[str], most: int = 8) -> str:
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more:,} more" if more > 0 else "")


def _told_no_more(review: Review) -> Iterator[Finding]:
    """A tag that was known and is not: whether the new wheel wins is not known, either."""
    groups: dict[tuple[str, str], list[Change]] = {}
    for change in review.changes:
        if change.is_told_no_more:
            groups.setdefault((change.variant, change.reason), []).append(change)
    for (variant, reason), changes in groups.items():
        if len(changes) == 1:
            [change] = changes
            what = f"the tag of {change.wheel} on {variant} cannot be told any more, it was "
            what += change.before
        else:
            names = _few(list(dict.fromkeys(map(_name, changes))), most=3)
            what = f"{len(changes):,} tags of {variant} cannot be told any more, of {names}"
        yield rules.TOLD_NO_MORE.finding(
            f"{what}: {reason}" if reason else what,
            subject=changes[0].package if len(changes) == 1 else variant,
            remedy=_TELL,
            place=_place(changes[0]),
        )


def _untold(review: Review) -> Iterator[Finding]:
    """What neither side tells is not compared, and that is said."""
    for untold in review.untold:
        tags = "1 tag" if untold.count == 1 else f"{untold.count:,} tags"
        what = f"{tags} of {untold.variant} ({untold.stack}) cannot be compared"
        yield rules.TOLD_NO_MORE.finding(
            ": ".join([what, "; ".join(untold.reasons)]) if untold.reasons else what,
            subject=untold.variant,
            remedy=_TELL,
            severity=Severity.NOTE,
        )


_TELL: Final = "declare what is missing; `fromager-build-tags check` says what that is"


def _of_segments(change: Change) -> Iterator[Finding]:
    if change.lost_a_segment and not change.lost_its_suffix:
        yield rules.LOST_SEGMENT.finding(
            f"{change.wheel} on {change.variant} had {change.before}, and has {change.after}",
            subject=change.package,
            remedy="make sure that its wheels no longer depend on what the segment told",
            place=_place(change),
        )


def _of_suffixes(review: Review) -> Iterator[Finding]:
    """Without a hook no name has segments: that is one thing to say, not one for each name."""
    groups: dict[str, list[Change]] = {}
    for change in review.changes:
        if change.lost_its_suffix:
            groups.setdefault(change.variant, []).append(change)
    for variant, changes in groups.items():
        tags = "1 tag" if len(changes) == 1 else f"{len(changes):,} tags"
        yield rules.LOST_SEGMENT.finding(
            f"{tags} of {variant} had segments, and {'has' if len(changes) == 1 else 'have'} none: "
            "the settings name no hook any more",
            subject=variant,
            remedy="set wheels.build_tag_hook again, unless that is meant",
            place=next(Place.parse(each.place) for each in changes[0].causes if each.no_hook),
        )


def _of_new(change: Change) -> Iterator[Finding]:
    if change.lost_its_tag and change.is_pre_built:
        yield rules.NEW_WITHOUT_NUMBER.finding(
            f"{change.wheel} on {change.variant} had {change.before}, and gets no build tag: it is "
            "pre-built, and installers prefer the wheels that were built",
            subject=change.package,
            remedy="take those off the index, if it is pre-built on purpose",
            place=_place(change),
        )
    elif change.is_bare:
        yield rules.NEW_WITHOUT_NUMBER.finding(
            f"{change.wheel} on {change.variant} gets no build tag: it has no changelog entry, or "
            "is pre-built",
            subject=change.package,
            remedy="add a changelog entry for the variant or the version, unless it is pre-built "
            "on purpose",
            place=_place(change),
        )


def _of_new_variants(review: Review, numberless: Collection[str]) -> Iterator[Finding]:
    """A new variant without a changelog: that is one thing to say, not one for each package."""
    for variant in sorted(numberless):
        changes = [
            each
            for each in review.changes
            if each.variant == variant and each.is_bare and each.is_open
        ]
        names = _few(list(dict.fromkeys(map(_name, changes))))
        yield rules.NEW_WITHOUT_NUMBER.finding(
            f"{variant} has no changelog, so what has no entry of its own gets no build tag: "
            f"{names}",
            subject=variant,
            remedy="add a changelog entry for the variant",
            place=_place(changes[0]),
        )


def _everything(review: Review) -> Iterator[Finding]:
    """One entry in a variant's changelog rebuilds each of its wheels."""
    counts: collections.Counter[Cause] = collections.Counter()
    for change in review.changes:
        for cause in change.causes:
            if cause.of_number and cause.variant and not cause.package:
                counts[cause] += change.files
    for cause, number in sorted(counts.items(), key=lambda item: str(item[0])):
        of = review.counted[cause.variant]
        yield rules.EVERYTHING_REBUILT.finding(
            f"{cause.what} rebuilds {number:,} of {of:,} wheels of {cause.variant}",
            subject=cause.variant,
            remedy="keep it if that is meant; else add entries to the packages instead",
            place=Place.parse(cause.place),
        )


def _shared(review: Review, shared: Mapping[str, str]) -> Iterator[Finding]:
    for variant, others in shared.items():
        changed = [each for each in review.changes if each.variant == variant]
        if changed:
            yield rules.SHARED_INDEX.finding(
                f"{len(changed):,} names of {variant} change, and {others} shares its index",
                subject=variant,
                remedy="give each accelerator an index of its own: an installer takes one wheel "
                "by the order of the names",
                place=_place(changed[0]),
            )


def _place(change: Change) -> Place:
    return Place.parse(change.causes[0].place) if change.causes else Place()
