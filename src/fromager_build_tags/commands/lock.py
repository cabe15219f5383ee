"""``lock``: every build tag that the settings give, in a file for reviews."""

from __future__ import annotations

import pathlib
from collections.abc import Iterable

import click

from ..errors import InputError
from ..files import is_replaced, read_text, write_text
from ..plan.locked_tags import FORMAT, Lock
from ..plan.lockfile import format_lock, lock_file, parse_lock
from ..plan.locking import lock_of
from ..plan.model import Wanted
from ..plan.requirements import from_build_file, named_in
from ..text import counted, first_few
from . import common


@click.command()
@click.option(
    "-o",
    "--lock",
    "file",
    type=click.Path(path_type=pathlib.Path, dir_okay=False),
    help="the lock file  [default: build-tags.lock beside the settings file]",
)
@click.option("--check", is_flag=True, help="write nothing; exit with 1 if it is out of date")
@common.all_option
@common.graph_option("also lock the packages and versions of a graph.json or build-order.json")
@click.pass_context
@common.edits_settings
def lock(
    ctx: click.Context,
    file: pathlib.Path | None,
    check: bool,
    every: bool,
    graphs: tuple[pathlib.Path, ...],
) -> None:
    """Write every build tag that the settings give to a lock file.

    It contains the default build tag, and the other ones of packages with settings, an own
    override or a version in a graph. The diff of a pull request then shows which wheel names it
    changes. --check also checks the versions in the lock that came from a graph, and, if the lock
    was written with --all, the shipped overrides.
    """
    common.note_explicit_variables()
    more = [each for graph in graphs for each in from_build_file(graph)]
    if make_lock(ctx, file, None if check and not more else more, every=every, check=check):
        common.next_step("commit it with the settings")


def make_lock(
    ctx: click.Context,
    file: pathlib.Path | None,
    more: Iterable[Wanted] | None,
    *,
    every: bool = False,
    check: bool = False,
    is_edited: bool = False,
) -> bool:
    """Write the lock file of the settings, or check it.

    Args:
        ctx: the context of a command whose options name the settings.
        file: the lock file; None for the one beside the settings file.
        more: packages and versions besides those of the settings; None for those of the file.
        every: whether to include every shipped override; without *more*, the file decides, too.
        check: whether to write nothing, and exit with 1 if the file is out of date.
        is_edited: whether the settings have changed since fromager loaded them.

    Returns:
        Whether the file is written.

    Raises:
        InputError: the settings of a variant are invalid, or there is no variant.
    """
    tree = common.planned_tree(ctx, is_edited=is_edited)
    path = file or lock_file(tree.settings_file)
    present = read_text(path) if is_replaced(path) else ""  # reading a pipe waits
    known = _known(present, path, is_used=check or more is None)
    if more is None:
        more, every = named_in(known), every or known.every
    planned = lock_of(tree, more, every=every)
    if planned.wrong:
        raise InputError(f"build tags cannot be computed: {'; '.join(planned.wrong.values())}")
    if not planned.lock.stacks:
        raise InputError(
            f"there is nothing to lock: neither the changelogs of {tree.settings_file} nor files "
            f"in {tree.variants_dir()} declare a variant; add one, such as "
            f"{tree.variants_dir() / 'cpu.yaml'}"
        )
    text = format_lock(planned.lock)
    for reason, packages in planned.unknown.items():
        if reason != tree.hook.problem:
            names = first_few(packages)
            common.note(f"unknown suffix, locked as ?: {names}: {reason}")
    if present == text:
        common.note(f"{path} is up to date: {_counts(planned.lock)}")
        return False
    if check:
        _show_difference(path, present, text, known)
        ctx.exit(1)
    write_text(path, text)
    common.note(f"{path} is written{_new_format(known)}")
    return True


def _counts(lock: Lock) -> str:
    variants = {each.variant for each in lock.stacks}
    return f"{counted(len(variants), 'variant')}, {counted(len(lock.stacks), 'stack')}"


def _known(present: str, path: pathlib.Path, *, is_used: bool) -> Lock:
    """Return the lock of a file; an empty one of a missing file, or of one that is not used."""
    try:
        return parse_lock(present, str(path)) if present else Lock(stacks=())
    except InputError:
        if is_used:
            raise
        return Lock(stacks=())


def _show_difference(path: pathlib.Path, present: str, text: str, known: Lock) -> None:
    why = _new_format(known)
    if not why:
        common.print_diff(present, text, (f"{path}, as it is", f"{path}, as the settings give it"))
    common.note(f"{path} is out of date{why}: run `fromager-build-tags lock`")


def _new_format(known: Lock) -> str:
    """Return that a lock of an older format is replaced, whose rows differ; "" if it is not."""
    if known.format == FORMAT:
        return ""
    return (
        f" (format {FORMAT} instead of {known.format}: without the shipped overrides of packages "
        "without settings, and without rows that equal the default)"
    )
