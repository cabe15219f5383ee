"""Check the variants: their names and files, their distributions, and their Torch."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from packaging.specifiers import Specifier
from packaging.utils import NormalizedName
from packaging.version import Version

from ..findings import rules
from ..findings.finding import Finding, Place
from ..needs import Need
from ..settings.context import this_machine
from ..stack.fact import Fact, Missing, agree, allows, is_exact, parse_version
from ..stack.stack import Stack
from ..text import closest, counted, did_you_mean
from .inventory import Inventory

_TORCH: Final = NormalizedName("torch")
_DEFAULT: Final = "cpu"
_DIGITS: Final = re.compile(r"\d+")


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
    if is_default(variant, inventory.known_variants - {variant}):
        return
    similar = misspelled(variant, inventory.known_variants)
    if in_changelog and not similar:
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
            f"unknown variant {variant!r}{did_you_mean(variant, similar)}",
            subject=subject,
            remedy="correct the name, or add a file and a changelog entry for the variant",
            place=place,
        )


def is_default(variant: str, known: Iterable[str]) -> bool:
    """Return whether a variant is fromager's default, which needs neither entry nor file.

    Settings with a variant such as cpu-ubi9 use another one in its place.
    """
    return variant == _DEFAULT and not any(each.startswith(_DEFAULT) for each in known)


def misspelled(variant: str, known: Iterable[str]) -> list[str]:
    """Return the known variants of which a name is a misspelling.

    Siblings have similar names: cpu-ubi9, tpu-ubi9 and cpu-ubi10. So each part between hyphens has
    to be similar, and the digits have to be equal.
    """
    return [each for each in known if each != variant and _are_similar(each, variant)]


def _are_similar(one: str, other: str) -> bool:
    if _DIGITS.findall(one) != _DIGITS.findall(other):
        return False
    parts, others = one.split("-"), other.split("-")
    if len(parts) != len(others):
        return "".join(parts) == "".join(others)
    return all(closest(part, [each]) for part, each in zip(parts, others, strict=True))


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
    """BT105, BT111: torch is pre-built for the stack, and other packages are built against it."""
    for variant in inventory.stacks:
        info = inventory.build_info(_TORCH, variant)
        if not info.pre_built:
            continue
        yield from _pre_built_for_others(inventory, variant, info.wheel_server_url or "")
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


def _pre_built_for_others(inventory: Inventory, variant: str, url: str) -> Iterator[Finding]:
    """Check the local part of each wanted Torch, and of its index: ``…/whl/cu130``."""
    label = url.rstrip("/").rpartition("/")[2]
    wanted = [each.versions or () for each in inventory.wanted if each.package == _TORCH]
    torches = [version for versions in wanted for version in versions if version]
    if re.fullmatch(r"[a-z]+(\d+(\.\d+)*)?", label):
        torches.append(Version(f"0+{label}"))
    for torch in torches:
        others = [stack.other_accelerator(torch) for stack in inventory.stacks[variant]]
        if others and all(others):
            stacks = ", ".join(str(stack) for stack in inventory.stacks[variant])
            yield rules.PIN_CONTRADICTS_VARIANT.finding(
                f"the pre-built torch +{torch.local} of {variant} is for {others[0]}, yet its "
                f"stacks are {stacks}",
                subject=variant,
                remedy="correct the version or the wheel_server_url of torch, or the variant file",
                place=inventory.place(_TORCH, "variants", variant),
            )


def check_pin(inventory: Inventory) -> Iterator[Finding]:
    """BT111: the constraints on Torch allow a stack of the selected variant."""
    variant = str(inventory.tree.ctx.variant)
    constraint = this_machine(inventory.tree.ctx).torch
    declared = [
        (stack, stack.torch_version)
        for stack in inventory.stacks.get(variant, ())
        if isinstance(stack.torch_version, Fact)
    ]
    if declared and not any(_allows(constraint, *each) for each in declared):
        versions = ", ".join(f"{fact} for {stack}" for stack, fact in declared)
        yield rules.PIN_CONTRADICTS_VARIANT.finding(
            f"the constraint torch{constraint} excludes every Torch of {variant}: {versions}",
            subject=variant,
            remedy="correct the constraint or torch_version",
            place=source if isinstance(source := declared[0][1].source, Place) else Place(),
        )


def _allows(constraint: Iterable[Specifier], stack: Stack, torch: Fact[Version]) -> bool:
    try:
        return all(
            _is_same(parse_version(each.version), stack, torch)
            if is_exact(each)
            else allows(each, torch.value)
            for each in constraint
        )
    except ValueError:  # such as ===nightly
        return False


def _is_same(pin: Version, stack: Stack, torch: Fact[Version]) -> bool:
    agrees = agree(pin, torch.value, stack.torch_precision)
    return agrees and not stack.other_accelerator(pin)
