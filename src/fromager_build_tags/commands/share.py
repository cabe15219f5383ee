"""``share``: wheels that are the same in several indexes."""

from __future__ import annotations

import pathlib

import click

from ..index.sharing import compare_indexes
from ..report.index_reports import COMPARISON, ShareReport
from . import common
from . import indexes as shared


@click.command()
@click.argument("indexes", nargs=-1, required=True, metavar="INDEX INDEX...")
@common.format_option(COMPARISON)
@common.output_option
@click.pass_context
def share(
    ctx: click.Context, indexes: tuple[str, ...], format_: str, output: pathlib.Path | None
) -> None:
    """Find wheels that several INDEXes can share, and the files in which the others differ.

    Only wheels that depend on neither the accelerator nor Torch are compared: by hash, then by
    content. --format json prints a plan: the wheel to keep, and the copies to link or to replace.
    Nothing changes.
    """
    if len(indexes) < 2:
        raise click.UsageError("share needs at least two indexes")
    opened, unopened = shared.open_indexes(indexes, "")
    if shared.report_failures(unopened):
        ctx.exit(1)
    projects = []
    with shared.progress(opened) as count:
        for project in compare_indexes(opened):
            projects.append(project)
            count(project.indexes)
    report = ShareReport(indexes=[str(each.place) for each in opened], projects=projects)
    common.write(COMPARISON[format_](report), output)
    if shared.report_failures(each for project in projects for each in project.unreadable):
        ctx.exit(1)
