"""Why tags differ between two sides: what changed in the settings files, where.

Files are compared as YAML, value by value, and without evaluating anything: a cause is told
even where a lock takes the place of the override code.
"""

from __future__ import annotations

import pathlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ..errors import DuplicateKeyError, SettingsError
from ..settings.annotations import DEPENDS_ON
from ..settings.yamlfile import Path, YamlFile, parse_yaml_mapping
from ..stack.key import StackKey
from ..tag.segment import Order
from .declarations import changed_files
from .pairing import pair
from .settings_layout import Layout
from .snapshot import Side

#: A stack before and after the change; None where there is no such stack.
type StackKeys = tuple[StackKey | None, StackKey | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Cause:
    """One thing that changed.

    Attributes:
        what: what changed, from what to what.
        place: ``file:line``, on the new side if it is there.
        variant: the variant that it can rename wheels of; None for all.
        package: the package likewise; None for all.
        version: the version likewise; None for all.
        stacks: the keys before and after of the one stack whose tags it can change, None where
            there is no such stack; None for all.
        segments: the segments that it changes; empty for any.
        of_number: it changes the build number; else it changes the segments.
        pre_built: the package is pre-built now, so that it has no build number.
        no_hook: the settings name no hook any more, so that no name has segments.
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


def causes(base: Side, head: Side) -> list[Cause]:
    """Return everything that changed in the settings files and can rename a wheel.

    A lock alone does not tell what changed since, or until, it was made.
    """
    if any(side.lock is not None and not side.has_settings for side in (base, head)):
        return []
    found: list[Cause] = []
    for old, new in _moved(base, head, changed_files(base, head)):
        try:
            before, after = _read(old, base.files.get(old)), _read(new, head.files.get(new))
        except DuplicateKeyError:
            found += _of_broken_file(head.layout, new, "a key that is given twice")
            continue
        except (SettingsError, UnicodeDecodeError):
            found += _of_broken_file(head.layout, new, "something that cannot be read")
            continue
        if before.data == after.data and _package(old) != _package(new):
            found += _of_renamed_file(before, after)
        else:
            found += _of_file(head.layout, new, before, after)
    return found


def _moved(base: Side, head: Side, paths: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Pair the files that changed: a package's file that has another name is the same file."""
    gone = [path for path in paths if path not in head.files and head.layout.is_package(path)]
    old_names: dict[str, str] = {}
    for path in paths:
        if path not in base.files and head.layout.is_package(path):
            left = [each for each in gone if each not in old_names.values()]
            if old := _old_name(path, head.files[path], left, base):
                old_names[path] = old
    for path in paths:
        if path not in old_names.values():
            yield old_names.get(path, path), path


def _old_name(path: str, content: bytes, gone: Sequence[str], base: Side) -> str | None:
    for old in gone:
        if _package(old) == _package(path):
            return old
    return next((old for old in gone if base.files[old] == content), None)


def _package(path: str) -> str:
    from packaging.utils import canonicalize_name  # takes long to import, and few reviews need it

    return canonicalize_name(pathlib.PurePath(path).stem)


def _read(path: str, content: bytes | None) -> YamlFile:
    """Return a file's values; of one that is not there, none."""
    return parse_yaml_mapping((content or b"").decode("utf-8"), pathlib.Path(path))


def _of_broken_file(layout: Layout, path: str, what: str) -> Iterator[Cause]:
    """Nobody can say what changed in there."""
    package = _package(path) if layout.is_package(path) else ""
    for of_number in (True, False) if package else (True,):
        yield Cause(
            what=what,
            place=path,
            variant=layout.variant_of(path) or "",
            package=package,
            of_number=of_number,
        )


def _of_file(layout: Layout, path: str, before: YamlFile, after: YamlFile) -> Iterator[Cause]:
    if variant := layout.variant_of(path):
        yield from _of_variant_file(variant, before, after)
    elif layout.is_package(path):
        yield from _of_package_file(path, before, after)
    elif path == layout.settings_file.as_posix():
        yield from _of_settings_file(before, after)


def _of_variant_file(variant: str, before: YamlFile, after: YamlFile) -> Iterator[Cause]:
    from .written import written_stacks  # with all that makes a stack: most changes are of packages

    pairs = pair(written_stacks(variant, before), written_stacks(variant, after))
    for old, new in pairs:
        keys = (old.key if old else None, new.key if new else None)
        if old is None or new is None:
            there = new or old
            yield Cause(
                what=f"stack of {variant} {_shown(keys[0])} → {_shown(keys[1])}",
                place=(after if new else before).place(there.path if there else ()),
                variant=variant,
                stacks=keys,
            )
            continue
        for key, text, new_text in _changed(old.facts, new.facts):
            there, file = (new, after) if key in new.facts else (old, before)
            yield Cause(
                what=f"{key} of {variant} {_shown(text)} → {_shown(new_text)}",
                place=file.place(there.paths[key]),
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


def _of_renamed_file(before: YamlFile, after: YamlFile) -> Iterator[Cause]:
    """A package lost its settings, and another one has them: that is one cause."""
    for file in (before, after):
        for of_number in (True, False):
            yield Cause(
                what=f"name of {before.path.name} → {after.path.name}",
                place=str(after.path),
                package=_package(str(file.path)),
                of_number=of_number,
            )


def _of_package_file(path: str, before: YamlFile, after: YamlFile) -> Iterator[Cause]:
    package = _package(path)
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
    from packaging.version import InvalidVersion, Version

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
    """Return each key whose value differs, in the order of the files."""
    for key in dict.fromkeys([*before, *after]):
        if before.get(key) != after.get(key):
            yield key, before.get(key), after.get(key)


def _place(before: YamlFile, after: YamlFile, path: Path) -> str:
    return after.place(path) if path in after.lines else before.place(path)


def _shown(value: object) -> str:
    return "(none)" if value is None else str(value)
