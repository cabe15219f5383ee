"""``share``: which wheels are the same in several indexes."""

from __future__ import annotations

import pathlib

import click

from ..report.share import RENDERERS, ShareReport
from ..share import share as compare
from . import common
from . import indexes as shared


@click.command()
@click.argument("indexes", nargs=-1, required=True, metavar="INDEX INDEX...")
@shared.no_cache_option
@click.option(
    "--format", "format_", type=click.Choice(list(RENDERERS)), default="table", show_default=True
)
@common.output_option
@click.pass_context
def share(
    ctx: click.Context,
    indexes: tuple[str, ...],
    no_cache: bool,
    format_: str,
    output: pathlib.Path | None,
) -> None:
    """Say which wheels are the same in every INDEX, and in which file others differ.

    Of wheels that tell no accelerator and no Torch. Where hashes differ, the content is
    compared: of a URL by the end of the file, which has the hash of everything inside. With
    --format json: a plan of what to keep, to link and to delete. Nothing is changed.
    """
    if len(indexes) < 2:
        raise click.UsageError("share compares two indexes or more")
    opened, failures = shared.open_indexes(indexes, "", no_cache=no_cache)
    if failures:
        shared.complain(failures)
        ctx.exit(1)
    report = ShareReport.of([str(each.place) for each in opened], compare(opened))
    common.write(RENDERERS[format_](report), output)
    if shared.complain(f"{each.location} cannot be read: {each.reason}" for each in report.broken):
        ctx.exit(1)
