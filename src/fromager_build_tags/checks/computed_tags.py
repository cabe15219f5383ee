"""What a check has to say about tags that cannot be told."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from ..findings import settings_rules as rules
from ..findings.finding import Finding, Place, Severity
from ..plan.model import ANY_PACKAGE, PlannedTag
from ..stack.facts import Fact
from ..stack.stack import Stack
from .checkup import Checkup

_MOST: Final = 3


class _Reason(NamedTuple):
    """Why tags of a variant cannot be told."""

    variant: str
    text: str
    lacks_fact: bool


def check_tags(checkup: Checkup) -> Iterator[Finding]:
    """Every tag that a lock holds can be told; what other rules tell is left to them."""
    groups: dict[_Reason, dict[str, PlannedTag]] = {}
    for variant, stacks in checkup.stacks.items():
        for stack in map(_with_distribution, stacks):
            for tag in checkup.locked(variant, stack):
                if tag.error and not _is_told_elsewhere(checkup, tag):
                    reason = _Reason(variant, tag.error, tag.lacks_fact)
                    groups.setdefault(reason, {}).setdefault(tag.package, tag)
    for reason, tags in groups.items():
        yield _finding(checkup, reason, [tags[name] for name in sorted(tags)])


def _with_distribution(stack: Stack) -> Stack:
    """Return a stack whose distribution hides no other fact: BT114 tells that it is missing."""
    if isinstance(stack.distro, Fact):
        return stack
    return dataclasses.replace(stack, distro=Fact(value="distribution", source=stack.place))


def _is_told_elsewhere(checkup: Checkup, tag: PlannedTag) -> bool:
    """Tell whether BT101 or BT102, BT106 or BT109 speaks of it."""
    if tag.lacks_fact and tag.variant not in checkup.variant_files:
        return True
    return checkup.has_wrong_source(tag.package, tag.variant)


def _finding(checkup: Checkup, reason: _Reason, tags: Sequence[PlannedTag]) -> Finding:
    one = tags[0].package if len(tags) == 1 and tags[0].package != ANY_PACKAGE else None
    what = "the tag" if len(tags) == 1 else f"the tags of {len(tags):,} packages"
    place = tags[0].stack.place
    return rules.UNTOLD_TAG.finding(
        f"on {reason.variant}, {what} cannot be told, of {_named(tags)}: {reason.text}",
        subject=one or reason.variant,
        remedy=_remedy(reason),
        place=Place.parse(place) if reason.lacks_fact or one is None else checkup.place(one),
        severity=_severity(checkup, reason, tags),
    )


def _named(tags: Sequence[PlannedTag]) -> str:
    names = [_name(tag) for tag in tags]
    more = len(names) - _MOST
    return ", ".join(names[:_MOST]) + (f" and {more:,} more" if more > 0 else "")


def _name(tag: PlannedTag) -> str:
    return "every package that nothing names" if tag.package == ANY_PACKAGE else tag.package


def _remedy(reason: _Reason) -> str:
    if reason.lacks_fact:
        return "declare it, unless the machine that builds tells it"
    return "mend it: a build of such a wheel would stop after compiling"


def _severity(checkup: Checkup, reason: _Reason, tags: Sequence[PlannedTag]) -> Severity:
    """A machine may tell a fact; of what only a shipped override knows, there may be no wheel."""
    if not reason.lacks_fact:
        return Severity.ERROR
    used = {*checkup.package_files, *(each.package for each in checkup.wanted), ANY_PACKAGE}
    return Severity.WARNING if any(tag.package in used for tag in tags) else Severity.NOTE
