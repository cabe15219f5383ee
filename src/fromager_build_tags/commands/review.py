"""``review``: which wheel names a settings change affects."""

from __future__ import annotations

import dataclasses
import functools
import pathlib
from collections.abc import Collection, Iterable, Sequence

import click

from ..errors import InputError
from ..findings.finding import Finding, Severity, Verdict
from ..findings.rules import SORTS_BELOW, STALE_LOCK
from ..plan.locked_tags import Lock
from ..report.review_report import REVIEWS
from ..review.causes import causes
from ..review.change import Wheels
from ..review.compare import Review, compare
from ..review.review_checks import review_findings
from ..review.snapshot import Evaluation, Snapshot
from ..review.snapshot_checks import (
    have_same_hook,
    own_packages,
    replaced_hook,
    shared_indexes,
    stale_hook,
    stale_lock,
    stale_stacks,
    with_suppressions,
    without_settings,
)
from ..review.torch_move import torch_moves
from ..settings.hook import Hook
from ..text import counted, first_few
from . import common, review_arguments


@click.command()
@click.argument("base", required=False)
@click.argument("head", required=False)
@review_arguments.compared
@click.option("--no-lock", is_flag=True, help="evaluate base and head, even if both have a lock")
@common.format_option(REVIEWS)
@common.output_option
@common.fail_on_option("error", "warning", "changes")
@click.option(
    "--max-rebuilds", type=click.IntRange(0), help="exit with 1 if more packages are rebuilt"
)
@click.option("--detailed-exitcode", is_flag=True, help="exit with 3 if there are changes")
@common.exit_zero_option
@click.pass_context
def review(
    ctx: click.Context,
    *,
    base: Snapshot,
    head: Snapshot,
    real: Sequence[Wheels],
    no_lock: bool,
    format_: str,
    output: pathlib.Path | None,
    fail_on: str,
    max_rebuilds: int | None,
    detailed_exitcode: bool,
    exit_zero: bool,
) -> None:
    """Show which wheel names a settings change affects.

    BASE and HEAD are revisions, folders or lock files. BASE defaults to the default branch, HEAD
    to the working tree, which is compared with the merge base. The checkout does not change.
    Where base and head have a lock, review compares the locks and evaluates nothing. The wheels of
    --index that a new Torch renames are read, and compared with it.
    """
    compared, found = reviewed(base, head, real, use_locks=not no_lock)
    moves = torch_moves(compared.changes, ctx.params["indexes"])
    compared = dataclasses.replace(compared, moves=moves)
    about = head.layout.settings_file if head.lock is None else head.layout.lock_file
    unread = first_few(dict.fromkeys(each.place for each in compared.broken))
    verdict = Verdict.of(found, about=about.as_posix(), unchecked=unread)
    common.write(REVIEWS[format_](compared, verdict), output)
    changes = len(compared.changes)
    too_many = max_rebuilds is not None and compared.rebuilt > max_rebuilds
    if too_many:
        rebuilt = counted(compared.rebuilt, compared.noun)
        common.note(f"Error: {rebuilt} rebuilt, more than {max_rebuilds:,}")
    if step := _next_step(verdict, real):
        common.next_step(step)
    failed = too_many or common.fails(verdict, fail_on) or (fail_on == "changes" and changes > 0)
    if failed and not exit_zero:
        ctx.exit(1)
    if changes and detailed_exitcode and not exit_zero:
        ctx.exit(common.CHANGED)


def _next_step(verdict: Verdict, real: Sequence[Wheels]) -> str:
    """Return the command that fixes a lock, or else the order of build tags; "" for none."""
    codes = {each.code for each in verdict.findings if each.severity is Severity.ERROR}
    if STALE_LOCK.code in codes:
        return "fromager-build-tags lock"
    wheels = " with the same --graph and --index" if real else ""
    return f"fromager-build-tags bump -m TEXT{wheels}" if SORTS_BELOW.code in codes else ""


def reviewed(
    base: Snapshot,
    head: Snapshot,
    real: Sequence[Wheels],
    *,
    use_locks: bool = True,
    renew_lock: bool = False,
) -> tuple[Review, list[Finding]]:
    """Compare two snapshots, and return the comparison with its findings.

    Args:
        base: the base.
        head: the head.
        real: the wheels of a real build: then only those are compared.
        use_locks: whether to compare locks where base and head have one.
        renew_lock: whether the lock of the head will be written again, from its settings.

    Raises:
        InputError: neither has settings or a lock, or both lack the variant that is named.
    """
    if not any(each.lock or each.has_settings for each in (base, head)):
        layout = head.layout
        raise InputError(
            f"there are no settings at {layout.settings_file} and {layout.settings_dir} in base "
            "and head: run `fromager-build-tags init`, or name them with --settings-file and "
            "--settings-dir"
        )
    known = causes(base, head)
    locked = use_locks and base.lock is not None and head.lock is not None
    locks = [each.lock for each in (base, head) if each.lock is not None]
    is_enough = locked and _contain(locks, real)
    evaluated = functools.partial(
        _evaluated,
        real=real,
        locks=locks if renew_lock or locked else (),
        packages=base.packages | head.packages,
    )
    after = evaluated(head, use_lock=is_enough and not renew_lock)
    before = evaluated(base, use_lock=is_enough, fallback=head)
    _refuse_unknown_variant(head, (before, after))
    is_replaced = not have_same_hook(base, head)
    before, after = (
        _as_hooked(found, snapshot.hook if is_replaced else None)
        for found, snapshot in ((before, base), (after, head))
    )
    compared = compare(before, after, known, real, (base.indexes, head.indexes))
    if any(change.is_open and change.sorts_below for change in compared.changes):
        compared = dataclasses.replace(compared, own=own_packages(base, head))
    found = list(review_findings(compared, shared_indexes(head, after.lock)))
    stale: list[Finding] = []
    is_same = base.lock == head.lock
    if locked and not is_same:
        stale += [*stale_hook(base, head), *stale_stacks(base, head)]
    if locked and known and (is_same or not (stale or compared.changes)) and head.has_settings:
        stale += stale_lock(known, head, _evaluated(head, use_lock=False))
    found += [*stale, *without_settings(base, head), *replaced_hook(base, head)]
    return compared, with_suppressions(head, found)


def _refuse_unknown_variant(head: Snapshot, compared: Iterable[Evaluation]) -> None:
    """Refuse a named variant as other commands do; a review covers all variants."""
    variant = common.places(click.get_current_context()).variant
    known = {stack.variant for each in compared for stack in each.lock.stacks}
    known |= {name for each in compared for name in each.broken_variants}
    layout = head.layout
    common.refuse_unknown_variant(variant, sorted(known), layout.settings_file, layout.variants_dir)


def _contain(locks: Collection[Lock], real: Iterable[Wheels]) -> bool:
    """Return whether each lock contains the packages of the others, and those of real wheels.

    It may not contain a package that its settings do not name, but whose override is shipped.
    """
    packages = frozenset(each.package for each in real).union(*(lock.packages for lock in locks))
    return all(lock.contains(each) for lock in locks for each in packages)


def _evaluated(
    snapshot: Snapshot,
    *,
    real: Sequence[Wheels] = (),
    locks: Sequence[Lock] = (),
    packages: Collection[str] = (),
    use_lock: bool,
    fallback: Snapshot | None = None,
) -> Evaluation:
    """Return the build tags of the lock, of the settings, or none of an empty snapshot."""
    if snapshot.lock is not None and (use_lock or not snapshot.has_settings):
        lock = snapshot.layout.lock_file.name if snapshot.has_settings else "the lock file"
        note = f"{snapshot.name}: tags read from {lock}"
        scope = snapshot.packages
        return Evaluation(name=snapshot.name, lock=snapshot.lock, scope=scope, notes=(note,))
    if not snapshot.has_settings:
        return Evaluation(name=snapshot.name, lock=Lock(stacks=()))
    from ..review.evaluation import evaluate  # imports fromager: 1 s

    return evaluate(snapshot, real, locks, packages=packages, fallback=fallback)


def _as_hooked(evaluation: Evaluation, hook: Hook | None) -> Evaluation:
    """Return the build tags with a hook, and a note on it; None for the hook of the lock."""
    lock = evaluation.lock.with_hook(hook) if hook else evaluation.lock
    problem = lock.hook.problem if lock.hook else ""
    notes = (*evaluation.notes, f"{evaluation.name}: {problem}") if problem else evaluation.notes
    return dataclasses.replace(evaluation, lock=lock, notes=notes)
