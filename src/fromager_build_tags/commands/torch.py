"""``torch``: the releases of Torch that wheels load with."""

from __future__ import annotations

import pathlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import click
from packaging.version import Version

from ..http.urls import is_url
from ..index.torch_matrix import columns, read_matrix
from ..report.torch_report import MATRIX, TorchReport
from ..wheel.torch.torch_loads import stands_for
from ..wheel.torch.torch_table import TorchTable, shipped_table
from . import common
from . import indexes as shared
from .given_torch import read_given_torch

_RELEASE: Final = re.compile(r"\d{1,4}\.\d{1,4}(\.\d{1,4})?", re.ASCII)


@click.command()
@shared.indexes_argument
@click.option(
    "--torch",
    "asked",
    multiple=True,
    metavar="VERSION|PATH|URL",
    help="such as 2.13, or 2.13.0 for that patch release only; or a Torch of your own: a wheel, an "
    "installed Torch, or an index  [default: every known release]",
)
@shared.all_versions_option
@shared.target_options
@common.format_option(MATRIX)
@common.output_option
@click.pass_context
def torch(
    ctx: click.Context,
    indexes: tuple[str, ...],
    asked: tuple[str, ...],
    all_versions: bool,
    pythons: tuple[str, ...],
    platforms: tuple[str, ...],
    format_: str,
    output: pathlib.Path | None,
) -> None:
    """Show which releases of Torch the wheels of indexes load with.

    Read the wheels that pip or uv select, and list those that import Torch. A missing symbol
    proves that a wheel cannot load, so it must be rebuilt. A wheel that lacks none may still
    fail. "part": the release loads some of its libraries, and no release loads all. The wheels
    of a URL are downloaded. The answers do not change the exit status.
    """
    table = shipped_table()
    releases = sorted({each.version for each in table.releases})
    given = {text: read_given_torch([text], ()) for text in asked if _is_place(text)}
    matching = [*_matching(asked, releases, given)]
    targets = shared.read_targets(pythons, platforms)
    opened, unopened = shared.open_indexes(indexes, "")
    with shared.progress(opened) as count:
        matrix = read_matrix(
            opened, [table, *given.values()], targets, all_versions=all_versions, count=count
        )
    report = TorchReport(
        matrix=matrix,
        columns=columns(matrix.rows, releases, matching),
        releases=releases,
        is_asked=bool(asked),
    )
    common.write(MATRIX[format_](report), output)
    if shared.report_failures([*unopened, *matrix.failures]):
        ctx.exit(1)


def _is_place(text: str) -> bool:
    is_path = not _RELEASE.fullmatch(text) and bool(text) and pathlib.Path(text).exists()
    return is_path or is_url(text)


def _matching(
    asked: Iterable[str], releases: Sequence[Version], given: Mapping[str, TorchTable]
) -> Iterator[Sequence[Version]]:
    """Yield the known releases of each version, and each version of the builds that are given.

    Raises:
        UsageError: a text is not a version, or no known release has it.
    """
    for text in dict.fromkeys(asked):
        if text in given:
            yield from [[each] for each in sorted({x.version for x in given[text].releases})]
            continue
        if not _RELEASE.fullmatch(text):
            raise click.UsageError(
                f"--torch {text!r} is neither a version such as 2.13 or 2.13.0, nor the path or "
                "URL of a Torch"
            )
        found = [each for each in releases if stands_for(Version(text), each)]
        if not found:
            raise click.UsageError(
                f"--torch {text}: what Torch {text} exports is unknown; the known releases are "
                f"{releases[0]} to {releases[-1]}"
            )
        yield found
