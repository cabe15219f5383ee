"""Check the tags that the settings give: missing numbers, missing facts, and equal stacks."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

from ..findings import rules
from ..findings.finding import Finding, Severity
from ..plan.model import ANY_PACKAGE, PlannedTag
from ..plan.planner import plan
from ..stack.fact import Fact
from ..stack.stack import Stack
from ..tag.build_tag import BuildTag
from ..text import first_few
from .inventory import Inventory

#: The tags of packages and versions.
type _Tags = Mapping[tuple[str, str], BuildTag]


def check_build_numbers(inventory: Inventory) -> Iterator[Finding]:
    """BT104: a package that depends on the stack has a build number."""
    for variant, stacks in inventory.stacks.items():
        if variant not in inventory.known_variants:
            continue  # BT102 reports it
        for stack in stacks[:1]:  # the number does not depend on the stack
            for tag in plan(inventory.tree.on(variant), [stack], inventory.wanted):
                if tag.number is None and _needs_number(inventory, tag):
                    versions = "versions without a changelog entry"
                    if tag.version is not None:
                        versions = f"version {tag.version}"
                    yield rules.NO_BUILD_NUMBER.finding(
                        f"{tag.package} has no build number on {variant} for {versions}: fromager "
                        "does not call the hook, and accepts any existing wheel",
                        subject=tag.package,
                        remedy=f"add an entry to changelog.{variant} in "
                        f"{inventory.tree.settings_file}, or to the changelog of the package",
                        place=inventory.place(tag.package, "changelog"),
                    )


def _needs_number(inventory: Inventory, tag: PlannedTag) -> bool:
    depends = inventory.needs(tag.package, tag.variant) != frozenset()
    return depends and not inventory.build_info(tag.package, tag.variant).pre_built


def check_equal_stacks(inventory: Inventory) -> Iterator[Finding]:
    """BT112: the stacks of a variant give different tags.

    A tag that is unknown on one of them makes no difference: a machine detects its facts for both.
    The tags of every shipped override count: a tree without packages yet can declare stacks.
    """
    for variant, stacks in inventory.stacks.items():
        if variant not in inventory.variant_files or len(stacks) == 1:
            continue
        known = [_known_tags(inventory.locked(variant, stack, every=True)) for stack in stacks]
        for number, stack in enumerate(stacks):
            equal = (first for first in range(number) if _are_equal(known[first], known[number]))
            if (first := next(equal, None)) is not None:
                yield rules.EQUAL_STACKS.finding(
                    f"this stack of {variant} gives the same tags as the stack at "
                    f"{stacks[first].place}",
                    subject=variant,
                    remedy="remove one of them, or declare what differs",
                    place=stack.place,
                )


def _are_equal(one: _Tags, other: _Tags) -> bool:
    both = one.keys() & other.keys()
    return bool(both) and all(one[key] == other[key] for key in both)


def _known_tags(tags: Sequence[PlannedTag]) -> _Tags:
    return {
        (tag.package, tag.version_text): tag.build_tag
        for tag in tags
        if tag.number is not None and tag.build_tag.is_known
    }


def check_tags(inventory: Inventory) -> Iterator[Finding]:
    """BT118: every tag of a lock file can be computed."""
    groups: dict[tuple[str, str], dict[str, PlannedTag]] = {}
    for variant, stacks in inventory.stacks.items():
        for stack in map(_with_distribution, stacks):
            for tag in inventory.locked(variant, stack):
                if tag.error and not _is_reported_elsewhere(inventory, tag):
                    groups.setdefault((variant, tag.error), {}).setdefault(tag.package, tag)
    for tags in groups.values():
        yield _not_computed(inventory, [tags[name] for name in sorted(tags)])


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


def _not_computed(inventory: Inventory, tags: Sequence[PlannedTag]) -> Finding:
    first = tags[0]
    names = first_few(map(_name, tags))
    subjects = f"tags of {len(tags):,} packages ({names})" if len(tags) > 1 else f"tag of {names}"
    one = first.package if len(tags) == 1 and first.package != ANY_PACKAGE else None
    remedy = "builds of these wheels fail after compiling until this is fixed"
    if first.lacks_fact:
        remedy = "declare it, unless the build machine detects it"
    return rules.UNKNOWN_TAG.finding(
        f"the {subjects} on {first.variant} cannot be computed: {first.error}",
        subject=one or first.variant,
        remedy=remedy,
        place=first.stack.place if first.lacks_fact or one is None else inventory.place(one),
        severity=_severity(inventory, tags),
    )


def _name(tag: PlannedTag) -> str:
    return "every other package" if tag.package == ANY_PACKAGE else tag.package


def _severity(inventory: Inventory, tags: Sequence[PlannedTag]) -> Severity:
    """Return a warning where a machine may detect the fact; a note where no wheel may exist."""
    if not tags[0].lacks_fact:
        return Severity.ERROR
    used = {*inventory.package_files, *(each.package for each in inventory.wanted), ANY_PACKAGE}
    return Severity.WARNING if any(tag.package in used for tag in tags) else Severity.NOTE
