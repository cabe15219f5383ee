"""``prune``: obsolete wheels."""

from __future__ import annotations

import collections
import dataclasses
import itertools
import os
import pathlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click

from ..files import is_replaced, real_path
from ..index import Index
from ..index.auditing import view_project
from ..index.deletion import delete as delete_wheels
from ..index.deletion import keep_linked, linked_folder, searched_folder, with_leftovers
from ..index.expected import Expectations
from ..index.intact import damage_on
from ..index.links import Link, links_below
from ..index.listing import DirectoryIndex
from ..index.neighbors import neighbors_of
from ..index.pool.pool import POOL_FILE
from ..index.pruning import Decision, decide
from ..index.status import Status
from ..report.index_reports import PRUNED, PruneReport
from ..stack.fact import explicit_variable
from ..text import first_few
from . import common
from . import indexes as shared

if TYPE_CHECKING:
    from ..settings.tree import SettingsTree


@click.command()
@shared.indexes_argument
@click.option("--delete", is_flag=True, help="delete the obsolete wheels; in folders only")
@click.option(
    "--foreign",
    is_flag=True,
    help="include wheels with a higher build number than the settings give, for another "
    "accelerator, or that another variant needs",
)
@click.option(
    "--allow-variables",
    is_flag=True,
    help="delete even if WHEEL_BUILD_TAG_… variables change the build tags",
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
    allow_variables: bool,
    here: bool,
    format_: str,
    output: pathlib.Path | None,
) -> None:
    """List, or delete, obsolete wheels.

    A wheel of an INDEX is obsolete only if its replacement, which the settings give for the same
    kind and stack, is in the index, is intact, and fits wherever the wheel fits; and if no other
    variant needs it. VARIANT=, or VARIANT:STACK=, before an INDEX names what it is for. Where
    variants publish to different indexes, name these with `index` in the variant files. Each wheel
    is listed with the reason and the size. Without --delete, nothing changes.
    """
    common.note_explicit_variables()
    tree = common.planned_tree(ctx)
    expectations = Expectations(tree, here=here)
    variant = common.variant_of_indexes(ctx, tree)
    opened, unopened = shared.open_indexes(indexes, variant, expectations=expectations)
    failures: list[object] = [*unopened]
    if delete:
        _refuse_settings(tree, allow_variables=allow_variables)
        _refuse_indexes(opened)
    folders = [
        searched_folder(pathlib.Path(each.place.address))
        for each in opened
        if not each.place.is_url
    ]
    links = list(links_below(folders))
    with shared.progress(opened) as count:
        decided = [
            _decide(index, expectations, count, links, failures, foreign=foreign)
            for index in opened
        ]
    reports = [each for each in decided if each is not None]
    if delete:
        if output is not None and is_replaced(output):  # fail before anything is deleted
            common.write(PRUNED[format_](reports), output)
        reports = [_deleted(report, folders, tree, failures) for report in reports]
    common.write(PRUNED[format_](reports), output)
    if shared.report_failures(failures, expectations):
        ctx.exit(1)
    if any(each.deleted and not (each.done or each.place.is_url) for each in reports):
        common.next_step("repeat with --delete")


def _refuse_settings(tree: SettingsTree, *, allow_variables: bool) -> None:
    """Refuse to delete by build tags that fromager may not give.

    Raises:
        InputError: the settings do not name our hook.
        UsageError: variables change the build tags.
    """
    shared.refuse_other_hook(tree, "nothing is deleted")
    names = sorted(explicit_variable(each) for each in tree.explicit.model_fields_set - {"verify"})
    if names and not allow_variables:
        raise click.UsageError(
            f"nothing is deleted, because {first_few(names)} changes the build tags of every "
            "variant: unset it, or confirm with --allow-variables"
        )


def _refuse_indexes(indexes: Sequence[Index]) -> None:
    """Raise UsageError for URLs, and for overlapping folders: variants need different wheels."""
    for index in indexes:
        if index.place.is_url:
            raise click.UsageError(f"--delete works on folders only, not on {index.place}")
        root = real_path(pathlib.Path(index.place.address))
        if any((each / POOL_FILE).exists() for each in (root, *root.parents[:3])):
            raise click.UsageError(
                f"{index.place} belongs to a pool, whose pages list its wheels: prune the folders "
                "that are merged, and merge them into a new pool"
            )
    for one, other in itertools.combinations(indexes, 2):
        roots = [real_path(pathlib.Path(each.place.address)) for each in (one, other)]
        is_inside = any(a.is_relative_to(b) for a, b in itertools.permutations(roots))
        if is_inside or _folders(one) & _folders(other):
            raise click.UsageError(
                f"--delete cannot take {one.place} and {other.place} together: they contain the "
                "same wheels, and a wheel that one variant needs can be obsolete for the other"
            )


def _folders(index: Index) -> set[tuple[int, int]]:
    """Return the device and inode of an index and of its folders: bind mounts have many paths."""
    paths = {index.place.address} | (
        index.folders() if isinstance(index, DirectoryIndex) else set()
    )
    return {(known.st_dev, known.st_ino) for known in map(os.stat, paths)}


def _decide(
    index: Index,
    expectations: Expectations,
    count: Callable[[int], None],
    links: Sequence[Link],
    failures: list[object],
    *,
    foreign: bool,
) -> PruneReport | None:
    """Return the report of an index; None for one that contains links only.

    Add what cannot be read or pruned to *failures*.
    """
    place = index.place
    neighbors = neighbors_of(expectations.tree, place.variant)
    dangling = [link for link in links if not link.target.exists()]
    decisions: list[Decision] = []
    sources: list[pathlib.Path | None] = []
    unread: list[object] = []
    statuses: collections.Counter[Status] = collections.Counter()
    for listed in index.projects():
        if listed.unreadable is not None:
            unread.append(listed.unreadable)
        completed = listed if place.is_url else with_leftovers(listed, dangling)
        view = view_project(index, completed, expectations)
        statuses.update(each.status for each in view.all_wheels())
        decisions += decide(view, expectations, neighbors, foreign=foreign)
        if view.wheels:
            sources.append(linked_folder(view.all_wheels()))
        count(1)
    failures += unread
    linked = [*filter(None, sources)]
    if linked and len(linked) == len(sources):
        failures.append(f"{place} contains links only: prune {common.relative(linked[0])} instead")
        return None
    decisions = keep_linked(decisions, links)
    return PruneReport(
        place=place,
        decisions=decisions,
        wheels=statuses.total(),
        unknown=statuses[Status.UNKNOWN],
        unread=len(unread),
    )


def _deleted(
    report: PruneReport,
    folders: Sequence[pathlib.Path],
    tree: SettingsTree,
    failures: list[object],
) -> PruneReport:
    """Delete the obsolete wheels of a report, and return the result."""
    decisions = []
    damage = damage_on(tree, report.place.variant)
    for decision, problem in delete_wheels(report.decisions, folders, damage):
        decisions.append(decision)
        failures += [problem] * bool(problem)
    return dataclasses.replace(report, decisions=decisions, done=True)
