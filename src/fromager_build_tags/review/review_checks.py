"""The checks of what a review compares: order of names, segments, build numbers, indexes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Final

from ..findings import rules
from ..findings.finding import Finding, Place, Rule, Severity
from ..plan.locked_tags import ANY
from ..plan.lockfile import format_tag
from ..tag.build_tag import NO_BUILD_TAG
from ..text import counted, first_few
from .causes import Cause
from .change import OTHER_PACKAGES, Change, count_wheels
from .compare import Review

_ADD_AN_ENTRY: Final = "add a changelog entry, or run `fromager-build-tags bump`"
_SEPARATE_INDEXES: Final = (
    "publish each stack to its own index: a changelog entry, as `fromager-build-tags bump` adds "
    "it, also raises the wheels of {}, which stays"
)
_LOST_ITS_NUMBER: Final = (
    "no build number any more: fromager adds no suffix and accepts any wheel, and installers "
    "prefer the old wheel"
)
_PASS_THE_WHEELS: Final = (
    "if such wheels exist, pass them to review and bump with --graph or --index, or rebuild the "
    "whole variant with `fromager-build-tags bump --global`"
)
_RESTORE: Final = (
    "restore the entries and add one that gives the reason, or rebuild the whole variant with "
    "`fromager-build-tags bump --global`"
)
_COMPARE_SETTINGS: Final = (
    "compare the settings with --no-lock, or write the lock again with `fromager-build-tags lock`"
)
_DECLARE: Final = "declare the missing fact: `fromager-build-tags check` names it"


def review_findings(review: Review, shared: Mapping[str, str]) -> Iterator[Finding]:
    """Yield the findings of a review.

    Args:
        review: the comparison.
        shared: variants that share an index with another accelerator, each with the others.
    """
    yield from unreadable_settings(review)
    numberless = {
        each.variant for each in review.changes if each.package == ANY and each.is_new_without_tag
    }
    for change in review.changes:
        yield from _order(change)
        yield from _segments(change)
        is_of_variant = change.is_new_without_tag and change.is_open
        if not (is_of_variant and change.variant in numberless):
            yield from _without_number(change)
    for change in review.unnumbered:
        yield from _without_number(change)
    yield from _variants_without_number(review, numberless)
    yield from open_order(review)
    yield from _became_unknown(review)
    yield from _unknown(review)
    yield from _everything_rebuilt(review)
    yield from _shared_index(review, shared)


def unreadable_settings(review: Review) -> Iterator[Finding]:
    """Find settings that are unreadable; those of the base are a warning."""
    for broken in review.broken:
        yield rules.UNREADABLE_SETTINGS.finding(
            f"{broken.snapshot}: {broken.message}",
            subject=broken.variant or broken.package or broken.place,
            remedy="fix the file; until then its wheels are not compared",
            place=Place(file=broken.place),
            severity=Severity.WARNING if broken.snapshot == review.base else None,
        )


def _order(change: Change) -> Iterator[Finding]:
    """A rebuilt wheel has to sort above the old one: only a higher number always does."""
    if change.sorts_below and not change.is_open:
        what = f"{_wheel(change)} has {_LOST_ITS_NUMBER} {change.before}"
        if not change.lost_its_number:
            what = (
                f"{_wheel(change)}: {change.after} sorts below {change.before}, so installers "
                "keep the old wheel"
            )
        yield _order_rule(change).finding(
            what,
            subject=change.package,
            remedy=_SEPARATE_INDEXES.format(change.beside) if change.beside else _ADD_AN_ENTRY,
            place=_place(change),
        )


def _order_rule(change: Change) -> Rule:
    return rules.CHANGELOG_SHRANK if change.number_fell else rules.SORTS_BELOW


def open_order(review: Review) -> Iterator[Finding]:
    """Versions that are not listed make one finding: the changelog of the variant raises all."""
    below = [each for each in review.changes if each.is_open and each.sorts_below]
    groups = _grouped(
        below, lambda each: (each.variant, _order_rule(each), _open_severity(review, each))
    )
    for (variant, rule, severity), changes in groups.items():
        did = "sort below the wheels that they replace, so installers keep the old ones"
        if changes[0].lost_its_number:
            did = f"have {_LOST_ITS_NUMBER} {changes[0].before}"
        yield rule.finding(
            f"on {variant}, versions without a changelog entry {did}: {_names(changes)}",
            subject=variant,
            remedy=_RESTORE if rule is rules.CHANGELOG_SHRANK else _PASS_THE_WHEELS,
            place=_place(changes[0]),
            severity=severity,
        )


def _grouped[K](changes: Iterable[Change], key: Callable[[Change], K]) -> dict[K, list[Change]]:
    groups: dict[K, list[Change]] = {}
    for change in changes:
        groups.setdefault(key(change), []).append(change)
    return groups


def _open_severity(review: Review, change: Change) -> Severity:
    """Return an error only for a change that certainly concerns real wheels.

    It does where ``*`` stands for every wheel of a package with a settings file, and where the
    number of the variant fell.
    """
    is_own = change.package in (review.own or ()) and change.package not in review.listed
    if is_own or change.number_fell:
        return Severity.ERROR
    is_any = change.package == ANY or review.own is None
    return Severity.WARNING if is_any else Severity.NOTE


def _names(changes: Iterable[Change], limit: int = 8) -> str:
    names = (OTHER_PACKAGES if each.package == ANY else each.package for each in changes)
    return first_few(dict.fromkeys(names), limit)


def _became_unknown(review: Review) -> Iterator[Finding]:
    """Without its suffix, nothing shows whether the new wheel sorts above the old one."""
    lost = [each for each in review.changes if each.suffix_became_unknown]
    groups = _grouped(lost, lambda each: (each.variant, each.reason))
    for (variant, reason), changes in groups.items():
        one = changes[0]
        what = f"{len(changes):,} suffixes of {variant} became unknown: {_names(changes, 3)}"
        if len(changes) == 1:
            before, after = one.before or NO_BUILD_TAG, one.after
            what = f"{_wheel(one)}: the suffix became unknown ({format_tag(before)} → {after})"
        yield rules.UNKNOWN_SUFFIX.finding(
            f"{what}: {reason}" if reason else what,
            subject=one.package if len(changes) == 1 else variant,
            remedy=_DECLARE,
            place=_place(one),
        )


def _unknown(review: Review) -> Iterator[Finding]:
    for unknown in review.unknown:
        tags = f"{counted(unknown.count, 'build tag')} of {unknown.variant} ({unknown.stack})"
        reasons = f": {'; '.join(unknown.reasons)}" if unknown.reasons else ""
        yield rules.UNKNOWN_SUFFIX.finding(
            f"not compared: {tags} with an unknown suffix{reasons}",
            subject=unknown.variant,
            remedy=_DECLARE if unknown.is_locked else _COMPARE_SETTINGS,
            severity=Severity.NOTE,
        )


def _segments(change: Change) -> Iterator[Finding]:
    if change.lost_a_segment:
        yield rules.LOST_SEGMENT.finding(
            f"{_wheel(change)} lost a segment ({change.before} → {change.after})",
            subject=change.package,
            remedy="make sure that its wheels no longer depend on what the segment names",
            place=_place(change),
        )


def _without_number(change: Change) -> Iterator[Finding]:
    if change.became_pre_built:
        yield rules.NEW_WITHOUT_NUMBER.finding(
            f"{_wheel(change)} became pre-built and lost its build tag {change.before}: installers "
            "prefer the wheels that were built",
            subject=change.package,
            remedy="remove the built wheels from the index, if it is pre-built on purpose",
            place=_place(change),
        )
    elif change.is_new_without_tag:
        yield rules.NEW_WITHOUT_NUMBER.finding(
            f"{_wheel(change)} gets no build tag: it has no changelog entry, or is pre-built",
            subject=change.package,
            remedy="add a changelog entry for the variant or the version, unless it is pre-built "
            "on purpose",
            place=_place(change),
        )


def _variants_without_number(review: Review, numberless: Collection[str]) -> Iterator[Finding]:
    """A new variant without a changelog is one finding, not one for each package."""
    open_ = (each for each in review.changes if each.is_new_without_tag and each.is_open)
    new = (each for each in open_ if each.variant in numberless)
    for variant, changes in _grouped(new, lambda each: each.variant).items():
        yield rules.NEW_WITHOUT_NUMBER.finding(
            f"{variant} has no changelog, so versions without an entry of their own get no build "
            f"tag: {_names(changes)}",
            subject=variant,
            remedy="add a changelog entry for the variant",
            place=_place(changes[0]),
        )


def _everything_rebuilt(review: Review) -> Iterator[Finding]:
    """An entry in the changelog of a variant rebuilds each of its wheels."""
    found: dict[Cause, list[Change]] = {}
    for change in review.changes:
        for cause in change.causes:
            if cause.of_number and cause.variant and not cause.package:
                found.setdefault(cause, []).append(change)
    for cause, changes in sorted(found.items(), key=lambda item: str(item[0])):
        number = count_wheels(changes, real=review.is_real)
        of = counted(review.counted.get(cause.variant, 0), review.noun)
        every = f" and {OTHER_PACKAGES}" if any(each.package == ANY for each in changes) else ""
        yield rules.EVERYTHING_REBUILT.finding(
            f"{cause.what} rebuilds {number:,} of {of} of {cause.variant}{every}",
            subject=cause.variant,
            remedy="keep the entry if that is intended; otherwise add entries to the packages",
            place=cause.place,
        )


def _shared_index(review: Review, shared: Mapping[str, str]) -> Iterator[Finding]:
    for variant, changes in _grouped(review.changes, lambda each: each.variant).items():
        if variant in shared:
            verb = "changes" if len(changes) == 1 else "change"
            yield rules.SHARED_INDEX.finding(
                f"{counted(len(changes), 'wheel name')} of {variant} {verb}, and {shared[variant]} "
                "has the same index",
                subject=variant,
                remedy="give each accelerator its own index: an installer selects a wheel by the "
                "order of the names",
                place=_place(changes[0]),
            )


def _wheel(change: Change) -> str:
    return f"{change.wheel} on {change.variant}"


def _place(change: Change) -> Place:
    return change.causes[0].place if change.causes else Place()
