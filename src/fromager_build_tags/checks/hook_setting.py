"""Check the hook that the settings configure."""

from __future__ import annotations

from collections.abc import Iterator

from .. import hooks
from ..findings import settings_rules as rules
from ..findings.finding import Finding, Severity
from .inventory import Inventory

_SUBJECT = "wheels.build_tag_hook"


def check_hook(inventory: Inventory) -> Iterator[Finding]:
    """BT113: the settings configure another hook than ours, or none."""
    configured = inventory.tree.settings.build_tag_hook
    if configured is hooks.build_tag_hook:
        return
    remedy = (
        'set wheels: {build_tag_hook: "fromager_build_tags.hooks:build_tag_hook"} in '
        f"{inventory.tree.settings_file}"
    )
    if configured is None:
        yield rules.HOOK_NOT_CONFIGURED.finding(
            "no hook is configured, so wheels get no suffix",
            subject=_SUBJECT,
            remedy=remedy,
            place=inventory.settings_place("wheels"),
        )
    else:
        name = f"{configured.__module__}.{getattr(configured, '__qualname__', configured)}"
        yield rules.HOOK_NOT_CONFIGURED.finding(
            f"another hook is configured: {name}",
            subject=_SUBJECT,
            remedy=f"{remedy}, unless the configured hook calls it",
            place=inventory.settings_place("wheels", "build_tag_hook"),
            severity=Severity.WARNING,
        )
