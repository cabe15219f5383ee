"""A snapshot: the settings files and the lock of a revision or folder, or a lock file alone."""

from __future__ import annotations

import functools
import os
import pathlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Self

from packaging.utils import NormalizedName, canonicalize_name

from ..errors import InputError, SettingsError
from ..files import LARGEST_FILE, read_bounded, refuse_links
from ..http.urls import comparable_url
from ..plan.locked_tags import Lock
from ..plan.lockfile import parse_lock
from ..settings.hook import Hook
from ..settings.yamlfile import YamlFile, parse_yaml_mapping

if TYPE_CHECKING:
    from .git import Repository

#: Bytes of all files: a thousand packages have ten million at most, and the lock has one.
_LARGEST_TREE: Final = 4 * LARGEST_FILE


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """The places of the settings below a root: fromager's options, and the files beside them.

    Attributes:
        settings_file: fromager's ``--settings-file``.
        settings_dir: fromager's ``--settings-dir``.
        variants_dir: the folder of the variant files.
        patches_dir: fromager's ``--patches-dir``.
        lock_file: the lock file.
    """

    settings_file: pathlib.PurePath
    settings_dir: pathlib.PurePath
    variants_dir: pathlib.PurePath
    patches_dir: pathlib.PurePath
    lock_file: pathlib.PurePath

    @property
    def paths(self) -> tuple[pathlib.PurePath, ...]:
        """Every file and folder that build tags depend on."""
        return (self.settings_file, self.settings_dir, self.variants_dir, self.lock_file)

    def mapped(self, function: Callable[[pathlib.PurePath], pathlib.PurePath]) -> Layout:
        """Return the layout with *function* applied to each of its :attr:`paths`."""
        return Layout(
            settings_file=function(self.settings_file),
            settings_dir=function(self.settings_dir),
            variants_dir=function(self.variants_dir),
            patches_dir=self.patches_dir,
            lock_file=function(self.lock_file),
        )

    def variant_of(self, path: str) -> str:
        """Return the variant of a variant file; "" for any other file."""
        return _yaml_stem(self.variants_dir, path)

    def package_of(self, path: str) -> NormalizedName | None:
        """Return the package of a package's settings file; None for any other file."""
        stem = _yaml_stem(self.settings_dir, path)
        return canonicalize_name(stem) if stem else None


def _refuse_large(size: int, name: str) -> None:
    """Refuse files that fill the memory: git stores gigabytes of one byte in some kilobytes."""
    if size > _LARGEST_TREE:
        raise InputError(f"the settings of {name} are larger than {_LARGEST_TREE:,} bytes together")


def _yaml_stem(folder: pathlib.PurePath, path: str) -> str:
    """Return the stem of a YAML file in a folder; "" for any other file.

    A tree has a thousand of them, and pathlib takes longer to split each than git to list it.
    """
    above, _, name = path.rpartition("/")
    is_inside = (above or ".") == folder.as_posix() and name.endswith(".yaml")
    return name.removesuffix(".yaml") if is_inside else ""


@dataclass(frozen=True, kw_only=True)  # slots exclude cached properties
class Snapshot:
    """The settings and the lock at one point in time.

    Attributes:
        name: how the user named it.
        layout: where the settings are.
        files: the settings files, by their path below the root.
        lock: the committed lock, from which the build tags are known without an evaluation.
    """

    name: str
    layout: Layout
    files: Mapping[str, bytes]
    lock: Lock | None

    @classmethod
    def of_commit(cls, repository: Repository, ref: str, layout: Layout) -> Self:
        """Return the settings of a revision.

        Raises:
            InputError: there is no such revision, or its files or lock cannot be read, or are
                too large.
        """
        commit = repository.commit(ref)
        files = repository.files(commit, layout.paths)
        for path, size in files.sizes.items():
            if size > LARGEST_FILE:
                raise InputError(f"{path} of {ref} is larger than {LARGEST_FILE:,} bytes")
        _refuse_large(sum(files.sizes.values()), ref)
        lock = layout.lock_file.as_posix()
        files.read([path for path in files if path == lock or layout.variant_of(path)])
        return cls._of(ref if ref != commit else commit[:12], layout, files)

    @classmethod
    def of_folder(cls, root: pathlib.Path, layout: Layout, name: str) -> Self:
        """Return the settings of a folder, such as the working tree.

        Raises:
            InputError: a file or the lock cannot be read, is behind a symbolic link, or too large.
        """
        files: dict[str, bytes] = {}
        size = 0
        for path in layout.paths:
            refuse_links(root / path, root)
            found = [root / path] if os.path.lexists(root / path) else []
            if (root / path).is_dir():
                found = sorted((root / path).glob("*.yaml"))
            for file in found:
                content = read_bounded(file, root=root)
                files[file.relative_to(root).as_posix()] = content
                size += len(content)
                _refuse_large(size, name)
        return cls._of(name, layout, files)

    @classmethod
    def of_lock(cls, file: pathlib.Path, layout: Layout) -> Self:
        """Return a lock file alone.

        Raises:
            InputError: it is not a lock file.
        """
        return cls._of(str(file), layout, {layout.lock_file.as_posix(): read_bounded(file)})

    @classmethod
    def _of(cls, name: str, layout: Layout, files: Mapping[str, bytes]) -> Self:
        path = layout.lock_file.as_posix()
        text = files[path].decode("utf-8", errors="replace") if path in files else None
        lock = None if text is None else parse_lock(text, f"{path} of {name}")
        snapshot = cls(name=name, layout=layout, files=files, lock=lock)
        if lock is None or not snapshot.has_settings:
            return snapshot
        return replace(snapshot, lock=lock.without_unused(set(snapshot.package_files.values())))

    @property
    def has_settings(self) -> bool:
        """Whether there is a global settings file, or one of a package."""
        return self.layout.settings_file.as_posix() in self.files or bool(self.package_files)

    @functools.cached_property
    def package_files(self) -> Mapping[str, NormalizedName]:
        """The packages with a settings file, by its path."""
        packages = {path: self.layout.package_of(path) for path in sorted(self.files)}
        return {path: package for path, package in packages.items() if package}

    @property
    def packages(self) -> frozenset[str]:
        """The packages with a settings file, and those of the lock."""
        locked = self.lock.packages if self.lock else frozenset()
        return locked.union(self.package_files.values())

    @functools.cached_property
    def hook(self) -> Hook | None:
        """The hook of the global settings, or else of the lock; None where it is unknown."""
        if not self.has_settings:
            return None if self.lock is None else self.lock.hook
        try:
            return Hook.in_settings(self.read(self.layout.settings_file.as_posix()).data)
        except SettingsError:
            return None

    @functools.cached_property
    def indexes(self) -> Mapping[str, str]:
        """The index of each variant whose file names one, however its URL is spelled."""
        indexes: dict[str, str] = {}
        for path in sorted(self.files):
            variant = self.layout.variant_of(path)
            # most files have no such key, and YAML is slow
            if variant and b"index" in self.files[path]:
                index = self.values(path).get("index")
                if isinstance(index, str):
                    indexes[variant] = comparable_url(index)
        return indexes

    def values(self, path: str) -> Mapping[str, Any]:
        """Return the values of a file; none of a missing file, or one that BT207 reports."""
        try:
            return self.read(path).data
        except SettingsError:
            return {}

    def read(self, path: str) -> YamlFile:
        """Return the content of a file; nothing of a missing file.

        Raises:
            SettingsError: it is not UTF-8, not YAML or not a mapping, or sets one key twice.
        """
        try:
            text = self.files.get(path, b"").decode("utf-8")
        except UnicodeDecodeError:
            raise SettingsError(f"{path} is not UTF-8") from None
        return parse_yaml_mapping(text, pathlib.Path(path))


@dataclass(frozen=True, kw_only=True, slots=True)
class BrokenSettings:
    """Settings that are unreadable, and not compared.

    Attributes:
        snapshot: the name of the snapshot.
        place: the file.
        message: what is wrong.
        variant: the variant that the file concerns; "" for none in particular.
        package: the package likewise.
    """

    snapshot: str
    place: str
    message: str
    variant: str = ""
    package: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Evaluation:
    """The build tags of a snapshot.

    Attributes:
        name: the name of the snapshot.
        lock: the build tags.
        scope: the packages with settings or an own override; None for those of the lock.
        broken: what is missing among them.
        notes: how they were found.
    """

    name: str
    lock: Lock
    scope: frozenset[str] | None = None
    broken: tuple[BrokenSettings, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def packages(self) -> frozenset[str]:
        """The packages in scope, which count as added if the base does not have them."""
        return self.lock.packages if self.scope is None else self.scope

    @property
    def broken_variants(self) -> set[str]:
        """Variants whose stacks are unknown."""
        return {each.variant for each in self.broken if each.variant}

    @property
    def broken_packages(self) -> set[str]:
        """Packages whose settings are unknown."""
        return {each.package for each in self.broken if each.package}
