"""``explain``: where each part of a build tag comes from."""

from __future__ import annotations

import pathlib
from typing import TYPE_CHECKING

import click

from ..errors import InputError
from ..plan.explanation import explain as explain_tag
from ..plan.model import PlannedTag
from ..plan.planner import plan
from ..plan.requirements import from_requirements
from ..report.table import Rendered
from ..report.tags_report import render_explanation
from . import common

if TYPE_CHECKING:
    from ..settings.tree import VariantTree


@click.command()
@click.argument("requirement")
@common.here_option
@common.output_option
@click.pass_context
def explain(ctx: click.Context, requirement: str, here: bool, output: pathlib.Path | None) -> None:
    """Show where each part of the build tag of REQUIREMENT, such as torch==2.10.0, comes from.

    Without a version: the newest version that has a changelog entry. If none has one: each range
    of versions with its own dependencies. The exit status is 1 if a tag cannot be computed.
    """
    tree = common.planned_tree(ctx, note_hook=False)
    [wanted] = from_requirements([requirement])
    found: list[tuple[VariantTree, PlannedTag]] = []
    for variant in common.selected_variants(ctx, tree, here=here):
        on_variant = tree.on(variant)
        for stack in on_variant.stacks(here=here):
            planned = plan(on_variant, [stack], [wanted])
            newest = [tag for tag in planned if tag.version is not None][-1:]
            found += [(on_variant, tag) for tag in newest or planned]
    if not found:
        raise InputError(f"no version satisfies {requirement!r}: correct it")
    explanations = [explain_tag(*each) for each in found]
    parts: Rendered = [line for each in explanations for line in ("", *render_explanation(each))]
    common.write_tags(tree, parts[1:], output)
    if any(tag.reason for _, tag in found):
        ctx.exit(1)
