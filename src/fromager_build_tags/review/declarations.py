"""What the files of a side say by themselves: without an evaluation, and without fromager."""

from __future__ import annotations

import pathlib
from collections.abc import Collection, Mapping

from ..errors import SettingsError
from ..plan.lockfile import Lock
from ..settings.annotations import IGNORE
from ..settings.yamlfile import YamlFile, parse_yaml_mapping
from .git_objects import name_of, read_at_once
from .snapshot import Side


def changed_files(base: Side, head: Side) -> list[str]:
    """Return the settings files that differ; the lock is none."""
    paths = sorted((base.files.keys() | head.files.keys()) - {head.layout.lock_file.as_posix()})
    changed = [path for path in paths if name_of(base.files, path) != name_of(head.files, path)]
    for files in (base.files, head.files):
        read_at_once(files, [path for path in changed if path in files])
    return changed


def changed_variants(base: Side, head: Side) -> dict[str, YamlFile]:
    """Return the variants whose file differs, with what it says on the new side.

    Raises:
        SettingsError: a file cannot be read.
    """
    below = f"{head.layout.variants_dir.as_posix()}/"
    changed: dict[str, YamlFile] = {}
    for path in sorted(base.files.keys() | head.files.keys()):
        if path.startswith(below) and name_of(base.files, path) != name_of(head.files, path):
            text = head.files.get(path, b"").decode("utf-8", errors="replace")
            if variant := head.layout.variant_of(path):
                changed[variant] = parse_yaml_mapping(text, pathlib.Path(path))
    return changed


def own_packages(*sides: Side) -> frozenset[str] | None:
    """Return the packages that have a settings file; None where only locks are at hand."""
    from packaging.utils import canonicalize_name  # takes long to import

    with_settings = [side for side in sides if side.has_settings]
    if not with_settings:
        return None
    return frozenset(
        canonicalize_name(pathlib.PurePath(path).stem)
        for side in with_settings
        for path in side.files
        if side.layout.is_package(path)
    )


def reasons_to_ignore(side: Side, packages: Collection[str]) -> dict[tuple[str, str], str]:
    """Return why a package may break a rule, by package and code, as its settings say."""
    from packaging.utils import canonicalize_name  # takes long to import

    files = {
        path: canonicalize_name(pathlib.PurePath(path).stem)
        for path in sorted(side.files)
        if side.layout.is_package(path)
    }
    asked = {path: package for path, package in files.items() if package in packages}
    read_at_once(side.files, asked)
    return {
        (package, key.removeprefix(IGNORE)): reason
        for path, package in asked.items()
        if IGNORE.encode() in side.files[path]
        for key, reason in _annotations(path, side.files[path]).items()
        if key.startswith(IGNORE)
    }


def _annotations(path: str, content: bytes) -> dict[str, str]:
    try:
        data = parse_yaml_mapping(content.decode("utf-8"), pathlib.Path(path)).data
    except (SettingsError, UnicodeDecodeError):
        return {}  # BT207 tells
    given = data.get("annotations")
    texts = given.items() if isinstance(given, Mapping) else ()
    return {key: text.strip() for key, text in texts if isinstance(text, str)}


def has_hook(side: Side) -> bool | None:
    """Tell whether the global settings name a hook; None where they cannot be read."""
    if not side.has_settings:
        return None
    path = side.layout.settings_file
    try:
        text = side.files.get(path.as_posix(), b"").decode("utf-8")
        wheels = parse_yaml_mapping(text, pathlib.Path(path)).data.get("wheels")
    except (SettingsError, UnicodeDecodeError):
        return None  # BT207 tells
    return isinstance(wheels, Mapping) and bool(wheels.get("build_tag_hook"))


def is_hook_switched(base: Side, head: Side) -> bool:
    """Tell whether one side names a hook, and the other none."""
    names = [name_of(each.files, each.layout.settings_file.as_posix()) for each in (base, head)]
    return names[0] != names[1] and {has_hook(base), has_hook(head)} == {True, False}


def shared_indexes(side: Side, lock: Lock) -> dict[str, str]:
    """Return the variants whose index wheels of another accelerator share, and with whom.

    A variant file names the index that its wheels are published to with the key ``index``.
    """
    indexes: dict[str, dict[str, set[str]]] = {}
    files = {variant: path for path in side.files if (variant := side.layout.variant_of(path))}
    for variant, path in files.items():
        if index := _index_of(path, side.files[path]):
            words = {stack.key.accelerator_word for stack in lock.of_variant(variant)}
            indexes.setdefault(index, {})[variant] = words
    shared = {}
    for variants in indexes.values():
        for variant, words in variants.items():
            others = [name for name, theirs in variants.items() if theirs - words]
            if others:
                shared[variant] = ", ".join(sorted(others))
    return shared


def _index_of(path: str, content: bytes) -> str | None:
    if b"index" not in content:  # most files, and YAML takes its time
        return None
    try:
        data = parse_yaml_mapping(content.decode("utf-8"), pathlib.Path(path)).data
    except (SettingsError, UnicodeDecodeError):
        return None
    index = data.get("index")
    return index if isinstance(index, str) else None
