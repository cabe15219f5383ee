"""The settings tree that a command's options name. Importing this module imports fromager."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator

import click
from packaging.requirements import Requirement
from packaging.utils import InvalidName, NormalizedName, canonicalize_name

from ..errors import InputError
from ..findings.finding import Finding
from ..plan.plugins import load_overrides
from ..settings.layout import IGNORE
from ..settings.tree import SettingsTree, load_settings_tree
from ..verify.exemptions import Exemptions, exemptions_with_other_variants
from . import common


def planned_tree(ctx: click.Context) -> SettingsTree:
    """Return the settings tree with every override loaded, so that tags can be planned.

    Raises:
        SettingsError: fromager cannot load the settings.
        PluginError: fromager cannot load the overrides.
    """
    common.note_missing_settings(ctx)
    tree = settings_tree(ctx)
    load_overrides(tree.settings)
    return tree


def settings_tree(ctx: click.Context) -> SettingsTree:
    """Return fromager's own settings tree, or load it for the program without fromager.

    Raises:
        SettingsError: fromager cannot load it.
    """
    if isinstance(ctx.obj, dict):
        return load_settings_tree(**ctx.obj)
    options = ctx.find_root().params
    return SettingsTree(
        ctx=ctx.obj,
        settings_file=options["settings_file"],
        settings_dir=options["settings_dir"],
    )


def refuse_no_settings(tree: SettingsTree) -> None:
    """Refuse a place without settings: an empty result would look like a good one.

    Raises:
        InputError: there are no settings.
    """
    if not tree.settings_file.exists() and not tree.settings_dir.exists():
        raise InputError(
            f"there are no settings at {tree.settings_file} and {tree.settings_dir}: "
            "name them with --settings-file and --settings-dir"
        )


def exemptions_of(ctx: click.Context) -> Callable[[NormalizedName], Exemptions]:
    """Return a function from a package to the exemptions that its settings declare.

    Raises:
        SettingsError: fromager cannot load the settings.
        PluginError: fromager cannot load the overrides.
    """
    tree = planned_tree(ctx)
    return lambda name: exemptions_with_other_variants(tree.ctx, Requirement(name))


def mark_suppressed(tree: SettingsTree, findings: Iterable[Finding]) -> Iterator[Finding]:
    """Add the reason to each finding that the settings of its package suppress."""
    for finding in findings:
        try:
            name = canonicalize_name(finding.subject, validate=True)
        except InvalidName:  # an index can contain any name
            yield finding
            continue
        annotations = tree.settings.package_setting(name).annotations or {}
        reason = annotations.get(f"{IGNORE}{finding.code}", "").strip()
        yield dataclasses.replace(finding, suppression=reason) if reason else finding
