"""The causes of changed build tags: what changed in the settings files, and where.

Files are compared as YAML, value by value, without an evaluation. So causes are known even where
locks replace the evaluation.
"""

from __future__ import annotations

import pathlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from packaging.version import InvalidVersion, Version

from ..errors import DuplicateKeyError, SettingsError, StackError
from ..settings.declared import stacks_in
from ..settings.layout import DEPENDS_ON
from ..settings.yamlfile import Path, YamlFile, parse_yaml_mapping
from ..stack.fact import Declaration, DeclaredStack
from ..stack.key import StackKey
from ..stack.resolve import declared_stacks
from ..tag.segment import Order
from .git import object_name, prefetch
from .pairing import pair
from .snapshot import Layout, Snapshot

#: A stack in base and head; None where there is no such stack.
type StackKeys = tuple[StackKey | None, StackKey | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Cause:
    """One thing that changed.

    Attributes:
        what: what changed, from what to what.
        place: ``file:line``, of the head where it exists there.
        variant: the variant whose wheels it can rename; "" for all.
        package: the package likewise.
        version: the version likewise.
        stacks: the one stack whose build tags it can change, in base and head; None for all.
        segments: the segments that it changes; empty for any.
        of_number: whether it changes the build number; otherwise it changes the segments.
        pre_built: whether the package becomes pre-built, and loses its build number.
        no_hook: whether the settings name no hook any more, so that no name has segments.
    """

    what: str
    place: str
    variant: str = ""
    package: str = ""
    version: str = ""
    stacks: StackKeys | None = None
    segments: tuple[Order, ...] = ()
    of_number: bool = False
    pre_built: bool = False
    no_hook: bool = False

    @property
    def is_of_one_package(self) -> bool:
        """Whether it changes the build numbers of one package."""
        return self.of_number and bool(self.package)

    def __str__(self) -> str:
        return f"{self.what} in {self.place}"


def causes(base: Snapshot, head: Snapshot) -> list[Cause]:
    """Return everything that changed in the settings files and can rename a wheel.

    A lock file alone gives no causes.
    """
    if any(each.lock is not None and not each.has_settings for each in (base, head)):
        return []
    found: list[Cause] = []
    for old, new in _renamed(base, head, changed_files(base, head)):
        try:
            before, after = _read(old, base.files.get(old)), _read(new, head.files.get(new))
            found += _of_file(head.layout, old, before, after)
        except DuplicateKeyError:
            found += _of_unreadable_file(head.layout, new, "a duplicate key")
        except (SettingsError, UnicodeDecodeError):
            found += _of_unreadable_file(head.layout, new, "unreadable settings")
    return found


def changed_files(base: Snapshot, head: Snapshot) -> list[str]:
    """Return the settings files that differ; the lock is not one of them."""
    paths = sorted((base.files.keys() | head.files.keys()) - {head.layout.lock_file.as_posix()})
    changed = [
        path for path in paths if object_name(base.files, path) != object_name(head.files, path)
    ]
    for files in (base.files, head.files):
        prefetch(files, [path for path in changed if path in files])
    return changed


def _renamed(base: Snapshot, head: Snapshot, paths: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Pair the old and the new path of each file: a package's file can have another name."""
    packages = head.layout.package_of
    gone = [path for path in paths if path not in head.files and packages(path)]
    old_paths: dict[str, str] = {}
    for path in paths:
        if path not in base.files and packages(path):
            left = [each for each in gone if each not in old_paths.values()]
            same_name = (old for old in left if packages(old) == packages(path))
            same_content = (old for old in left if base.files[old] == head.files[path])
            if old := next(same_name, None) or next(same_content, None):
                old_paths[path] = old
    for path in paths:
        if path not in old_paths.values():
            yield old_paths.get(path, path), path


def _read(path: str, content: bytes | None) -> YamlFile:
    """Return the values of a file; none of a file that does not exist."""
    return parse_yaml_mapping((content or b"").decode("utf-8"), pathlib.Path(path))


def _of_unreadable_file(layout: Layout, path: str, what: str) -> Iterator[Cause]:
    package = layout.package_of(path) or ""
    for of_number in (True, False) if package else (True,):
        yield Cause(
            what=what,
            place=path,
            variant=layout.variant_of(path),
            package=package,
            of_number=of_number,
        )


def _of_file(layout: Layout, old: str, before: YamlFile, after: YamlFile) -> Iterator[Cause]:
    path = after.path.as_posix()
    if variant := layout.variant_of(path):
        yield from _of_variant_file(variant, before, after)
    elif package := layout.package_of(path):
        renamed = layout.package_of(old)
        if before.data == after.data and renamed and renamed != package:
            yield from _of_renamed_file((renamed, package), before, after)
        else:
            yield from _of_package_file(package, before, after)
    elif path == layout.settings_file.as_posix():
        yield from _of_settings_file(before, after)


@dataclass(frozen=True, kw_only=True, slots=True)
class _KeyedStack:
    """A declared stack with its key."""

    declared: DeclaredStack
    key: StackKey

    @property
    def texts(self) -> dict[str, str]:
        """What it declares."""
        return {key: str(fact.value) for key, fact in self.declared.facts.items()}


def keys_in(variant: str, file: YamlFile) -> list[StackKey]:
    """Return the key of each stack that a variant file declares, as a lock has it.

    Explicit variables do not count: they are not committed.

    Raises:
        SettingsError: a value is invalid.
        StackError: a stack contradicts itself.
    """
    return [_key(variant, file, stack) for stack in stacks_in(file)]


def _key(variant: str, file: YamlFile, stack: DeclaredStack) -> StackKey:
    declaration = Declaration(variant=variant, file=file.path, stacks=(stack,), explicit={})
    return declared_stacks(declaration)[0].key


def _keyed_stacks(variant: str, file: YamlFile) -> Iterator[_KeyedStack]:
    """Yield the stacks of a file; one that contradicts itself has no known facts."""
    for stack in stacks_in(file):
        if stack.facts or "stacks" in file.data:
            try:
                key = _key(variant, file, stack)
            except StackError:
                key = StackKey()
            yield _KeyedStack(declared=stack, key=key)


def _of_variant_file(variant: str, before: YamlFile, after: YamlFile) -> Iterator[Cause]:
    for old, new in pair(_keyed_stacks(variant, before), _keyed_stacks(variant, after)):
        keys = (old.key if old else None, new.key if new else None)
        if old is not None and new is not None:
            yield from _of_facts(variant, keys, old, new)
        elif stack := new or old:
            first = next(iter(stack.declared.facts.values()), None)
            is_listed = "stacks" in (after if new else before).data
            yield Cause(
                what=f"stack of {variant} {_shown(keys[0])} → {_shown(keys[1])}",
                place=str(first.source if first and not is_listed else stack.declared.place),
                variant=variant,
                stacks=keys,
            )


def _of_facts(variant: str, keys: StackKeys, old: _KeyedStack, new: _KeyedStack) -> Iterator[Cause]:
    for key, text, new_text in _changed(old.texts, new.texts):
        stack = new if key in new.declared.facts else old
        yield Cause(
            what=f"{key} of {variant} {_shown(text)} → {_shown(new_text)}",
            place=str(stack.declared.facts[key].source),
            variant=variant,
            stacks=keys,
            segments=_SEGMENTS.get(key, (Order.ACCELERATOR,)),
        )


_SEGMENTS: Final = {
    "distro": (Order.DISTRIBUTION,),
    "torch_version": (Order.TORCH,),
    "torch_precision": (Order.TORCH,),
}


def _of_settings_file(before: YamlFile, after: YamlFile) -> Iterator[Cause]:
    for variant, old, new in _changed(_lengths(before), _lengths(after)):
        yield Cause(
            what=f"changelog.{variant} {old or 0} → {new or 0} entries",
            place=_place(before, after, ("changelog", variant)),
            variant=variant,
            of_number=True,
        )
    hook: Path = ("wheels", "build_tag_hook")
    for path, name, new_name in _changed(before.scalars, after.scalars):
        if path == hook:
            what = f"wheels.build_tag_hook {_shown(name)} → {_shown(new_name)}"
            yield Cause(what=what, place=_place(before, after, path), no_hook=not new_name)


def _of_renamed_file(
    packages: tuple[str, str], before: YamlFile, after: YamlFile
) -> Iterator[Cause]:
    """A package lost its settings, and another one has them: that is one cause."""
    for package in packages:
        for of_number in (True, False):
            yield Cause(
                what=f"name of {before.path.name} → {after.path.name}",
                place=str(after.path),
                package=package,
                of_number=of_number,
            )


def _of_package_file(package: str, before: YamlFile, after: YamlFile) -> Iterator[Cause]:
    for version, old, new in _changed(_lengths(before), _lengths(after)):
        yield Cause(
            what=f"changelog of {package} {version} {old or 0} → {new or 0} entries",
            place=_place(before, after, ("changelog", version)),
            package=package,
            version=_normalized(version),
            of_number=True,
        )
    for at, text, new_text in _changed(before.scalars, after.scalars):
        if at[-1] in _PACKAGE_KEYS:
            variant = str(at[1]) if at[0] == "variants" and len(at) > 2 else ""
            yield Cause(
                what=f"{at[-1]} of {package} {_shown(text)} → {_shown(new_text)}",
                place=_place(before, after, at),
                variant=variant,
                package=package,
                segments=(Order.ACCELERATOR, Order.TORCH),
                of_number=at[-1] == _PRE_BUILT,
                pre_built=at[-1] == _PRE_BUILT and (new_text or "").lower() in _TRUE,
            )


_PRE_BUILT: Final = "pre_built"
_PACKAGE_KEYS: Final = {DEPENDS_ON, _PRE_BUILT}
_TRUE: Final = {"true", "yes", "on"}


def _normalized(version: str) -> str:
    try:
        return str(Version(version))
    except InvalidVersion:
        return version


def _lengths(file: YamlFile) -> dict[str, int]:
    """Return how many entries each changelog of a file has."""
    changelog = file.data.get("changelog")
    if not isinstance(changelog, Mapping):
        return {}
    return {str(key): len(value) for key, value in changelog.items() if isinstance(value, list)}


def _changed[K, V](
    before: Mapping[K, V], after: Mapping[K, V]
) -> Iterator[tuple[K, V | None, V | None]]:
    """Yield each key whose value differs, in the order of the files."""
    for key in dict.fromkeys([*before, *after]):
        if before.get(key) != after.get(key):
            yield key, before.get(key), after.get(key)


def _place(before: YamlFile, after: YamlFile, path: Path) -> str:
    return str(after.place(path) if path in after.lines else before.place(path))


def _shown(value: StackKey | str | None) -> str:
    return "(none)" if value is None else str(value)
