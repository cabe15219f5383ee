"""``check``: what is wrong with a settings tree, its variants, and the overrides."""

from __future__ import annotations

import pathlib

import click

from ..checkup import Checkup
from ..errors import InputError
from ..report.findings import RENDERERS
from ..rules.machine import machine
from ..rules.overrides import overrides
from ..rules.settings import CHECKS
from ..rules.verdict import Verdict
from . import common, gates

_FILE = click.Path(path_type=pathlib.Path, exists=True, dir_okay=False)


@click.command()
@click.option("--here", is_flag=True, help="check that this machine can build the variant, too")
@click.option(
    "-g",
    "--graph",
    "graphs",
    multiple=True,
    type=_FILE,
    help="check the packages and versions of a graph.json or build-order.json",
)
@click.option("--format", "format_", type=click.Choice(list(RENDERERS)), default="table")
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
    tree = common.settings_tree(ctx)
    if not tree.settings_file.exists() and not tree.settings_dir.exists():
        raise InputError(
            f"there are no settings at {tree.settings_file} and {tree.settings_dir}: "
            "name them with --settings-file and --settings-dir"
        )
    wanted = common.wanted_of(common.real_wheels(graphs, ()))
    checkup = Checkup.of(tree, wanted)
    found = [finding for each in CHECKS for finding in each(checkup)]
    found += overrides()
    if here:
        found += machine(checkup)
    verdict = Verdict.of(common.with_reasons(tree, found))
    common.write(RENDERERS[format_](verdict), output)
    if gates.fails(verdict, fail_on) and not exit_zero:
        ctx.exit(1)
