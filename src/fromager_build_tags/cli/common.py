"""What several commands share: the settings tree, packages to look at, and output."""

from __future__ import annotations

import pathlib
from collections.abc import Callable

import click
from fromager.context import WorkContext
from packaging.requirements import Requirement
from packaging.utils import NormalizedName

from ..declared import declared_for
from ..files import write_text
from ..rules.wheel.declared import NOTHING, Declared
from ..tree import SettingsTree, load_settings_tree


def settings_tree(ctx: click.Context) -> SettingsTree:
    """Return the settings tree: fromager's own, or one that is loaded now.

    Raises:
        SettingsError: fromager cannot load it.
    """
    if isinstance(ctx.obj, WorkContext):
        options = ctx.find_root().params
        return SettingsTree(
            ctx=ctx.obj,
            settings_file=options["settings_file"],
            settings_dir=options["settings_dir"],
        )
    options = ctx.obj
    return load_settings_tree(**options)


def declared_of(ctx: click.Context) -> Callable[[NormalizedName], Declared]:
    """Return what tells what is declared of a package; nothing is where there are no settings.

    Raises:
        SettingsError: fromager cannot load the settings.
    """
    if not isinstance(ctx.obj, WorkContext) and not ctx.obj["settings_dir"].is_dir():
        return lambda _: NOTHING
    tree = settings_tree(ctx)
    return lambda name: declared_for(tree.ctx, Requirement(name))


def write(text: str, output: pathlib.Path | None) -> None:
    """Print a result, or write it to a file as a whole."""
    if output is None:
        click.echo(text, nl=False)
    else:
        write_text(output, text)


here_option = click.option(
    "--here", is_flag=True, help="ask this machine, too: os-release, variables, constraints"
)
output_option = click.option(
    "-o",
    "--output",
    type=click.Path(path_type=pathlib.Path, dir_okay=False),
    help="write to a file instead of stdout",
)
