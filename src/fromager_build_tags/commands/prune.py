"""``prune``: obsolete wheels."""

from __future__ import annotations

import dataclasses
import itertools
import pathlib
from collections.abc import Callable, Sequence

import click

from ..index.auditing import view_project
from ..index.expected import Expectations
from ..index.listing import Index
from ..index.pruning import Decision, decide, keep_linked, linked_folder, links_of
from ..index.pruning import delete as delete_wheels
from ..report.index_reports import PRUNED, PruneReport
from . import common
from . import indexes as shared


@click.command()
@shared.indexes_argument
@click.option("--delete", is_flag=True, help="delete the obsolete wheels; in folders only")
@click.option(
    "--foreign",
    is_flag=True,
    help="include wheels with a higher build number than the settings give, or for another "
    "accelerator",
)
@common.here_option
@common.format_option(PRUNED)
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
    """List, or delete, obsolete wheels.

    A wheel of an INDEX is obsolete only if its replacement, which the settings give for the same
    kind and stack, is in the index, is intact, and fits wherever the wheel fits. Each wheel is
    listed with the reason and the size. Without --delete, nothing changes.
    """
    tree = common.planned_tree(ctx)
    expectations = Expectations(tree, here=here)
    opened, unopened = shared.open_indexes(indexes, tree.variant, expectations=expectations)
    failures: list[object] = [*unopened]
    if delete:
        _refuse_to_delete(opened)
    reports: list[PruneReport] = []
    links: list[tuple[str, str]] = []
    with shared.progress(opened) as count:
        for index in opened:
            decided = _decide(index, expectations, count, links, failures, foreign=foreign)
            reports += [] if decided is None else [decided]
    reports = [
        dataclasses.replace(each, decisions=keep_linked(each.decisions, links)) for each in reports
    ]
    if delete:
        if output is not None:  # fail before anything is deleted if the report cannot be written
            common.write(PRUNED[format_](reports), output)
        reports = [_deleted(report, failures) for report in reports]
    common.write(PRUNED[format_](reports), output)
    if shared.report_failures(failures, expectations):
        ctx.exit(1)


def _refuse_to_delete(indexes: Sequence[Index]) -> None:
    """Raise UsageError for URLs, and for overlapping folders: variants need different wheels."""
    for index in indexes:
        if index.place.is_url:
            raise click.UsageError(f"--delete works on folders only, not on {index.place}")
    folders = [(pathlib.Path(index.place.address).resolve(), index.place) for index in indexes]
    for (one, place), (other, again) in itertools.combinations(folders, 2):
        if one.is_relative_to(other) or other.is_relative_to(one):
            raise click.UsageError(
                f"--delete cannot take {place} and {again} together: they contain the same "
                "wheels, and a wheel that one variant needs can be obsolete for the other"
            )


def _decide(
    index: Index,
    expectations: Expectations,
    count: Callable[[int], None],
    links: list[tuple[str, str]],
    failures: list[object],
    *,
    foreign: bool,
) -> PruneReport | None:
    """Return the report of an index; None for one that contains links only.

    Add its links to *links*, and what cannot be read or pruned to *failures*.
    """
    accelerators = expectations.accelerators(index.place.variant)
    decisions: list[Decision] = []
    folders: list[pathlib.Path | None] = []
    for listed in index.projects():
        if listed.unreadable is not None:
            failures.append(listed.unreadable)
        view = view_project(index, listed, expectations)
        decisions += decide(view, foreign=foreign, accelerators=accelerators)
        links += links_of(view.all_wheels())
        if view.wheels:
            folders.append(linked_folder(view.all_wheels()))
        count(1)
    real = [folder for folder in folders if folder is not None]
    if real and len(real) == len(folders):
        failures.append(
            f"{index.place} contains links only: prune {common.relative(real[0])} instead"
        )
        return None
    place = index.place
    return PruneReport(index=str(place), variant=place.variant, decisions=decisions)


def _deleted(report: PruneReport, failures: list[object]) -> PruneReport:
    """Delete the obsolete wheels of a report, and return the result."""
    decisions = []
    for decision, problem in delete_wheels(report.decisions):
        decisions.append(decision)
        failures += [problem] * bool(problem)
    return dataclasses.replace(report, decisions=decisions, done=True)
