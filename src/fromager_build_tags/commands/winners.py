"""``winners``: the files that pip and uv select."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import click
from packaging.version import Version

from ..index.listing import ListedProject
from ..index.select import (
    Installer,
    Target,
    is_valid_requirement,
    sdists_of,
    select_newest,
    select_pinned,
    targets_of,
)
from ..index.status import IndexWheel, group_files
from ..report.index_reports import SELECTION, Selected
from ..text import first_few, plain
from . import common
from . import indexes as shared

#: Projects that a note lists.
_MOST: Final = 10


@click.command()
@shared.indexes_argument
@click.option("--all-versions", is_flag=True, help="for each version, not only for the newest")
@shared.target_options
@common.format_option(SELECTION)
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
    """Show which wheels pip and uv select, for each Python and platform.

    An sdist is shown where no wheel of a version fits. Requires-Python is considered where the
    INDEX lists it; a folder does not. --all-versions shows the selection for PROJECT==VERSION,
    which can be VERSION+LOCAL.
    """
    targets = shared.read_targets(pythons, platforms)
    opened, unopened = shared.open_indexes(indexes, "")
    failures: list[object] = [*unopened]
    selected: list[Selected] = []
    none: list[str] = []
    invalid: list[str] = []
    with shared.progress(opened) as count:
        for index in opened:
            for listed in index.projects():
                if listed.unreadable is not None:
                    failures.append(listed.unreadable)
                files = _files(listed)
                rows = list(_selected(str(index.place), files, targets, all_versions=all_versions))
                selected += rows
                if files and not rows:
                    none.append(listed.project)
                if not all(is_valid_requirement(each.file.requires_python) for each in files):
                    invalid.append(listed.project)
                count(1)
    common.write(SELECTION[format_](selected), output)
    for text, projects in (
        ("nothing is selected for", none),
        ("uv may select other files, as some have an invalid Requires-Python:", invalid),
    ):
        if projects:
            click.echo(f"{text} {plain(first_few(projects, _MOST))}", err=True)
    if shared.report_failures(failures):
        ctx.exit(1)


def _files(listed: ListedProject) -> Sequence[IndexWheel]:
    wheels = group_files(listed.files).wheels
    by_version = [each for version in sorted(wheels) for each in wheels[version]]
    return [*by_version, *sdists_of(listed.files)]


def _selected(
    index: str, files: Sequence[IndexWheel], targets: Sequence[Target], *, all_versions: bool
) -> Iterator[Selected]:
    by_public: dict[str, list[IndexWheel]] = {}
    for each in files:
        by_public.setdefault(each.name.version.public, []).append(each)
    pins = sorted({each.name.version for each in files}) if all_versions else [None]
    for pin in pins:
        some = files if pin is None else by_public[pin.public]
        names = (each.name for each in some if pin in {None, each.name.version})
        for target in targets or targets_of(names):
            for each, installers in _by_file(some, pin, target).items():
                yield Selected(
                    index=index,
                    file=each.file,
                    version=pin or each.name.version,
                    target=target,
                    installers=installers,
                )


def _by_file(
    files: Sequence[IndexWheel], pin: Version | None, target: Target
) -> Mapping[IndexWheel, Sequence[str]]:
    """Return the selected files, each with the installers that select it."""
    by_file: dict[IndexWheel, list[str]] = {}
    for installer in Installer:
        if pin is None:
            first = select_newest(files, target, installer)
        else:
            first = select_pinned(files, pin, target, installer)
        if first is not None:
            by_file.setdefault(first, []).append(installer.value)
    return by_file
