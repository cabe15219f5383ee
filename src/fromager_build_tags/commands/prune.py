"""``prune``: what nothing needs any more."""

from __future__ import annotations

import dataclasses
import itertools
import pathlib
from collections.abc import Callable, Sequence

import click

from ..index import Index
from ..index.auditing import view_project
from ..index.expected import Expectations
from ..index.pruning import Judgement, judge_leftovers, linked_folder, links_of, spare_linked
from ..index.pruning import delete as delete_wheels
from ..report.prune_report import RENDERERS, PruneReport
from . import common, trees
from . import indexes as shared
from .snapshots import relative


@click.command()
@shared.indexes_argument
@click.option("--delete", is_flag=True, help="delete them; of folders only")
@click.option(
    "--foreign",
    is_flag=True,
    help="those with a higher build number than the settings give, or for another accelerator, too",
)
@common.here_option
@common.format_option(RENDERERS)
@common.output_option
@click.pass_context
def prune(
    ctx: click.Context,
    indexes: tuple[str, ...],
    delete: bool,
    foreign: bool,
    here: bool,
    format_: str,
    output: pathlib.Path | None,
) -> None:
    """List the wheels of each INDEX that nothing needs any more, with the reason and the size.

    A wheel is listed for deletion only if the one that the settings give for its kind and its
    stack is there, whole, and fits wherever it does. Without --delete nothing is changed.
    """
    tree = trees.planned_tree(ctx)
    expectations = Expectations(tree, here=here)
    opened, failures = shared.open_indexes(indexes, tree.variant, expectations=expectations)
    if delete:
        _refuse_to_delete(opened)
    reports = []
    links: list[tuple[str, str]] = []
    with shared.progress(opened) as count:
        for index in opened:
            judgements, problems = _judge(index, expectations, count, links, foreign=foreign)
            failures += problems
            if judgements is not None:
                reports.append(_report(index, judgements))
    reports = [
        dataclasses.replace(each, judgements=spare_linked(each.judgements, links))
        for each in reports
    ]
    if delete:
        if output is not None:  # a report that cannot be written is known before anything is lost
            common.write(RENDERERS[format_](reports), output)
        reports = [_deleted(report, failures) for report in reports]
    common.write(RENDERERS[format_](reports), output)
    if shared.complain(failures, expectations):
        ctx.exit(1)


def _refuse_to_delete(indexes: Sequence[Index]) -> None:
    """Refuse what is no folder, and two that overlap: what one needs is left over for the other."""
    for index in indexes:
        if index.place.is_url:
            raise click.UsageError(f"--delete is for folders, not for {index.place}")
    folders = [(pathlib.Path(index.place.address).resolve(), index.place) for index in indexes]
    for (one, place), (other, again) in itertools.combinations(folders, 2):
        if one.is_relative_to(other) or other.is_relative_to(one):
            raise click.UsageError(
                f"--delete takes {place} and {again} one at a time: they hold the same wheels, "
                "and what one variant needs is left over for the other"
            )


def _judge(
    index: Index,
    expectations: Expectations,
    count: Callable[[], None],
    links: list[tuple[str, str]],
    *,
    foreign: bool,
) -> tuple[list[Judgement] | None, list[str]]:
    """Judge an index; nothing of one that is made of links to the wheels of another folder."""
    accelerators = expectations.accelerators(index.place.variant)
    judgements: list[Judgement] = []
    problems: list[str] = []
    folders: list[pathlib.Path | None] = []
    for listed in index.projects():
        if listed.broken is not None:
            problems.append(f"{listed.broken.location} cannot be read: {listed.broken.reason}")
        view = view_project(index, listed, expectations)
        judgements += judge_leftovers(view, foreign=foreign, accelerators=accelerators)
        links += links_of(view.all_wheels())
        if view.wheels:
            folders.append(linked_folder(view.all_wheels()))
        count()
    real = [folder for folder in folders if folder is not None]
    if real and len(real) == len(folders):
        problems.append(f"{index.place} holds links only: prune {relative(real[0])} instead")
        return None, problems
    return judgements, problems


def _report(index: Index, judgements: Sequence[Judgement]) -> PruneReport:
    place = index.place
    return PruneReport(index=str(place), variant=place.variant, judgements=judgements, done=False)


def _deleted(report: PruneReport, failures: list[str]) -> PruneReport:
    """Delete what a report lists, and return what came of it."""
    judgements = []
    for judgement, problems in delete_wheels(report.judgements):
        judgements.append(judgement)
        failures += problems
    return dataclasses.replace(report, judgements=judgements, done=True)
