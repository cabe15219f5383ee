"""``bump``: the changelog entries that renamed wheels need to take precedence."""

from __future__ import annotations

import difflib
import pathlib
import sys
from collections.abc import Collection, Sequence

import click

from ..files import refuse_read_only
from ..review.change import Change
from ..review.changelog_entries import (
    Edit,
    package_edits,
    package_entries,
    variant_edits,
    variant_entries,
    write_edits,
)
from ..review.compare import Review
from ..review.snapshot import Snapshot
from ..text import counted
from . import builds, common, snapshots
from .review import reviewed


@click.command()
@click.argument("base", required=False)
@click.option("-m", "--message", metavar="TEXT", help="text of the entries")
@click.option(
    "--global",
    "global_",
    is_flag=True,
    help="add to the changelogs of the variants instead",
)
@click.option("-n", "--dry-run", is_flag=True, help="show the diff, write nothing")
@snapshots.exact_option
@click.option("--lock", "lock_file", type=click.Path(path_type=pathlib.Path), help="the lock file")
@click.option("-g", "--graph", "graphs", multiple=True, type=common.FILE, help="as for review")
@click.option(
    "--index",
    "indexes",
    multiple=True,
    type=click.Path(path_type=pathlib.Path, exists=True, file_okay=False),
    help="as for review",
)
@click.pass_context
def bump(
    ctx: click.Context,
    base: str | None,
    message: str | None,
    global_: bool,
    dry_run: bool,
    exact: bool,
    lock_file: pathlib.Path | None,
    graphs: tuple[pathlib.Path, ...],
    indexes: tuple[pathlib.Path, ...],
) -> None:
    """Add the changelog entries that renamed wheels need to take precedence.

    Compares the working tree with BASE, as review does. Comments, order and quotes of the files
    stay unchanged; a lock is written again.
    """
    common.note_explicit_variables()
    layout = snapshots.settings_layout(ctx, lock_file)
    base_snapshot, head = snapshots.base_and_head(layout, base, None, exact=exact)
    real = builds.real_wheels(graphs, indexes)
    compared, _ = reviewed(base_snapshot, head, real, renew_lock=True)
    is_incomplete = _print_broken(compared)
    missing = variant_entries(compared.changes) if global_ else package_entries(compared.changes)
    if missing:
        text = message or _prompt()
        edits = _edits(head, compared.changes, text, global_=global_)
        _print_diff(edits)
        if not global_:
            _print_new_files(edits)
        if not dry_run:
            if head.lock is not None:
                refuse_read_only(snapshots.working_tree() / head.layout.lock_file)
            write_edits(edits)
            _renew_lock(ctx, head, lock_file)
    elif not compared.broken:
        click.echo("nothing to add: every renamed wheel already sorts above the old one", err=True)
    if (not global_ and _print_left(compared)) or is_incomplete:
        ctx.exit(1)


def _edits(head: Snapshot, changes: Sequence[Change], text: str, *, global_: bool) -> list[Edit]:
    root = snapshots.working_tree()
    if global_:
        return variant_edits(root, head.layout, variant_entries(changes), text)
    return package_edits(root, head.layout, package_entries(changes), text)


def _print_broken(compared: Review) -> bool:
    """Print what is not compared; return whether a file of the head is unreadable."""
    for broken in compared.broken:
        click.echo(
            f"{broken.snapshot}: {broken.message}; its wheels are not compared, so entries may be "
            "missing",
            err=True,
        )
    return any(broken.snapshot == compared.head for broken in compared.broken)


def _print_left(compared: Review) -> bool:
    """Print what entries of packages cannot fix; return whether that is an error."""
    left = [each for each in compared.changes if each.is_open and each.sorts_below]
    fell = sorted({each.variant for each in left if each.number_fell})
    below = [each for each in left if not each.number_fell]
    certain = {each.package for each in below if compared.is_certain(each)}
    others = {each.package for each in below} - certain
    if fell:
        click.echo(
            f"the build numbers of {', '.join(fell)} went down: restore the entries of its "
            "changelog, or rebuild the whole variant with --global",
            err=True,
        )
    if certain:
        click.echo(
            f"{_packages(certain)} no version in the changelog: pass the wheels with --graph or "
            "--index, or rebuild the whole variant with --global",
            err=True,
        )
    if others:
        click.echo(
            f"{_packages(others)} no changelog entry for versions that may exist: pass their "
            "wheels with --graph or --index, or rebuild the whole variant with --global",
            err=True,
        )
    return bool(fell or certain)


def _packages(names: Collection[str]) -> str:
    return f"{counted(len(names), 'package')} {'has' if len(names) == 1 else 'have'}"


def _prompt() -> str:
    if not sys.stdin.isatty():
        raise click.UsageError("-m/--message is required: the text of the changelog entries")
    text: str = click.prompt("Text of the changelog entries", err=True)
    return text


def _print_diff(edits: Sequence[Edit]) -> None:
    for edit in edits:
        shown = snapshots.relative(edit.path)
        lines = difflib.unified_diff(
            edit.before.splitlines(keepends=True),
            edit.after.splitlines(keepends=True),
            f"a/{shown}",
            f"b/{shown}",
        )
        click.echo("".join(lines), nl=False)


def _print_new_files(edits: Sequence[Edit]) -> None:
    """Announce new settings files: they change more than the build number."""
    for edit in edits:
        if not edit.path.exists():
            click.echo(
                f"{snapshots.relative(edit.path)} is new: from now on fromager treats the package "
                "as customized, and does not use the metadata of the package index for it",
                err=True,
            )


def _renew_lock(ctx: click.Context, head: Snapshot, lock_file: pathlib.Path | None) -> None:
    """Write the lock again, if there is one: review would compare the old one.

    It keeps the packages and versions of the old lock, which may be those of a graph.
    """
    if head.lock is not None:
        from .lock import make_lock  # imports fromager: 1 s

        if not isinstance(ctx.obj, dict):  # fromager read the settings before they were edited
            options = ctx.find_root().params
            names = ("settings_file", "settings_dir", "patches_dir", "variant")
            ctx.obj = {name: options[name] for name in names}
        make_lock(ctx, lock_file, builds.named_in_locks(head))
