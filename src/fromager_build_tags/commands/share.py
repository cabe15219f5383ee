"""``share``: which wheels are the same in several indexes."""

from __future__ import annotations

import pathlib
from collections.abc import Sequence

import click

from ..index import IndexPlace, parse_place
from ..index.sharing import Outcome
from ..index.sharing import share as compare
from ..report.share_report import RENDERERS, ShareReport
from . import common
from . import indexes as shared


@click.command()
@click.argument("indexes", nargs=-1, required=True, metavar="INDEX INDEX...")
@common.format_option(RENDERERS)
@common.output_option
@click.pass_context
def share(
    ctx: click.Context,
    indexes: tuple[str, ...],
    format_: str,
    output: pathlib.Path | None,
) -> None:
    """Say which wheels are the same in several INDEXes, and in which file others differ.

    Of wheels that tell no accelerator and no Torch. Where hashes differ, the content is
    compared: of a URL by the end of the file, which has the hash of everything inside. With
    --format json: a plan of what to keep, to link, and to replace by what is kept. Nothing is
    changed.
    """
    if len(indexes) < 2:
        raise click.UsageError("share compares two indexes or more")
    _refuse_twice(indexes)
    opened, failures = shared.open_indexes(indexes, "")
    if failures:
        shared.complain(failures)
        ctx.exit(1)
    outcomes: list[Outcome] = []
    with shared.progress(opened) as count:
        for in_indexes, of_project in compare(opened):
            outcomes += of_project
            count(in_indexes)
    report = ShareReport.of([str(each.place) for each in opened], outcomes)
    common.write(RENDERERS[format_](report), output)
    if shared.complain(f"{each.location} cannot be read: {each.reason}" for each in report.broken):
        ctx.exit(1)


def _refuse_twice(indexes: Sequence[str]) -> None:
    """Raise UsageError for a place that is given twice: it is the same as itself throughout."""
    seen: dict[str, IndexPlace] = {}
    for text in indexes:
        place = parse_place(text, "")
        first = seen.setdefault(place.identity, place)
        if first is not place:
            raise click.UsageError(
                f"{first} and {place} are one place: share compares different indexes"
            )
