"""``explain``: where each part of a build tag comes from."""

from __future__ import annotations

import pathlib

import click
from packaging.requirements import Requirement

from ..explain import explain as explain_tag
from ..plan import PlannedTag, plan
from ..report.explanation import render_explanation
from ..wanted import from_requirements
from . import common


@click.command()
@click.argument("requirement")
@common.here_option
@common.output_option
@click.pass_context
def explain(ctx: click.Context, requirement: str, here: bool, output: pathlib.Path | None) -> None:
    """Say where each part of the build tag of REQUIREMENT, such as torch==2.10.0, comes from.

    Without a version: the newest version that has a changelog entry. The exit status is 1 if
    the tag cannot be told.
    """
    tree = common.planned_tree(ctx)
    variant = str(tree.settings.variant)
    stacks = tree.stacks(variant, here=here)
    [wanted] = from_requirements([requirement])
    tags = [_newest(list(plan(tree, variant, [stack], [wanted]))) for stack in stacks]
    explanations = [explain_tag(tree, tag, Requirement(wanted.package)) for tag in tags]
    common.write("\n".join(map(render_explanation, explanations)), output)
    if any(tag.error for tag in tags):
        ctx.exit(1)


def _newest(tags: list[PlannedTag]) -> PlannedTag:
    """Return the newest version that is listed; the tag of all other versions if none is."""
    return next((tag for tag in reversed(tags) if tag.version is not None), tags[-1])
