"""Check that this machine can build the selected variant."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import metadata
from typing import Final

from packaging.version import Version

from ..errors import BuildTagError, SettingsError, explain_error
from ..findings import settings_rules as rules
from ..findings.finding import Finding, Severity
from ..plan.planner import plan
from ..settings.context import read_verify_mode
from ..text import closest, did_you_mean
from .inventory import Inventory

_NEEDED: Final = Version("0.99.0")


def check_machine(inventory: Inventory) -> Iterator[Finding]:
    """BT102, BT121, BT122: every fact that the wanted packages need is known on this machine."""
    yield from check_fromager(metadata.version("fromager"))
    variant = inventory.tree.variant
    yield from _selected(inventory, variant)
    try:
        read_verify_mode()
    except SettingsError as err:
        yield _unresolved(variant, str(err))
    try:
        tree = inventory.tree.on(variant)
        stacks = tree.stacks(here=True)
    except BuildTagError as err:
        yield _unresolved(variant, explain_error(err))
        return
    errors: dict[str, list[str]] = {}
    for tag in plan(tree, stacks, inventory.wanted):
        if tag.error:
            errors.setdefault(tag.error, []).append(tag.package)
    for error, packages in errors.items():
        yield _unresolved(variant, f"{error} (needed by {', '.join(dict.fromkeys(packages))})")


def _selected(inventory: Inventory, variant: str) -> Iterator[Finding]:
    """BT102: the selected variant exists; fromager accepts any name."""
    known = {*inventory.variant_files, *inventory.changelog_variants}
    if variant not in known:
        yield rules.UNKNOWN_VARIANT.finding(
            f"the selected variant {variant!r} has no file and no changelog entry"
            f"{did_you_mean(variant, known)}",
            subject=variant,
            remedy="correct --variant or FROMAGER_VARIANT, or add a file and a changelog entry for "
            "the variant",
            severity=Severity.ERROR if closest(variant, known) else Severity.WARNING,
        )


def check_fromager(version: str) -> Iterator[Finding]:
    """BT122: fromager supports the hook."""
    if Version(version) < _NEEDED:
        yield rules.OLD_FROMAGER.finding(
            f"fromager {version} does not support wheels.build_tag_hook",
            subject="fromager",
            remedy=f"install fromager {_NEEDED} or later",
        )


def _unresolved(variant: str, message: str) -> Finding:
    return rules.UNRESOLVED_STACK.finding(
        message, subject=variant, remedy="fix it before the build, which fails after compiling"
    )
