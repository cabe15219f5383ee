"""``winners``: which wheels pip and uv take."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import click
from packaging.version import Version

from ..index import Listed
from ..index.select import Sdist, newest_winner, pinned_winner, sdists_of
from ..index.status import Wheel, sort_files
from ..index.targets import Installer, Target, targets_of
from ..report.winners_report import RENDERERS, Taken
from ..text import plain
from . import common
from . import indexes as shared

#: Projects that a note names.
_MOST: Final = 10


@click.command()
@shared.indexes_argument
@click.option("--all-versions", is_flag=True, help="of each version, not of the newest only")
@shared.target_options
@common.format_option(RENDERERS)
@common.output_option
@click.pass_context
def winners(
    ctx: click.Context,
    indexes: tuple[str, ...],
    all_versions: bool,
    pythons: tuple[str, ...],
    platforms: tuple[str, ...],
    format_: str,
    output: pathlib.Path | None,
) -> None:
    """Say which wheel of each project pip and uv take, for each Python and platform.

    Where no wheel of a version fits they build its sdist, and that is said. Requires-Python counts
    where the index lists it; a folder does not. With --all-versions: what they take for
    PROJECT==VERSION, which can be VERSION+LOCAL.
    """
    targets = shared.read_targets(pythons, platforms)
    opened, failures = shared.open_indexes(indexes, "")
    taken: list[Taken] = []
    untaken: list[str] = []
    with shared.progress(opened) as count:
        for index in opened:
            for listed in index.projects():
                if listed.broken is not None:
                    broken = listed.broken
                    failures.append(f"{broken.location} cannot be read: {broken.reason}")
                rows = list(_taken(str(index.place), listed, targets, all_versions=all_versions))
                taken += rows
                if not rows and _candidates(listed):
                    untaken.append(listed.project)
                count()
    common.write(RENDERERS[format_](taken), output)
    if untaken:
        click.echo(f"of {plain(_some(untaken))} nothing is taken", err=True)
    if shared.complain(failures):
        ctx.exit(1)


def _some(projects: Sequence[str]) -> str:
    more = len(projects) - _MOST
    return ", ".join(projects[:_MOST]) + (f" and {more:,} more projects" if more > 0 else "")


def _taken(
    index: str, listed: Listed, targets: Sequence[Target], *, all_versions: bool
) -> Iterator[Taken]:
    candidates = _candidates(listed)
    by_public: dict[str, list[Wheel | Sdist]] = {}
    for each in candidates:
        by_public.setdefault(each.name.version.public, []).append(each)
    asked = sorted({each.name.version for each in candidates}) if all_versions else [None]
    for version in asked:
        some = candidates if version is None else by_public[version.public]
        for target in targets or _targets(some, version):
            for each, installers in _by_file(some, version, target).items():
                yield Taken(
                    index=index,
                    file=each.file,
                    version=version or each.name.version,
                    target=target,
                    installers=", ".join(installers),
                )


def _candidates(listed: Listed) -> Sequence[Wheel | Sdist]:
    wheels = sort_files(listed.files).wheels
    found = [Wheel(*each) for version in sorted(wheels) for each in wheels[version]]
    return [*found, *sdists_of(listed.files)]


def _targets(candidates: Sequence[Wheel | Sdist], version: Version | None) -> Sequence[Target]:
    """Return the targets of all wheels, or of those of one version."""
    wheels = (each.name for each in candidates if isinstance(each, Wheel))
    return targets_of(name for name in wheels if version in {None, name.version})


def _by_file(
    candidates: Sequence[Wheel | Sdist], version: Version | None, target: Target
) -> Mapping[Wheel | Sdist, Sequence[str]]:
    """Return who takes which file, of the newest version or of one that is pinned."""
    by_file: dict[Wheel | Sdist, list[str]] = {}
    for installer in Installer:
        if version is None:
            first = newest_winner(candidates, target, installer, requires=_requires)
        else:
            first = pinned_winner(candidates, version, target, installer, requires=_requires)
        if first is not None:
            by_file.setdefault(first, []).append(installer.value)
    return by_file


def _requires(each: Wheel | Sdist) -> str:
    return each.file.requires_python
