"""The causes of changed build tags: what changed in the settings files, and where.

Files are compared as YAML, value by value, without an evaluation. So causes are known even where
locks replace the evaluation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from ..errors import DuplicateKeyError, SettingsError, StackError
from ..findings.finding import Place
from ..settings.declared import stacks_in
from ..settings.hook import HOOK_PATH, NO_HOOK, Hook
from ..settings.layout import DEPENDS_ON
from ..settings.yamlfile import Path, YamlFile
from ..stack.fact import Declaration, DeclaredStack, Fact
from ..stack.key import StackKey, StackKeys, pair
from ..stack.resolve import declared_stacks
from ..tag.segment import Order
from .git import object_name, prefetch
from .snapshot import Snapshot


@dataclass(frozen=True, kw_only=True, slots=True)
class Cause:
    """One thing that changed.

    Attributes:
        what: what changed, from what to what.
        place: the file and line, of the head where it exists there.
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
    place: Place
    variant: str = ""
    package: str = ""
    version: str = ""
    stacks: StackKeys | None = None
    segments: tuple[Order, ...] = ()
    of_number: bool = False
    pre_built: bool = False
    no_hook: bool = False

    def __str__(self) -> str:
        return f"{self.what} in {self.place}"


def causes(base: Snapshot, head: Snapshot) -> list[Cause]:
    """Return everything that changed in the settings files and can rename a wheel.

    A lock file alone gives no causes.
    """
    if any(each.lock is not None and not each.has_settings for each in (base, head)):
        return []
    layout = head.layout
    found: list[Cause] = []
    for old, new in _paired(base, head, changed_files(base, head)):
        variant, package = layout.variant_of(new), layout.package_of(new) or ""
        try:
            before, after = base.read(old), head.read(new)
            if variant:
                found += _of_variant_file(variant, before, after)
            elif package or new == layout.settings_file.as_posix():
                found += _of_package_or_global_file(package, before, after)
        except SettingsError as err:
            is_repeated = isinstance(err, DuplicateKeyError)
            what = "a duplicate key" if is_repeated else "unreadable settings"
            place = Place(file=new)
            one = Cause(what=what, place=place, variant=variant, package=package, of_number=True)
            found += [one, replace(one, of_number=False)] if package else [one]
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


def _paired(base: Snapshot, head: Snapshot, paths: Iterable[str]) -> Iterable[tuple[str, str]]:
    """Pair the old and the new path of each file: a package's file has one of several spellings."""
    pairs: dict[str, tuple[str, str]] = {}
    for path in paths:
        name = head.layout.package_of(path) or path
        old, new = pairs.get(name, (path, path))
        pairs[name] = (path if path in base.files else old, path if path in head.files else new)
    return pairs.values()


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


def _stacks(variant: str, file: YamlFile) -> dict[StackKey, DeclaredStack]:
    """Return the stacks of a file by key; one that contradicts itself has no known facts."""
    found: dict[StackKey, DeclaredStack] = {}
    for stack in stacks_in(file):
        if stack.facts or "stacks" in file.data:
            try:
                found[_key(variant, file, stack)] = stack
            except StackError:
                found[StackKey()] = stack
    return found


def _of_variant_file(variant: str, before: YamlFile, after: YamlFile) -> Iterator[Cause]:
    old_stacks, new_stacks = _stacks(variant, before), _stacks(variant, after)
    for keys in pair(old_stacks, new_stacks):
        old = old_stacks[keys[0]] if keys[0] else None
        new = new_stacks[keys[1]] if keys[1] else None
        if old and new:
            yield from _of_facts(variant, keys, old, new)
        elif stack := new or old:
            facts = [] if stack.place.line else [*stack.facts.values()]  # a line: one of a list
            yield Cause(
                what=f"stack of {variant} {_shown(keys[0])} → {_shown(keys[1])}",
                place=_source(facts[0]) if facts else stack.place,
                variant=variant,
                stacks=keys,
            )


def _of_facts(
    variant: str, keys: StackKeys, old: DeclaredStack, new: DeclaredStack
) -> Iterator[Cause]:
    texts, new_texts = (
        {key: str(fact.value) for key, fact in each.facts.items()} for each in (old, new)
    )
    for key, text, new_text in _changed(texts, new_texts):
        yield Cause(
            what=f"{key} of {variant} {_shown(text)} → {_shown(new_text)}",
            place=_source((new if key in new_texts else old).facts[key]),
            variant=variant,
            stacks=keys,
            segments=_SEGMENTS.get(key, (Order.ACCELERATOR,)),
        )


_SEGMENTS: Final = {
    "distro": (Order.DISTRIBUTION,),
    "torch_version": (Order.TORCH,),
    "torch_precision": (Order.TORCH,),
}


def _source(fact: Fact[Any]) -> Place:
    """Return the place of a fact of a file, which has no other source."""
    return fact.source if isinstance(fact.source, Place) else Place(file=fact.source)


def _of_package_or_global_file(package: str, before: YamlFile, after: YamlFile) -> Iterator[Cause]:
    """Yield the causes in the file of a package, or, for "", in the global settings file."""

    def place(path: Path) -> Place:
        is_new = path in after.lines or path in after.scalars  # a merge key has no line of its own
        return (after if is_new else before).place(path)

    for key, old, new in _changed(_lengths(before), _lengths(after)):
        name = f" of {package} {key}" if package else f".{key}"
        yield Cause(
            what=f"changelog{name} {old or 0} → {new or 0} entries",
            place=place(("changelog", key)),
            variant="" if package else key,
            package=package,
            version=key if package else "",
            of_number=True,
        )
    for path, text, new_text in _changed(before.scalars, after.scalars):
        is_pre_built = path[-1] == _PRE_BUILT
        did = f"{_shown(text)} → {_shown(new_text)}"
        if package and (is_pre_built or path[-1] == DEPENDS_ON):
            yield Cause(
                what=f"{path[-1]} of {package} {did}",
                place=place(path),
                variant=str(path[1]) if path[0] == "variants" and len(path) > 2 else "",
                package=package,
                segments=(Order.ACCELERATOR, Order.TORCH),
                of_number=is_pre_built,
                pre_built=is_pre_built and (new_text or "").lower() in _TRUE,
            )
        elif not package and path == HOOK_PATH:
            no_hook = Hook.in_settings(after.data) == NO_HOOK
            yield Cause(what=f"{'.'.join(HOOK_PATH)} {did}", place=place(path), no_hook=no_hook)


_PRE_BUILT: Final = "pre_built"
_TRUE: Final = {"true", "yes", "on"}


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


def _shown(value: StackKey | str | None) -> str:
    return "(none)" if value is None else str(value)
