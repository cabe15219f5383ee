"""``check``: what is wrong with a settings tree, its variants, and the overrides."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator

import click

from ..checks.checkup import Checkup
from ..checks.overrides import overrides
from ..checks.preflight import machine
from ..checks.variants import CHECKS
from ..errors import PluginError, explain_error
from ..findings.finding import Finding
from ..findings.verdict import Verdict
from ..plan.plugins import load_overrides
from ..report.formats import FINDINGS
from ..settings.tree import SettingsTree
from . import builds, common, trees
from . import exit_status as gates


@click.command()
@click.option("--here", is_flag=True, help="check that this machine can build the variant, too")
@click.option(
    "-g",
    "--graph",
    "graphs",
    multiple=True,
    type=common.FILE,
    help="check the packages and versions of a graph.json or build-order.json",
)
@common.format_option(FINDINGS)
@common.output_option
@gates.fail_on_option("error", "warning", "note")
@gates.exit_zero_option
@click.pass_context
def check(
    ctx: click.Context,
    here: bool,
    graphs: tuple[pathlib.Path, ...],
    format_: str,
    output: pathlib.Path | None,
    fail_on: str,
    exit_zero: bool,
) -> None:
    """Check the settings, the variant files and the installed overrides.

    A rule is ignored for a package by an annotation in its settings, with the reason:
    build-tags.ignore.CODE: "why".
    """
    common.note_explicit_variables()
    tree = trees.settings_tree(ctx)
    trees.refuse_no_settings(tree)
    common.note_missing_settings(ctx)
    wanted = builds.wanted_of(builds.real_wheels(graphs, ()))
    unchecked = _what_stops(tree)
    found = list(overrides())
    if not unchecked:
        found += _of_settings(Checkup.of(tree, wanted), here=here)
    verdict = Verdict.of(trees.mark_suppressed(tree, found), about=str(tree.settings_file))
    common.write(FINDINGS[format_](verdict), output)
    if unchecked:
        click.echo(f"Error: the settings are not checked: {unchecked}", err=True)
    if (unchecked or gates.fails(verdict, fail_on)) and not exit_zero:
        ctx.exit(1)


def _what_stops(tree: SettingsTree) -> str:
    """Return what keeps the settings from being checked, which takes every override."""
    try:
        load_overrides(tree.settings)
    except PluginError as err:
        return explain_error(err)
    return ""


def _of_settings(checkup: Checkup, *, here: bool) -> Iterator[Finding]:
    for each in CHECKS:
        yield from each(checkup)
    if here:
        yield from machine(checkup)
