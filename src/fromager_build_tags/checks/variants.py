"""Check the variants: their names and files, their distributions, and their Torch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from packaging.specifiers import Specifier
from packaging.utils import NormalizedName
from packaging.version import Version

from ..findings import rules
from ..findings.finding import Finding, Place
from ..needs import Need
from ..settings.context import this_machine
from ..stack.fact import Fact, Missing, Precision, agree, allows, is_exact, parse_version
from ..text import closest, counted, did_you_mean
from .inventory import Inventory

_TORCH: Final = NormalizedName("torch")


def check_variants(inventory: Inventory) -> Iterator[Finding]:
    """BT101, BT102, BT103, BT115: every variant has a valid file and a use."""
    used = {*inventory.changelog_variants, *inventory.package_variants}
    for variant in sorted(used - inventory.variant_files.keys()):
        yield from _without_file(inventory, variant)
    for variant in sorted(inventory.variant_files.keys() - used):
        yield rules.UNUSED_VARIANT_FILE.finding(
            f"no changelog and no package names variant {variant!r}",
            subject=variant,
            remedy=f"add changelog.{variant} to {inventory.tree.settings_file}, or remove the file",
            place=Place(file=str(inventory.variant_files[variant])),
        )
    for variant, message in inventory.invalid_variants.items():
        yield rules.BAD_VARIANT_FILE.finding(
            message,
            subject=variant,
            remedy="builds of this variant fail until this is fixed",
            place=Place(file=str(inventory.variant_files.get(variant, ""))),
        )


def _without_file(inventory: Inventory, variant: str) -> Iterator[Finding]:
    in_changelog = variant in inventory.changelog_variants
    known = {*inventory.known_variants} - {variant}
    if in_changelog and closest(variant, known) is None:
        folder = inventory.tree.variants_dir()
        yield rules.VARIANT_WITHOUT_FILE.finding(
            f"variant {variant!r} has no file",
            subject=variant,
            remedy=f"write {folder}/{variant}.yaml with its distribution and versions",
            place=inventory.settings_place("changelog", variant),
        )
        return
    places: dict[str, Place] = {
        package: inventory.place(package, "variants", variant)
        for package in inventory.package_variants.get(variant, ())
    }
    if in_changelog:
        places[variant] = inventory.settings_place("changelog", variant)
    for subject, place in places.items():
        yield rules.UNKNOWN_VARIANT.finding(
            f"unknown variant {variant!r}{did_you_mean(variant, known)}",
            subject=subject,
            remedy="correct the name, or add a file and a changelog entry for the variant",
            place=place,
        )


def check_distributions(inventory: Inventory) -> Iterator[Finding]:
    """BT114: every stack declares its distribution."""
    for variant, stacks in inventory.stacks.items():
        if variant not in inventory.variant_files:
            continue  # BT101 or BT102 reports it
        for stack in stacks:
            if isinstance(stack.distro, Missing):
                yield rules.UNPINNED_DISTRIBUTION.finding(
                    f"variant {variant!r} does not declare its distribution",
                    subject=variant,
                    remedy=f"add distro to {inventory.tree.variants_dir()}/{variant}.yaml",
                    place=stack.place,
                )


def check_pre_built(inventory: Inventory) -> Iterator[Finding]:
    """BT105: torch is pre-built, and other packages are built against it."""
    for variant in inventory.stacks:
        if not inventory.build_info(_TORCH, variant).pre_built:
            continue
        dependents = [
            each.package
            for each in inventory.wanted
            if Need.TORCH in (inventory.needs(each.package, variant) or ())
        ]
        if dependents:
            yield rules.PRE_BUILT.finding(
                f"torch is pre-built on {variant}: only torch_version declares the Torch of "
                f"{counted(len(dependents), 'dependent package')}",
                subject=_TORCH,
                remedy="keep torch_version of the variant equal to the pre-built version",
                place=inventory.place(_TORCH, "variants", variant),
            )


def check_pin(inventory: Inventory) -> Iterator[Finding]:
    """BT111: the constraints on Torch allow a stack of the selected variant."""
    variant = str(inventory.tree.ctx.variant)
    constraint = this_machine(inventory.tree.ctx).torch
    declared = [
        (stack.torch_version, stack.torch_precision)
        for stack in inventory.stacks.get(variant, ())
        if isinstance(stack.torch_version, Fact)
    ]
    if declared and not any(_allows(constraint, fact.value, digits) for fact, digits in declared):
        versions = ", ".join(str(fact) for fact, _ in declared)
        yield rules.PIN_CONTRADICTS_VARIANT.finding(
            f"the constraint torch{constraint} excludes every Torch of {variant}: {versions}",
            subject=variant,
            remedy="correct the constraint or torch_version",
            place=source if isinstance(source := declared[0][0].source, Place) else Place(),
        )


def _allows(constraint: Iterable[Specifier], torch: Version, precision: Precision) -> bool:
    try:
        return all(
            agree(parse_version(each.version), torch, precision)
            if is_exact(each)
            else allows(each, torch)
            for each in constraint
        )
    except ValueError:  # such as ===nightly
        return False
