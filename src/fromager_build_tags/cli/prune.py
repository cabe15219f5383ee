"""``prune``: what nothing needs any more."""

from __future__ import annotations

import pathlib

import click

from ..audit import view_project
from ..expected import Expectations
from ..index import Index
from ..prune import Judgement, judge_leftovers
from ..prune import delete as delete_wheels
from ..report.prune import RENDERERS, PruneReport
from . import common
from . import indexes as shared


@click.command()
@shared.indexes_argument
@click.option("--delete", is_flag=True, help="delete them; of folders only")
@click.option(
    "--foreign", is_flag=True, help="those with a higher build number than the settings give, too"
)
@common.here_option
@shared.no_cache_option
@click.option(
    "--format", "format_", type=click.Choice(list(RENDERERS)), default="table", show_default=True
)
@common.output_option
@click.pass_context
def prune(
    ctx: click.Context,
    indexes: tuple[str, ...],
    delete: bool,
    foreign: bool,
    here: bool,
    no_cache: bool,
    format_: str,
    output: pathlib.Path | None,
) -> None:
    """List the wheels of each INDEX that nothing needs any more, with the reason and the size.

    A wheel is listed for deletion only if the one that the settings give is there, and fits
    wherever it does. Without --delete nothing is changed.
    """
    tree = common.planned_tree(ctx)
    expectations = Expectations(tree, here=here)
    opened, failures = shared.open_indexes(
        indexes, str(tree.settings.variant), no_cache=no_cache, expectations=expectations
    )
    remote = [str(each.place) for each in opened if each.place.is_url]
    if delete and remote:
        raise click.UsageError(f"--delete is for folders, not for {remote[0]}")
    reports = []
    with shared.progress(opened) as count:
        for index in opened:
            judgements: list[Judgement] = []
            for listed in index.projects():
                if listed.broken is not None:
                    broken = listed.broken
                    failures.append(f"{broken.location} cannot be read: {broken.reason}")
                view = view_project(index, listed, expectations)
                judgements += judge_leftovers(view, foreign=foreign)
                count()
            if delete:
                failures += delete_wheels(index.place, judgements)
            reports.append(_report(index, judgements, done=delete))
    common.write(RENDERERS[format_](reports), output)
    if shared.complain(failures, expectations):
        ctx.exit(1)


def _report(index: Index, judgements: list[Judgement], *, done: bool) -> PruneReport:
    place = index.place
    return PruneReport(index=str(place), variant=place.variant, judgements=judgements, done=done)
