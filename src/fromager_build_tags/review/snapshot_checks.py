"""The checks of the snapshots of a review: stale locks, missing settings, shared indexes."""

from __future__ import annotations

import pathlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from ..errors import SettingsError, StackError, explain_error
from ..findings import rules
from ..findings.finding import Finding, Place
from ..plan.lockfile import Lock
from ..settings.layout import IGNORE
from ..settings.yamlfile import YamlFile, parse_yaml_mapping
from ..stack.key import StackKey
from .causes import Cause, changed_files, keys_in
from .git import object_name, prefetch
from .snapshot import Evaluation, Snapshot

_LOCK: Final = "run `fromager-build-tags lock`, and commit the lock with the settings"


def stale_lock(
    causes: Sequence[Cause], head: Snapshot, evaluation: Evaluation
) -> Iterator[Finding]:
    """Find a lock that is equal in base and head, while the settings give other build tags.

    Args:
        causes: what changed in the settings.
        head: the head. Its lock may contain more: the packages and versions of a real build.
        evaluation: the build tags of its settings.
    """
    if evaluation.broken:
        yield _no_lock(head, "; ".join(each.message for each in evaluation.broken))
    elif head.lock is not None and not evaluation.lock.is_part_of(head.lock):
        yield _stale(head, f"lock file is out of date: {causes[0]} changed", _LOCK)


def _no_lock(head: Snapshot, why: str) -> Finding:
    what = f"lock file cannot be computed from the settings: {why}"
    return _stale(head, what, "fix the file, then run `fromager-build-tags lock`")


def _stale(head: Snapshot, what: str, remedy: str) -> Finding:
    lock = head.layout.lock_file.as_posix()
    return rules.STALE_LOCK.finding(what, subject=lock, remedy=remedy, place=Place(file=lock))


def stale_stacks(base: Snapshot, head: Snapshot) -> Iterator[Finding]:
    """Find a changed lock whose stacks are not those of the changed variant files."""
    if base.lock is None or head.lock is None or not (base.has_settings and head.has_settings):
        return
    try:
        for variant, file in _changed_variants(base, head):
            declared = {*keys_in(variant, file)}
            locked = head.lock.of_variant(variant).keys()
            if declared != locked and (locked or file.path.as_posix() in head.files):
                yield _stale(
                    head,
                    f"lock file is out of date: {file.path} declares {_shown(declared)}, and the "
                    f"lock has {_shown(locked)} of {variant}",
                    _LOCK,
                )
    except (SettingsError, StackError) as err:
        yield _no_lock(head, explain_error(err))


def _changed_variants(base: Snapshot, head: Snapshot) -> Iterator[tuple[str, YamlFile]]:
    for path in changed_files(base, head):
        if variant := head.layout.variant_of(path):
            text = head.files.get(path, b"").decode("utf-8", errors="replace")
            yield variant, parse_yaml_mapping(text, pathlib.Path(path))


def _shown(keys: Collection[StackKey]) -> str:
    return ", ".join(repr(each) for each in sorted(map(str, keys))) or "no stack"


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


def is_hook_switched(base: Snapshot, head: Snapshot) -> bool:
    """Return whether only one of the snapshots names a hook."""
    path = head.layout.settings_file.as_posix()
    if object_name(base.files, path) == object_name(head.files, path):
        return False
    return {base.has_hook, head.has_hook} == {True, False}


def own_packages(*snapshots: Snapshot) -> frozenset[str] | None:
    """Return the packages that have a settings file; None where there are only lock files."""
    with_settings = [each for each in snapshots if each.has_settings]
    packages = [package for each in with_settings for package in each.package_files.values()]
    return frozenset(packages) if with_settings else None


def suppressions(snapshot: Snapshot, packages: Collection[str]) -> dict[tuple[str, str], str]:
    """Return the reasons that suppress findings, by package and code, from the settings."""
    asked = {path: name for path, name in snapshot.package_files.items() if name in packages}
    prefetch(snapshot.files, asked)
    return {
        (package, key.removeprefix(IGNORE)): reason
        for path, package in asked.items()
        if IGNORE.encode() in snapshot.files[path]
        for key, reason in _annotations(path, snapshot.files[path]).items()
        if key.startswith(IGNORE)
    }


def _annotations(path: str, content: bytes) -> dict[str, str]:
    annotations = _data(path, content).get("annotations")
    texts = annotations.items() if isinstance(annotations, Mapping) else ()
    return {key: text.strip() for key, text in texts if isinstance(text, str)}


def _data(path: str, content: bytes) -> Mapping[str, object]:
    """Return the values of a file; none of a file that is unreadable, which BT207 reports."""
    try:
        return parse_yaml_mapping(content.decode("utf-8"), pathlib.Path(path)).data
    except (SettingsError, UnicodeDecodeError):
        return {}


def shared_indexes(head: Snapshot, lock: Lock) -> dict[str, str]:
    """Return the variants that share an index with other accelerators, each with the others.

    The key ``index`` of a variant file names the index that its wheels are published to.
    """
    indexes: dict[str, dict[str, set[str]]] = {}
    variants = {variant: path for path in head.files if (variant := head.layout.variant_of(path))}
    for variant, path in variants.items():
        content = head.files[path]
        # most files have no such key, and YAML is slow
        index = _data(path, content).get("index") if b"index" in content else None
        if isinstance(index, str):
            words = {key.accelerator_word for key in lock.of_variant(variant)}
            indexes.setdefault(index, {})[variant] = words
    shared = {}
    for publishers in indexes.values():
        for variant, words in publishers.items():
            others = [name for name, theirs in publishers.items() if theirs - words]
            if others:
                shared[variant] = ", ".join(sorted(others))
    return shared
