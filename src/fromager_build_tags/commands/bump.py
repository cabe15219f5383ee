"""``bump``: the changelog entries that make renamed wheels win."""

from __future__ import annotations

import difflib
import pathlib
import sys
from collections.abc import Collection, Sequence

import click

from ..files import refuse_read_only
from ..review.bumping import (
    Edit,
    package_edits,
    package_entries,
    variant_edits,
    variant_entries,
    write_edits,
)
from ..review.change import Change
from ..review.compare import Review
from ..review.snapshot import Side
from . import builds, common
from . import snapshots as sides
from .review import reviewed


@click.command()
@click.argument("base", required=False)
@click.option("-m", "--message", metavar="TEXT", help="why: the text of the entries")
@click.option("--global", "global_", is_flag=True, help="add to the variants' changelogs instead")
@click.option("-n", "--dry-run", is_flag=True, help="show the difference, write nothing")
@sides.exact_option
@click.option("--lock", "lock_file", type=click.Path(path_type=pathlib.Path), help="the lock file")
@click.option("-g", "--graph", "graphs", multiple=True, type=common.FILE, help="as review takes it")
@click.option(
    "--index",
    "indexes",
    multiple=True,
    type=click.Path(path_type=pathlib.Path, exists=True, file_okay=False),
    help="as review takes it",
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
    """Add the changelog entries without which installers would keep the old wheels.

    Compares the working tree with BASE, as review does. Comments, order and quotes of the files
    stay; a lock is made again.
    """
    common.note_explicit_variables()
    layout = sides.settings_layout(ctx, lock_file)
    old, new = sides.sides(layout, base, None, exact=exact)
    compared, _ = reviewed(old, new, builds.real_wheels(graphs, indexes), renew_lock=True)
    is_blind = _tell_broken(compared)
    wanted = variant_entries(compared.changes) if global_ else package_entries(compared.changes)
    if wanted:
        text = message or _asked(sum(wanted.values()))
        edits = _edits(new, compared.changes, text, global_=global_)
        _show(edits)
        if not global_:
            _tell_new_files(edits)
        if not dry_run:
            if new.lock is not None:
                refuse_read_only(sides.working_tree() / new.layout.lock_file)
            write_edits(edits)
            _renew_lock(ctx, new, lock_file)
    elif not compared.broken:
        click.echo("no entry is missing", err=True)
    if (not global_ and _left(compared)) or is_blind:
        ctx.exit(1)


def _edits(new: Side, changes: Sequence[Change], text: str, *, global_: bool) -> list[Edit]:
    root = sides.working_tree()
    if global_:
        return variant_edits(root, new.layout, variant_entries(changes), text)
    return package_edits(root, new.layout, package_entries(changes), text)


def _tell_broken(compared: Review) -> bool:
    """Say what is not compared; return whether a file of the new side is not."""
    for broken in compared.broken:
        click.echo(
            f"{broken.side}: {broken.message}; its wheels are not compared, so entries may be "
            "missing",
            err=True,
        )
    return any(broken.side == compared.head for broken in compared.broken)


def _left(compared: Review) -> bool:
    """Say what entries of packages cannot mend; return whether that is an error."""
    left = [each for each in compared.changes if each.is_open and each.sorts_below]
    fell = sorted({each.variant for each in left if each.number_fell})
    losing = [each for each in left if not each.number_fell]
    whole = {each.package for each in losing if compared.is_certain(each)}
    others = {each.package for each in losing} - whole
    if fell:
        click.echo(
            f"the number of everything on {', '.join(fell)} went down: put the entries of its "
            "changelog back, or raise the whole variant with --global",
            err=True,
        )
    if whole:
        click.echo(
            f"{_packages(whole)} no version in their changelog: name their wheels with --graph or "
            "--index, or rebuild all of the variant with --global",
            err=True,
        )
    if others:
        click.echo(
            f"{_packages(others)} no changelog entry for some version that may be built: name "
            "those with --graph or --index, or raise the variant with --global",
            err=True,
        )
    return bool(fell or whole)


def _packages(names: Collection[str]) -> str:
    return "1 package has" if len(names) == 1 else f"{len(names):,} packages have"


def _asked(number: int) -> str:
    if not sys.stdin.isatty():
        raise click.UsageError("say why with -m TEXT: it becomes the text of the entries")
    text: str = click.prompt(f"Why? The text of {number} changelog entries", err=True)
    return text


def _show(edits: Sequence[Edit]) -> None:
    for edit in edits:
        shown = sides.relative(edit.path)
        lines = difflib.unified_diff(
            edit.before.splitlines(keepends=True),
            edit.after.splitlines(keepends=True),
            f"a/{shown}",
            f"b/{shown}",
        )
        click.echo("".join(lines), nl=False)


def _tell_new_files(edits: Sequence[Edit]) -> None:
    """A settings file changes more than the number: fromager asks whether there is one."""
    for edit in edits:
        if not edit.path.exists():
            click.echo(
                f"{sides.relative(edit.path)} is new: from now on fromager counts the package as "
                "customized, and does not use the package index's metadata for it",
                err=True,
            )


def _renew_lock(ctx: click.Context, new: Side, lock_file: pathlib.Path | None) -> None:
    """Make the lock again, if there is one: review would go by the old one.

    It keeps the packages and versions of the old one, which may be those of a graph.
    """
    if new.lock is not None:
        from ..plan.requirements import named_in
        from .lock import make_lock

        if not isinstance(ctx.obj, dict):  # fromager read the settings before they were edited
            options = ctx.find_root().params
            names = ("settings_file", "settings_dir", "patches_dir", "variant")
            ctx.obj = {name: options[name] for name in names}
        make_lock(ctx, lock_file, named_in(new.lock))
