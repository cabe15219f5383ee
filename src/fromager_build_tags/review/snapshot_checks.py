"""Checks of the base and the head of a review: their locks, hook and package settings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from ..errors import SettingsError, StackError, explain_error
from ..findings import rules
from ..findings.finding import Finding, Place
from ..plan.locked_tags import Lock
from ..plan.outdated import difference, hook_difference, stack_differences, stale_finding
from ..settings.hook import HOOK, HOOK_PATH
from ..settings.layout import IGNORE, suppressions
from ..text import first_few
from .causes import Cause, changed_files, keys_in
from .git import object_name, prefetch
from .snapshot import Evaluation, Snapshot


def stale_lock(
    causes: Sequence[Cause], head: Snapshot, evaluation: Evaluation
) -> Iterator[Finding]:
    """Find a lock that does not change, while the settings give other build tags.

    Args:
        causes: what changed in the settings; if it is one thing, its line gets the finding.
        head: the head. Its lock may contain more: the packages and versions of a real build.
        evaluation: the build tags of its settings.
    """
    if evaluation.broken:
        yield _no_lock(head, "; ".join(each.message for each in evaluation.broken))
    elif head.lock is not None and (what := difference(head.lock, evaluation.lock)):
        stale = _stale(head, what)
        yield replace(stale, place=causes[0].place) if len(causes) == 1 else stale


def _no_lock(head: Snapshot, why: str) -> Finding:
    what = f"lock file cannot be computed from the settings: {why}"
    remedy = "fix the file, then run `fromager-build-tags lock`"
    return stale_finding(head.layout.lock_file.as_posix(), what, remedy)


def _stale(head: Snapshot, what: str) -> Finding:
    lock = head.layout.lock_file.as_posix()
    return stale_finding(lock, f"lock file is out of date: {what}")


def stale_stacks(base: Snapshot, head: Snapshot) -> Iterator[Finding]:
    """Find a changed lock whose stacks are not those of the changed variant files."""
    if base.lock is None or head.lock is None or not (base.has_settings and head.has_settings):
        return
    try:
        for path in changed_files(base, head):
            variant = head.layout.variant_of(path)
            if not variant:
                continue
            declared = {*keys_in(variant, head.read(path))}
            locked = head.lock.of_variant(variant).keys()
            if declared != locked and (locked or path in head.files):
                what = first_few(stack_differences(variant, locked, declared), 1)
                yield _stale(head, what)
    except (SettingsError, StackError) as err:
        yield _no_lock(head, explain_error(err))


def without_settings(base: Snapshot, head: Snapshot) -> Iterator[Finding]:
    """Find a snapshot without settings: no new wheel can sort below an old one then."""
    for snapshot, counts in ((base, "new"), (head, "gone")):
        if snapshot.lock is None and not snapshot.has_settings:
            layout = snapshot.layout
            yield rules.WITHOUT_SETTINGS.finding(
                f"{snapshot.name} has no settings at {layout.settings_file} and "
                f"{layout.settings_dir}: everything counts as {counts}",
                subject=snapshot.name,
                remedy="nothing, if that is intended; if the settings were moved, check out the "
                "other revision beside this one, and compare the two folders",
            )


def have_same_hook(base: Snapshot, head: Snapshot) -> bool:
    """Return whether both have the same hook, as far as it is known."""
    is_equal = _have_same_global_settings(base, head)
    return is_equal or None in {base.hook, head.hook} or base.hook == head.hook


def _have_same_global_settings(base: Snapshot, head: Snapshot) -> bool:
    path = head.layout.settings_file.as_posix()
    is_equal = object_name(base.files, path) == object_name(head.files, path)
    return is_equal and base.has_settings and head.has_settings


def replaced_hook(base: Snapshot, head: Snapshot) -> Iterator[Finding]:
    """Find a hook that was removed, or replaced by another than ours."""
    if have_same_hook(base, head) or head.hook is None or not head.hook.problem:
        return
    yield rules.HOOK_REPLACED.finding(
        f"{'.'.join(HOOK_PATH)} changed: {head.hook.problem}",
        subject=".".join(HOOK_PATH),
        remedy=f'set it to "{HOOK}" again, unless that is intended',
        place=_hook_place(head),
    )


def _hook_place(head: Snapshot) -> Place:
    if not head.has_settings:
        return Place(file=head.layout.lock_file.as_posix())
    return head.read(head.layout.settings_file.as_posix()).place(HOOK_PATH)


def stale_hook(base: Snapshot, head: Snapshot) -> Iterator[Finding]:
    """Find a changed lock that records another hook than the settings configure."""
    if base.lock is None or head.lock is None or head.lock.hook is None:
        return
    if _have_same_global_settings(base, head) and base.lock.hook == head.lock.hook:
        return
    if head.hook is not None and head.hook != head.lock.hook:
        yield _stale(head, hook_difference(head.lock.hook, head.hook))


def own_packages(*snapshots: Snapshot) -> frozenset[str] | None:
    """Return the packages that have a settings file; None where there are only lock files."""
    with_settings = [each for each in snapshots if each.has_settings]
    packages = [package for each in with_settings for package in each.package_files.values()]
    return frozenset(packages) if with_settings else None


def with_suppressions(snapshot: Snapshot, found: Iterable[Finding]) -> list[Finding]:
    """Add the reason to each finding that the settings of its package suppress."""
    found = list(found)
    subjects = {each.subject for each in found}
    asked = {path: name for path, name in snapshot.package_files.items() if name in subjects}
    prefetch(snapshot.files, asked)
    reasons: dict[str, dict[str, str]] = {
        package: suppressions(snapshot.values(path).get("annotations"))
        for path, package in asked.items()
        if IGNORE.encode() in snapshot.files[path]
    }
    return [
        replace(each, suppression=reasons.get(each.subject, {}).get(each.code, ""))
        for each in found
    ]


def shared_indexes(head: Snapshot, lock: Lock) -> dict[str, str]:
    """Return the variants that share an index with other accelerators, each with the others."""
    indexes: dict[str, dict[str, set[str]]] = {}
    for variant, index in head.indexes.items():
        words = {key.accelerator_word for key in lock.of_variant(variant)}
        indexes.setdefault(index, {})[variant] = words
    shared = {}
    for publishers in indexes.values():
        for variant, words in publishers.items():
            others = [name for name, theirs in publishers.items() if theirs - words]
            if others:
                shared[variant] = ", ".join(sorted(others))
    return shared
