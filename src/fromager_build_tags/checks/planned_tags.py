"""Check the tags that the settings give: missing numbers, missing facts, and equal stacks."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ..findings import settings_rules as rules
from ..findings.finding import Finding, Severity
from ..plan.model import ANY_PACKAGE, PlannedTag
from ..stack.fact import Fact
from ..stack.stack import Stack
from ..text import first_few
from .inventory import Inventory


def check_build_numbers(inventory: Inventory) -> Iterator[Finding]:
    """BT104: a package that depends on the stack has a build number."""
    known = {*inventory.variant_files, *inventory.changelog_variants}
    for variant, stacks in inventory.stacks.items():
        if variant not in known:
            continue  # BT102 reports it
        for stack in stacks[:1]:  # the number does not depend on the stack
            for tag in inventory.planned(variant, stack):
                if tag.number is None and _needs_number(inventory, tag):
                    yield _without_number(inventory, tag)


def _needs_number(inventory: Inventory, tag: PlannedTag) -> bool:
    depends = inventory.needs(tag.package, tag.variant) != frozenset()
    return depends and not inventory.build_info(tag.package, tag.variant).pre_built


def _without_number(inventory: Inventory, tag: PlannedTag) -> Finding:
    versions = "versions without a changelog entry"
    if tag.version is not None:
        versions = f"version {tag.version}"
    return rules.NO_BUILD_NUMBER.finding(
        f"{tag.package} has no build number on {tag.variant} for {versions}: fromager does not "
        "call the hook, and accepts any existing wheel",
        subject=tag.package,
        remedy=f"add an entry to changelog.{tag.variant} in {inventory.tree.settings_file}, or to "
        "the changelog of the package",
        place=inventory.place(tag.package, "changelog"),
    )


def check_equal_stacks(inventory: Inventory) -> Iterator[Finding]:
    """BT112: the stacks of a variant give different tags."""
    for variant, stacks in inventory.stacks.items():
        if variant in inventory.variant_files and len(stacks) > 1:
            for stack, other in _equal(inventory, variant, stacks):
                yield rules.EQUAL_STACKS.finding(
                    f"this stack of {variant} gives the same tags as the stack at {other.place}",
                    subject=variant,
                    remedy="remove one of them, or declare what differs",
                    place=stack.place,
                )


def _equal(
    inventory: Inventory, variant: str, stacks: Sequence[Stack]
) -> Iterator[tuple[Stack, Stack]]:
    """Yield each stack with the first stack that gives the same tags to all packages.

    A tag that is unknown on one of them makes no difference: a machine detects its facts for both.
    """
    known = [
        {
            (tag.package, tag.version_text): tag.build_tag
            for tag in tags
            if tag.number is not None and not tag.error
        }
        for tags in (inventory.locked(variant, stack) for stack in stacks)
    ]
    for number, tags in enumerate(known):
        for first in range(number):
            both = tags.keys() & known[first].keys()
            if both and all(tags[key] == known[first][key] for key in both):
                yield stacks[number], stacks[first]
                break


class _Reason(NamedTuple):
    """Why tags of a variant cannot be computed."""

    variant: str
    text: str
    lacks_fact: bool


def check_tags(inventory: Inventory) -> Iterator[Finding]:
    """BT118: every tag of a lock file can be computed."""
    groups: dict[_Reason, dict[str, PlannedTag]] = {}
    for variant, stacks in inventory.stacks.items():
        for stack in map(_with_distribution, stacks):
            for tag in inventory.locked(variant, stack):
                if tag.error and not _is_reported_elsewhere(inventory, tag):
                    reason = _Reason(variant, tag.error, tag.lacks_fact)
                    groups.setdefault(reason, {}).setdefault(tag.package, tag)
    for reason, tags in groups.items():
        yield _not_computed(inventory, reason, [tags[name] for name in sorted(tags)])


def _with_distribution(stack: Stack) -> Stack:
    """Return a stack with some distribution: BT114 reports a missing one, which hides others."""
    if isinstance(stack.distro, Fact):
        return stack
    return dataclasses.replace(stack, distro=Fact(value="distribution", source=stack.place))


def _is_reported_elsewhere(inventory: Inventory, tag: PlannedTag) -> bool:
    """Return whether BT101, BT102, BT106 or BT109 reports the error of a tag."""
    if tag.lacks_fact and tag.variant not in inventory.variant_files:
        return True
    return inventory.has_invalid_source(tag.package, tag.variant)


def _not_computed(inventory: Inventory, reason: _Reason, tags: Sequence[PlannedTag]) -> Finding:
    names = first_few(_name(tag) for tag in tags)
    subjects = f"tags of {len(tags):,} packages ({names})" if len(tags) > 1 else f"tag of {names}"
    one = tags[0].package if len(tags) == 1 and tags[0].package != ANY_PACKAGE else None
    in_file = tags[0].stack.place
    return rules.UNKNOWN_TAG.finding(
        f"the {subjects} on {reason.variant} cannot be computed: {reason.text}",
        subject=one or reason.variant,
        remedy="declare it, unless the build machine detects it"
        if reason.lacks_fact
        else "builds of these wheels fail after compiling until this is fixed",
        place=in_file if reason.lacks_fact or one is None else inventory.place(one),
        severity=_severity(inventory, reason, tags),
    )


def _name(tag: PlannedTag) -> str:
    return "every other package" if tag.package == ANY_PACKAGE else tag.package


def _severity(inventory: Inventory, reason: _Reason, tags: Sequence[PlannedTag]) -> Severity:
    """Return a warning where a machine may detect the fact; a note where no wheel may exist."""
    if not reason.lacks_fact:
        return Severity.ERROR
    used = {*inventory.package_files, *(each.package for each in inventory.wanted), ANY_PACKAGE}
    return Severity.WARNING if any(tag.package in used for tag in tags) else Severity.NOTE
