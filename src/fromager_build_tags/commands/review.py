"""``review``: what a change of settings does to the names of wheels."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Sequence

import click

from ..errors import InputError
from ..findings.finding import Finding
from ..findings.verdict import Verdict
from ..report.formats import REVIEWS
from ..review.causes import causes
from ..review.change import Wheels
from ..review.change_checks import review_findings
from ..review.compare import Review, compare
from ..review.declarations import (
    has_hook,
    is_hook_switched,
    own_packages,
    reasons_to_ignore,
    shared_indexes,
)
from ..review.lock_checks import stale_headings, stale_lock, without_settings
from ..review.snapshot import Evaluation, Side
from . import builds, common
from . import exit_status as gates
from . import snapshots as sides


@click.command()
@click.argument("base", required=False)
@click.argument("head", required=False)
@sides.exact_option
@click.option("--lock", "lock_file", type=click.Path(path_type=pathlib.Path), help="the lock file")
@click.option("--no-lock", is_flag=True, help="evaluate both sides, even where both have a lock")
@click.option(
    "-g",
    "--graph",
    "graphs",
    multiple=True,
    type=common.FILE,
    help="compare the packages and versions of a graph.json or build-order.json",
)
@click.option(
    "--index",
    "indexes",
    multiple=True,
    type=click.Path(path_type=pathlib.Path, exists=True, file_okay=False),
    help="compare the wheels in a folder; pure-Python ones have no segments",
)
@common.format_option(REVIEWS)
@common.output_option
@gates.fail_on_option("error", "warning", "changes")
@click.option(
    "--max-rebuilds", type=click.IntRange(0), help="exit with 1 if more wheels are rebuilt"
)
@click.option("--detailed-exitcode", is_flag=True, help="exit with 3 if there are changes")
@gates.exit_zero_option
@click.pass_context
def review(
    ctx: click.Context,
    base: str | None,
    head: str | None,
    exact: bool,
    lock_file: pathlib.Path | None,
    no_lock: bool,
    graphs: tuple[pathlib.Path, ...],
    indexes: tuple[pathlib.Path, ...],
    format_: str,
    output: pathlib.Path | None,
    fail_on: str,
    max_rebuilds: int | None,
    detailed_exitcode: bool,
    exit_zero: bool,
) -> None:
    """Compare the build tags of two revisions, folders or lock files.

    BASE defaults to the default branch, HEAD to the working tree, which is compared with where
    it left BASE. The checkout is not touched. Where both sides have a lock, nothing of them is
    evaluated.
    """
    common.note_explicit_variables()
    old, new = sides.sides(sides.settings_layout(ctx, lock_file), base, head, exact=exact)
    compared, found = reviewed(old, new, builds.real_wheels(graphs, indexes), use_locks=not no_lock)
    about = new.layout.settings_file if new.lock is None else new.layout.lock_file
    verdict = Verdict.of(found, about=about.as_posix())
    common.write(REVIEWS[format_](compared, verdict), output)
    changes = len(compared.changes)
    wheels = sum(change.files for change in compared.changes if change.is_rebuilt)
    too_many = max_rebuilds is not None and wheels > max_rebuilds
    if too_many:
        click.echo(f"Error: {wheels:,} wheels are rebuilt, more than {max_rebuilds:,}", err=True)
    failed = too_many or gates.fails(verdict, fail_on) or (fail_on == "changes" and changes > 0)
    if failed and not exit_zero:
        ctx.exit(1)
    if changes and detailed_exitcode and not exit_zero:
        ctx.exit(gates.CHANGED)


def reviewed(
    old: Side,
    new: Side,
    real: Sequence[Wheels],
    *,
    use_locks: bool = True,
    renew_lock: bool = False,
) -> tuple[Review, list[Finding]]:
    """Compare two sides, and collect what there is to say about them.

    Args:
        old: the base.
        new: the head.
        real: the wheels of a real build: then only those are compared.
        use_locks: compare locks where there is one on both sides.
        renew_lock: the head's lock is to be made again: its settings tell what it will hold.

    Raises:
        InputError: there are no settings on either side.
    """
    if not (old.lock or old.has_settings or new.lock or new.has_settings):
        raise InputError(
            f"there are no settings at {new.layout.settings_file} and {new.layout.settings_dir} on "
            "either side: name them with --settings-file and --settings-dir"
        )
    known = causes(old, new)
    locked = use_locks and old.lock is not None and new.lock is not None
    more = builds.wanted_of(real) if real and (renew_lock or not locked) else []
    if renew_lock:
        more += builds.named_in_locks(old, new)
    after = new.evaluate(more, use_lock=locked and not renew_lock)
    before = old.evaluate(more, use_lock=locked, instead=new)
    if is_hook_switched(old, new):
        before, after = _as_named(old, before), _as_named(new, after)
    compared = compare(before, after, known, real)
    if any(change.is_open and change.sorts_below for change in compared.changes):
        compared = dataclasses.replace(compared, own=own_packages(old, new))
    found = list(review_findings(compared, shared_indexes(new, after.lock)))
    if locked and old.lock != new.lock:
        found += stale_headings(old, new)
    elif locked and known:
        found += stale_lock(known, new)
    found += without_settings(old, new)
    return compared, _with_reasons(new, found)


def _as_named(side: Side, told: Evaluation) -> Evaluation:
    """Return the tags that fromager gives: a plan asks our hook, whatever the settings name."""
    if has_hook(side):
        return told
    return dataclasses.replace(told, lock=told.lock.without_suffixes())


def _with_reasons(new: Side, found: Sequence[Finding]) -> list[Finding]:
    """Mark the findings that the settings of their package say to ignore."""
    if not found:
        return []
    reasons = reasons_to_ignore(new, {each.subject for each in found})
    return [
        dataclasses.replace(each, suppression=reasons.get((each.subject, each.code), ""))
        for each in found
    ]
