"""``which``: the files that pip and uv select."""

from __future__ import annotations

import itertools
import pathlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import click
from packaging.utils import NormalizedName

from ..index import Index
from ..index.auditing import side_by_side
from ..index.listing import ListedProject
from ..index.selected import Selected, files_of, select_files
from ..index.wheel_variants import UV_PROVIDES, Driver
from ..report.index_reports import SELECTION
from ..text import counted, first_few
from . import common
from . import indexes as shared

#: Projects that a note lists.
_MOST: Final = 10


@click.command()
@shared.indexes_argument
@shared.all_versions_option
@click.option(
    "--together",
    is_flag=True,
    help="as if installers had all INDEXes, by priority: pip merges them, uv takes the first that "
    "has the project",
)
@shared.target_options
@shared.machine_option
@common.format_option(SELECTION)
@common.output_option
@click.pass_context
def which(
    ctx: click.Context,
    indexes: tuple[str, ...],
    all_versions: bool,
    together: bool,
    pythons: tuple[str, ...],
    platforms: tuple[str, ...],
    machines: tuple[Driver, ...],
    format_: str,
    output: pathlib.Path | None,
) -> None:
    """Show which wheels pip and uv select, for each Python and platform.

    An sdist is shown where no wheel of a version fits. Requires-Python is considered where the
    INDEX lists it; a folder does not. --all-versions shows the selection for PROJECT==VERSION,
    which can be VERSION+LOCAL.

    pip and uv ignore wheels with a variant label (PEP 825). --machine shows what uv selects on a
    machine with --preview-features wheel-variants.
    """
    targets = shared.read_targets(pythons, platforms)
    opened, unopened = shared.open_indexes(indexes, "")
    failures: list[object] = [*unopened]
    selected: list[Selected] = []
    none: list[str] = []
    empty = {str(index.place): counted(len(index), "project") for index in opened}
    groups = [opened] if together else [[index] for index in opened]
    with shared.progress(opened) as count:
        for project, found in itertools.chain.from_iterable(map(_side_by_side, groups)):
            failures += [each.unreadable for each in found.values() if each.unreadable]
            files = {place: files_of(listed) for place, listed in found.items()}
            rows = list(select_files(files, targets, all_versions=all_versions, drivers=machines))
            selected += rows
            for place in filter(files.get, files):
                empty.pop(place, None)
            if any(files.values()) and not rows:
                none.append(project)
            count(len(found))
    common.write(SELECTION[format_](selected), output)
    for place, number in empty.items():
        hint = "use a simple API, or a folder of wheels"
        common.note(f"no wheels or sdists in {place} ({number}): {hint}")
    if any(each.accelerator and each.accelerator not in UV_PROVIDES for each in machines):
        common.note("no released installer selects wheels for ROCm by their labels")
    if none:
        common.note(f"nothing is selected for {first_few(none, _MOST)}")
    if shared.report_failures(failures):
        ctx.exit(1)


def _side_by_side(
    indexes: Sequence[Index],
) -> Iterator[tuple[NormalizedName, Mapping[str, ListedProject]]]:
    """Yield each project with its files in each index that has it, by the index's place."""
    for project, listed in side_by_side(indexes):
        yield project, {str(indexes[number].place): each for number, each in listed.items()}
