"""``winners``: which wheels pip and uv take."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator, Sequence

import click
from packaging.version import Version

from ..index import Listed
from ..report.winners import RENDERERS, Taken
from ..standing import Wheel, sort_files
from ..winners import Installer, Sdist, Target, newest_winner, sdists_of, targets_of, winner
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

    Where no wheel of a version fits they build its sdist, and that is said. Requires-Python counts
    where the index lists it; a folder does not. With --all-versions: what they take for
    PROJECT==VERSION.
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
    by_version: dict[Version, list[Wheel | Sdist]] = {}
    for version in wheels:
        by_version[version] = [Wheel(*each) for each in wheels[version]]
    for sdist in sdists_of(listed.files):
        by_version.setdefault(sdist.name.version, []).append(sdist)
    versions = [by_version[version] for version in sorted(by_version)]
    everything = [each for version in versions for each in version]
    for candidates in versions if all_versions else filter(None, [everything]):
        choose = winner if all_versions else newest_winner
        names = (each.name for each in candidates if isinstance(each, Wheel))
        for target in targets or targets_of(names):
            by_file: dict[Wheel | Sdist, list[str]] = {}
            for installer in Installer:
                first = choose(candidates, target, installer, requires=_requires)
                if first is not None:
                    by_file.setdefault(first, []).append(installer.value)
            for each, installers in by_file.items():
                yield Taken(
                    index=index,
                    file=each.file,
                    version=each.name.version,
                    target=target,
                    installers=", ".join(installers),
                )


def _requires(each: Wheel | Sdist) -> str:
    return each.file.requires_python
