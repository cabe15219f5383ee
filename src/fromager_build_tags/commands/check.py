"""``check``: check the settings, the variant files and the installed overrides."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator, Mapping

import click

from ..checks import CHECKS
from ..checks.installed import check_machine, check_overrides
from ..checks.inventory import Inventory
from ..errors import PluginError, explain_error
from ..findings.finding import Finding, Verdict
from ..plan.lockfile import lock_file
from ..plan.plugins import load_overrides
from ..plan.requirements import from_build_file
from ..report.findings_report import FINDINGS
from ..settings.tree import SettingsTree
from . import common


@click.command()
@click.option(
    "--here", is_flag=True, help="also check that this machine can build the selected variant"
)
@common.all_option
@common.graph_option("check the packages and versions of a graph.json or build-order.json")
@common.format_option(FINDINGS)
@common.output_option
@common.fail_on_option("error", "warning", "note")
@common.exit_zero_option
@click.pass_context
def check(
    ctx: click.Context,
    here: bool,
    every: bool,
    graphs: tuple[pathlib.Path, ...],
    format_: str,
    output: pathlib.Path | None,
    fail_on: str,
    exit_zero: bool,
) -> None:
    """Check the settings, the variant files and the installed overrides.

    An annotation in the settings of a package suppresses a rule for the package:
    build-tags.ignore.CODE: "REASON".
    """
    common.note_explicit_variables()
    tree = common.settings_tree(ctx)
    common.note_missing_settings(ctx)
    if here:  # one machine builds one variant
        common.selected_variants(ctx, tree, here=True)
    wanted = [each for graph in graphs for each in from_build_file(graph)]
    error = _loading_error(tree)
    found = list(check_overrides())
    checked: Mapping[str, int] = {}
    if not error:
        inventory = Inventory.of(tree, wanted, every=every)
        found += _check_settings(inventory, here=here)
        checked = inventory.counts()
    found = list(common.mark_suppressed(tree, found))
    verdict = Verdict.of(
        found,
        about=str(tree.settings_file),
        checked=checked,
        unchecked="the settings" if error else _unchecked(tree),
    )
    common.write(FINDINGS[format_](verdict), output)
    if verdict.passed and not lock_file(tree.settings_file).exists():
        common.next_step("fromager-build-tags lock")
    if error:
        common.note(f"Error: the settings are not checked: {error}")
    if (error or common.fails(verdict, fail_on)) and not exit_zero:
        ctx.exit(1)


def _loading_error(tree: SettingsTree) -> str:
    """Return why the overrides cannot be loaded, which every check of settings needs; or ""."""
    try:
        load_overrides(tree.settings)
    except PluginError as err:
        return explain_error(err)
    return ""


def _unchecked(tree: SettingsTree) -> str:
    """Return that no lock can be checked while variables override the variant files; or ""."""
    if tree.explicit.facts() and lock_file(tree.settings_file).exists():
        return "the lock file, because variables override the variant files"
    return ""


def _check_settings(inventory: Inventory, *, here: bool) -> Iterator[Finding]:
    for each in CHECKS:
        yield from each(inventory)
    if here:
        yield from check_machine(inventory)
