"""``winners``: which wheels pip and uv take."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator, Sequence

import click

from ..index import Listed
from ..report.winners import RENDERERS, Taken
from ..standing import Wheel, sort_files
from ..winners import Installer, Target, newest_winner, targets_of, winner
from . import common
from . import indexes as shared


@click.command()
@shared.indexes_argument
@click.option("--all-versions", is_flag=True, help="of each version, not of the newest only")
@shared.target_options
@shared.no_cache_option
@click.option(
    "--format", "format_", type=click.Choice(list(RENDERERS)), default="table", show_default=True
)
@common.output_option
@click.pass_context
def winners(
    ctx: click.Context,
    indexes: tuple[str, ...],
    all_versions: bool,
    pythons: tuple[str, ...],
    platforms: tuple[str, ...],
    no_cache: bool,
    format_: str,
    output: pathlib.Path | None,
) -> None:
    """Say which wheel of each project pip and uv take, for each Python and platform.

    Requires-Python is not looked at: it is not in a wheel's name.
    """
    targets = shared.read_targets(pythons, platforms)
    opened, failures = shared.open_indexes(indexes, "", no_cache=no_cache)
    taken: list[Taken] = []
    with shared.progress(opened) as count:
        for index in opened:
            for listed in index.projects():
                if listed.broken is not None:
                    broken = listed.broken
                    failures.append(f"{broken.location} cannot be read: {broken.reason}")
                taken += _taken(str(index.place), listed, targets, all_versions=all_versions)
                count()
    common.write(RENDERERS[format_](taken), output)
    if shared.complain(failures):
        ctx.exit(1)


def _taken(
    index: str, listed: Listed, targets: Sequence[Target], *, all_versions: bool
) -> Iterator[Taken]:
    wheels = sort_files(listed.files).wheels
    versions = [[Wheel(*each) for each in wheels[version]] for version in sorted(wheels)]
    everything = [wheel for version in versions for wheel in version]
    for candidates in versions if all_versions else [everything]:
        choose = winner if all_versions else newest_winner
        for target in targets or targets_of(wheel.name for wheel in candidates):
            by_wheel: dict[Wheel, list[str]] = {}
            for installer in Installer:
                first = choose(candidates, target, installer)
                if first is not None:
                    by_wheel.setdefault(first, []).append(installer.value)
            for wheel, installers in by_wheel.items():
                yield Taken(
                    index=index, wheel=wheel, target=target, installers=", ".join(installers)
                )
