"""``merge``: one pool of files for several indexes."""

from __future__ import annotations

import contextlib
import pathlib
from collections.abc import Iterable, Sequence
from typing import Final

import click

from ..errors import InputError
from ..files import alone, real_path
from ..findings.finding import Severity, Verdict
from ..http.urls import is_url, shown_url
from ..index.listing import DirectoryIndex
from ..index.machines import choices
from ..index.pool.merging import Merge, MergedProject, merged_pool
from ..index.pool.pool import read_pool, view_problem
from ..index.pool.publishing import publish, restore
from ..index.pool.shared_checks import check_new_wheels, check_shared
from ..index.pool.shared_index import SharedProject, shared_projects, with_shared
from ..index.pool.view_input import ViewInput
from ..index.wheel_variants import Driver
from ..report.merge_report import MERGED, MergeReport
from . import common
from . import indexes as shared
from .verify import exemptions_in, optional_tree

_FOLDER: Final = click.Path(path_type=pathlib.Path, file_okay=False)


@click.command()
@click.argument("folder", metavar="OUT", type=_FOLDER)
@click.argument("inputs", nargs=-1, required=True, metavar="NAME=DIR...")
@click.option(
    "--variants",
    is_flag=True,
    help="also write OUT/simple, one index for all accelerators; experimental",
)
@shared.machine_option
@click.option(
    "--allow-holes",
    is_flag=True,
    help="accept projects that lack wheels for an accelerator of OUT/simple",
)
@click.option("--dry-run", is_flag=True, help="print the result, and write nothing")
@common.format_option(MERGED)
@common.output_option
@click.pass_context
def merge(
    ctx: click.Context,
    folder: pathlib.Path,
    inputs: tuple[str, ...],
    variants: bool,
    machines: tuple[Driver, ...],
    allow_holes: bool,
    dry_run: bool,
    format_: str,
    output: pathlib.Path | None,
) -> None:
    """Merge folders of wheels into one pool, with an index for each.

    OUT/files contains each distinct wheel of the folders once. OUT/NAME/simple is the index of the
    wheels of DIR, for any pip and uv. OUT can be served by any web server that serves files.

    With --variants, uv selects from OUT/simple by the driver of the machine, behind its preview
    feature wheel-variants; pip, and uv without it, get the wheels without accelerator.

    If OUT exists, the wheels and views are added to it, and nothing is deleted. OUT is replaced in
    one step; a DIR never changes. With an error, such as wheels with one name and different
    content, nothing is written.
    """
    if not variants and (machines or allow_holes):
        raise click.UsageError("--machine and --allow-holes need --variants")
    views = _open_views(inputs)
    target = _target(folder, views)
    exemptions = exemptions_in(optional_tree(ctx)) if variants else None
    with contextlib.nullcontext() if dry_run else alone(target.parent):
        if not dry_run:
            restore(target)
        run = Merge(inputs=views, pool=read_pool(folder), folder=folder)
        projects = _merged(run)
        pool, findings = merged_pool(run.pool, projects), [*run.findings(projects)]
        listed: Sequence[SharedProject] = []
        if exemptions is not None:
            pool = with_shared(pool)
            listed = list(shared_projects(pool))
            findings += check_shared(listed, pool, allow_holes=allow_holes)
            findings += check_new_wheels(run.newly_shared(pool, projects), exemptions)
        verdict = Verdict.of(findings)
        failed = verdict.count(Severity.ERROR) > 0
        if failed:
            pool = run.pool
        elif not dry_run:
            pool = publish(target, pool, [each for project in projects for each in project.wheels])
    report = MergeReport(
        folder=str(folder),
        pool=pool,
        projects=projects,
        choices=list(choices(listed, machines)),
        verdict=verdict,
        dry_run=dry_run,
    )
    common.write(MERGED[format_](report), output)
    if failed:
        ctx.exit(1)


def _open_views(texts: Sequence[str]) -> list[ViewInput]:
    """Return the folders of the arguments, each with the name of its view.

    Raises:
        UsageError: an argument has no valid name.
        InputError: a folder cannot be read.
    """
    for text in texts:
        name, equals, path = text.partition("=")
        if not (equals and path):
            raise click.UsageError(f"name the view of {text!r}: NAME=DIR, such as cpu={name}")
        if problem := view_problem(name):
            raise click.UsageError(f"{problem}, such as cuda12.9")
        if is_url(path):
            raise click.UsageError(f"merge reads folders only, not {shown_url(path)}")
    opened, unopened = shared.open_indexes(texts, "")
    if unopened:
        raise InputError("; ".join(map(str, unopened)))
    return [
        ViewInput(view=each.place.variant, index=each)
        for each in opened
        if isinstance(each, DirectoryIndex)
    ]


def _merged(run: Merge) -> list[MergedProject]:
    projects = []
    with shared.progress([each.index for each in run.inputs]) as count:
        for each in run.run():
            projects.append(each)
            count(1)
    return projects


def _target(folder: pathlib.Path, views: Iterable[ViewInput]) -> pathlib.Path:
    """Return the folder of the pool, without symbolic links in its path.

    Raises:
        InputError: there is no folder above it.
        UsageError: it overlaps with an input.
    """
    target = real_path(folder)
    if not target.parent.is_dir():
        raise InputError(f"{folder.parent} does not exist: create it, then merge again")
    _refuse_overlap(target, views)
    return target


def _refuse_overlap(target: pathlib.Path, views: Iterable[ViewInput]) -> None:
    """Refuse a pool inside an input, and an input inside the pool.

    Raises:
        UsageError: one is inside the other.
    """
    pool, *above = _identities(target)
    for each in views:
        place = each.index.place
        root, *above_root = _identities(real_path(pathlib.Path(place.address)))
        if root in (pool, *above) or pool in above_root:
            raise click.UsageError(
                f"{place} and the pool overlap: use folders of which none is inside the other"
            )


def _identities(path: pathlib.Path) -> list[object]:
    """Return what identifies a folder and each one above it: mounts have many paths."""
    return [
        (each.stat().st_dev, each.stat().st_ino) if each.exists() else each
        for each in (path, *path.parents)
    ]
