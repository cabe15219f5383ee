"""``bump``: the changelog entries that renamed wheels need to take precedence."""

from __future__ import annotations

import pathlib
import sys
from collections.abc import Iterable, Sequence
from typing import Final

import click

from ..files import refuse_read_only
from ..findings.finding import Finding, Severity
from ..review.change import Wheels
from ..review.changelog_entries import (
    Edit,
    changelog_edits,
    package_entries,
    variant_entries,
    write_edits,
)
from ..review.review_checks import open_order, unreadable_settings
from ..review.snapshot import Snapshot
from ..review.snapshot_checks import replaced_hook
from . import common, review_arguments
from .review import reviewed

#: The text of entries that are only shown.
_PLACEHOLDER: Final = "the text of -m/--message"


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
@common.edits_settings
@review_arguments.compared
@click.pass_context
def bump(
    ctx: click.Context,
    *,
    base: Snapshot,
    head: Snapshot,
    real: Sequence[Wheels],
    message: str | None,
    global_: bool,
    dry_run: bool,
) -> None:
    """Add the changelog entries that renamed wheels need to take precedence.

    Compares the working tree with BASE, a git revision, as review does. Comments, order and quotes
    of the files stay unchanged; a lock is written again.
    """
    compared, _ = reviewed(base, head, real, renew_lock=True)
    is_incomplete = _print_findings([*unreadable_settings(compared), *replaced_hook(base, head)])
    missing = (variant_entries if global_ else package_entries)(compared.changes)
    if missing:
        layout = head.layout.mapped(review_arguments.in_working_tree)
        text = message or (_PLACEHOLDER if dry_run else _prompt())
        edits, by_hand = changelog_edits(layout, missing, text)
        _print_diff(edits)
        for each in by_hand:
            common.note(each)
        is_incomplete |= bool(by_hand)
        if not dry_run:
            if head.lock is not None:
                refuse_read_only(pathlib.Path(layout.lock_file))
            write_edits(edits)
            _renew_lock(ctx, head)
    elif not compared.broken:
        why = "every renamed wheel already sorts above the old one"
        if not compared.changes:
            why = "no build tag changes" if compared.counted else "no build tags are compared"
        common.note(f"nothing to add: {why}")
        if not dry_run:  # a run that was killed may have left an old one
            _renew_lock(ctx, head)
    if (not global_ and _print_findings(open_order(compared))) or is_incomplete:
        ctx.exit(1)
    if missing and not dry_run:
        common.next_step("git diff, then commit")


def _print_findings(found: Iterable[Finding]) -> bool:
    """Print what entries of packages cannot fix; return whether that is an error."""
    found = list(found)
    for each in found:
        common.note(f"{each.message}; {each.remedy}")
    return any(each.severity is Severity.ERROR for each in found)


def _prompt() -> str:
    if not sys.stdin.isatty():
        raise click.UsageError("-m/--message is required: the text of the changelog entries")
    text: str = click.prompt("Text of the changelog entries", err=True)
    return text


def _print_diff(edits: Sequence[Edit]) -> None:
    """Print the changes, and announce new settings files: they change more than a build number."""
    for edit in edits:
        common.print_diff(edit.before, edit.after, (f"a/{edit.path}", f"b/{edit.path}"))
        if not edit.path.exists():
            common.note(
                f"{edit.path} is new: from now on fromager treats the package as customized, and "
                "does not use the metadata of the package index for it"
            )


def _renew_lock(ctx: click.Context, head: Snapshot) -> None:
    """Write the lock again, if there is one: review would compare the old one.

    It keeps the packages and versions of the old lock, which may be those of a graph.
    """
    if head.lock is not None:
        from .lock import make_lock  # imports fromager: 1 s

        path = review_arguments.in_working_tree(head.layout.lock_file)
        make_lock(ctx, path, None, is_edited=True)
