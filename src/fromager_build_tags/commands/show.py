"""``show``: the build tags that the settings give."""

from __future__ import annotations

import pathlib
from collections.abc import Iterable

import click

from ..errors import BuildTagError, explain_error
from ..plan.model import ANY_PACKAGE, PlannedTag, Wanted
from ..plan.planner import listed, plan
from ..plan.requirements import from_build_file, from_requirements, from_requirements_file
from ..plan.scope import packages_in_scope
from ..report.tags_report import NAME_RENDERERS, RENDERERS
from ..settings.tree import SettingsTree
from . import common


@click.command()
@click.argument("requirements", nargs=-1, metavar="[REQUIREMENT]...")
@common.requirements_file_option
@common.build_files_option
@common.all_option
@click.option("--all-variants", is_flag=True, hidden=True, help="also if --variant is named")
@click.option("--names", is_flag=True, help="also what the file names of wheels begin with")
@common.here_option
@common.format_option(RENDERERS)
@common.output_option
@click.pass_context
def show(
    ctx: click.Context,
    requirements: tuple[str, ...],
    files: tuple[pathlib.Path, ...],
    build_files: tuple[pathlib.Path, ...],
    every: bool,
    all_variants: bool,
    names: bool,
    here: bool,
    format_: str,
    output: pathlib.Path | None,
) -> None:
    """Print package, version, build tag and source for each stack of each variant.

    Without REQUIREMENT or file: the packages with settings or an own override, and the default of
    all others. The version * stands for all versions without a changelog entry of their own. A
    suffix that depends on the build machine is shown as ?; with --here, this machine is the build
    machine. The exit status is 1 if a tag is an error.
    """
    common.note_explicit_variables()
    tree = common.planned_tree(ctx, note_hook=False)
    wanted = [
        *from_requirements(requirements),
        *(each for file in files for each in from_requirements_file(file)),
        *(each for file in build_files for each in from_build_file(file)),
    ]
    is_named = bool(requirements or files or build_files)  # an empty file names no package
    if every or not is_named:
        scope = {*packages_in_scope(tree, every=every)} - {each.package for each in wanted}
        wanted += [Wanted(package=package) for package in (*sorted(scope), ANY_PACKAGE)]
    wanted = [listed(tree, each) for each in wanted]
    variants = common.selected_variants(ctx, tree, here=here)
    if all_variants:
        variants = tree.variants()
    tags, failures = _plan(tree, variants, wanted, here=here)
    renderers = NAME_RENDERERS if names else RENDERERS
    common.write_tags(tree, renderers[format_](tags), output, format_)
    if not wanted:
        common.note("nothing to show: the files name no package")
    for failure in failures:
        common.note(f"Error: {failure}")
    if failures or any(tag.is_wrong for tag in tags):
        ctx.exit(1)


def _plan(
    tree: SettingsTree, variants: Iterable[str], wanted: list[Wanted], *, here: bool
) -> tuple[list[PlannedTag], list[str]]:
    """Plan every variant, and collect the errors of those that cannot be planned."""
    tags: list[PlannedTag] = []
    failures: list[str] = []
    for variant in variants:
        try:
            tags += plan(tree.on(variant), tree.on(variant).stacks(here=here), wanted)
        except BuildTagError as err:
            failures.append(explain_error(err))
    return tags, failures
