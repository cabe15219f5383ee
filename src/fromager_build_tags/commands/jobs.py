"""``jobs``: the wheels to build once for several stacks."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Iterator
from typing import Final

import click

from ..index.expected import Expectations
from ..index.jobs.existing import find_existing
from ..index.jobs.job_plan import JobPlan, plan_jobs
from ..index.jobs.stack_needs import StackNeeds
from ..index.place import IndexPlace, parse_place
from ..plan.build_graph import BuildGraph, build_levels, read_build_graph
from ..report.jobs_report import JOBS, Each, JobsReport
from ..settings.tree import SettingsTree
from ..text import counted, first_few
from . import common
from . import indexes as shared

_GRAPH: Final = "[VARIANT[:STACK]=]FILE"


@click.command()
@click.option(
    "-g",
    "--graph",
    "graphs",
    multiple=True,
    required=True,
    metavar=_GRAPH,
    help="fromager's graph.json or build-order.json, of all stacks or of those that are named",
)
@click.option(
    "--index",
    "indexes",
    multiple=True,
    metavar="[NAME=]INDEX",
    help="a folder or a simple API: its wheels need no build",
)
@click.option(
    "--each",
    type=click.Choice(["stack", "wheel"]),
    default="stack",
    show_default=True,
    help="what one job of the matrix builds",
)
@shared.target_options
@common.format_option(JOBS)
@common.output_option
@click.pass_context
def jobs(
    ctx: click.Context,
    graphs: tuple[str, ...],
    indexes: tuple[str, ...],
    each: Each,
    pythons: tuple[str, ...],
    platforms: tuple[str, ...],
    format_: str,
    output: pathlib.Path | None,
) -> None:
    """List the wheels to build once for several stacks, and the order of their builds.

    A wheel that has the same name on several stacks is built for the first of them; the others
    take it with fromager's --cache-wheel-server-url. All stacks have one Python. A wheel counts as
    pure only if an --index has a pure wheel of its version. --format github prints a list of
    matrices, --format gitlab a child pipeline: one for each round.
    """
    common.note_explicit_variables()
    targets = shared.read_targets(pythons, platforms)
    if len(targets) > 1:
        raise click.UsageError("jobs are for one --python and one --platform")
    tree = common.planned_tree(ctx, note_hook=False)
    shared.refuse_other_hook(tree, "no wheel is shared")
    needs, read = StackNeeds(Expectations(tree)), [*map(_read, graphs)]
    variants = common.selected_variants(ctx, tree, here=False)
    for place, graph in read:
        for variant in [place.variant] if place.variant else variants:
            needs.add(dataclasses.replace(place, variant=variant), graph)
    levels = build_levels(graph for _, graph in read)  # a cycle is found before a request is sent
    opened, unopened = shared.open_indexes(indexes, "", named=needs.versions())
    with shared.progress(opened) as count:
        existing = find_existing(opened, needs.versions(), *targets, count=count)
    planned = [*needs.planned()]
    made = plan_jobs(planned, levels, existing)
    report = JobsReport(plan=made, each=each, remarks=[*_remarks(tree, made)])
    common.write(JOBS[format_](report), output)
    wrong = sorted({tag.error for _, tags in planned for tag in tags if tag.is_wrong})
    if shared.report_failures([*unopened, *existing.unreadable, *needs.failures, *wrong]):
        ctx.exit(1)


def _read(text: str) -> tuple[IndexPlace, BuildGraph]:
    """Return what a graph is for, and the graph."""
    place = parse_place(text, "", what="--graph")
    path = pathlib.Path(place.address)
    if path.is_dir() or not path.exists():
        raise click.UsageError(
            f"--graph {str(place)!r} is not a file: fromager writes work-dir/graph.json"
        )
    return place, read_build_graph(path)


def _remarks(tree: SettingsTree, made: JobPlan) -> Iterator[str]:
    """Yield what the plan assumes."""
    assumed = sum(job.is_purelib is None and not job.unshared for job in made.jobs)
    if assumed:
        yield (
            f"{counted(assumed, 'wheel')} planned for a platform, since no index has a wheel of "
            "the version: a pure one is built once for all distributions"
        )
    if names := [*_with_variables(tree, made)]:
        yield (
            f"shared, although the settings have variables for one variant: {first_few(names)}; if "
            "these change the wheel, declare what it depends on"
        )


def _with_variables(tree: SettingsTree, made: JobPlan) -> Iterator[str]:
    """Yield the packages whose variants set different variables for one shared wheel."""
    for job in made.jobs:
        variants = {made.stacks[number].variant for number in job.stacks}
        settings = tree.settings.package_setting(job.package).variants
        environs = {str(variant): dict(info.env) for variant, info in settings.items()}
        first, *others = (environs.get(variant, {}) for variant in variants)
        if any(each != first for each in others):
            yield job.package
