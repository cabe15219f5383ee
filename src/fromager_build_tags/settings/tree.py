"""A settings tree: fromager's settings of packages and variants, and the variant files."""

from __future__ import annotations

import copy
import functools
import os
import pathlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import yaml
from fromager.context import WorkContext
from fromager.packagesettings import PackageBuildInfo, PackageSettings, Settings, SettingsFile
from packaging.utils import InvalidName, NormalizedName, canonicalize_name

from ..errors import InputError, SettingsError
from ..files import refuse_links, root_of
from ..stack.resolve import declared_stacks, resolve
from ..stack.stack import Stack
from .context import bind, this_machine
from .environment import ExplicitSettings, declare, read_explicit_settings
from .hook import HOOK_PATH, NO_HOOK, Hook
from .import_strings import import_fields, without
from .layout import package_files, variant_file, variants_dir
from .refusals import refusal
from .variant import read_variant_file
from .yamlfile import MAXIMAL_SIZE, load_yaml_mapping, read_yaml

#: fromager's types for the layers above, which do not import fromager themselves.
__all__ = [
    "PackageBuildInfo",
    "PackageSettings",
    "SettingsTree",
    "VariantTree",
    "WorkContext",
    "broken_package_files",
    "broken_settings_file",
    "load_settings_tree",
]


_LARGEST_TREE: Final = 10_000_000
"""Bytes of all package files. Those of a thousand packages have one million."""


@dataclass(frozen=True, kw_only=True)  # without slots: they exclude a cached property
class SettingsTree:
    """fromager's settings of all variants, and the variant files beside them.

    fromager's work context need not be set up, and nothing is written.

    Attributes:
        ctx: fromager's work context. Its settings contain our own hook or none: another one is
            imported only by fromager itself.
        settings_file: fromager's ``--settings-file``.
        settings_dir: fromager's ``--settings-dir``.
        hook: the configured ``wheels.build_tag_hook``, or :data:`.hook.NO_HOOK`.
    """

    ctx: WorkContext
    settings_file: pathlib.Path
    settings_dir: pathlib.Path
    hook: Hook
    _by_variant: dict[str, VariantTree] = field(default_factory=dict, repr=False, compare=False)

    @property
    def settings(self) -> Settings:
        """Fromager's settings, for questions that do not depend on the variant."""
        return self.ctx.settings

    @property
    def variant(self) -> str:
        """The variant of fromager's command line."""
        return str(self.ctx.variant)

    def on(self, variant: str) -> VariantTree:
        """Return the settings of one variant; the same object for the same variant."""
        if variant not in self._by_variant:
            self._by_variant[variant] = VariantTree(tree=self, ctx=_on_variant(self.ctx, variant))
        return self._by_variant[variant]

    def packages(self) -> list[NormalizedName]:
        """Return every package that the settings, a project override or a patch name.

        Raises:
            SettingsError: fromager reads an invalid name of a package from a folder of patches.
        """
        try:
            return sorted({canonicalize_name(name) for name in self.settings.list_overrides()})
        except InvalidName as err:
            raise SettingsError(
                f"a folder in {self.settings.patches_dir}, or a registered override, has an "
                f"invalid package name ({err}): rename the folder to PACKAGE-VERSION"
            ) from None

    def variants(self) -> list[str]:
        """Return every variant that the settings name, or that has a file."""
        names = {str(variant) for variant in self.settings.all_variants()}
        names.update(path.stem for path in self.variants_dir().glob("*.yaml"))
        return sorted(names)

    @functools.cached_property
    def explicit(self) -> ExplicitSettings:
        """The explicit variables, read once.

        Raises:
            SettingsError: a variable is wrong.
        """
        return read_explicit_settings()

    def variants_dir(self) -> pathlib.Path:
        """Return the folder of the variant files."""
        return self.explicit.variants_dir or variants_dir(self.settings_dir)

    def package_file(self, package: NormalizedName) -> pathlib.Path | None:
        """Return the settings file of *package* that fromager uses, however it is spelled."""
        files = self.package_files.get(package)
        return files[-1] if files else None

    @functools.cached_property
    def package_files(self) -> Mapping[NormalizedName, Sequence[pathlib.Path]]:
        """The settings files of each package, sorted: fromager uses the last one alone."""
        return package_files(self.settings_dir)


@dataclass(frozen=True, kw_only=True, slots=True)
class VariantTree:
    """The settings of one variant, with the work context of ``fromager --variant``."""

    tree: SettingsTree
    ctx: WorkContext

    @property
    def variant(self) -> str:
        """Fromager's name of the variant."""
        return str(self.ctx.variant)

    @property
    def index(self) -> str:
        """The index that the variant's file names; "" if it names none.

        Raises:
            SettingsError: the file is invalid.
        """
        path = variant_file(self.variant, self.tree.variants_dir())
        return read_variant_file(path)[0].index or ""

    def build_info(self, package: NormalizedName) -> PackageBuildInfo:
        """Return fromager's settings of a package on this variant."""
        return self.ctx.settings.package_build_info(package)

    def stacks(self, *, here: bool = False) -> Sequence[Stack]:
        """Return all declared stacks; or, if *here*, the one stack that fits this machine.

        Raises:
            BuildTagError: the declaration is wrong, or conflicts with this machine.
        """
        tree = self.tree
        declaration = declare(self.variant, variants_dir(tree.settings_dir), tree.explicit)
        if here:
            return [resolve(declaration, this_machine(self.ctx))]
        return declared_stacks(declaration)

    def context_on(self, stack: Stack) -> WorkContext:
        """Return a work context whose wheels are built for *stack*, whatever this machine is."""
        ctx = copy.copy(self.ctx)
        bind(ctx, stack)
        return ctx


def _on_variant(ctx: WorkContext, variant: str) -> WorkContext:
    """Return a copy of *ctx* for another variant, which shares all that does not depend on it."""
    made, settings = copy.copy(ctx), ctx.settings
    made.variant = variant
    made.settings = Settings(
        settings=settings._settings,  # fromager has no other way to the content of files
        package_settings=settings._package_settings.values(),
        variant=variant,
        patches_dir=settings.patches_dir,
        max_jobs=settings.max_jobs,
    )
    return made


def broken_package_files(settings_dir: pathlib.Path) -> list[tuple[pathlib.Path, str]]:
    """Return the package files that fromager refuses, each with the reason."""
    reasons = {path: _broken(path, _load_package) for path in _package_files(settings_dir)}
    return [(path, reason) for path, reason in reasons.items() if reason]


def _package_files(settings_dir: pathlib.Path) -> list[pathlib.Path]:
    """Return the package files in the order of fromager.

    Raises:
        InputError: reading them all would take minutes.
    """
    paths = sorted(settings_dir.glob("*.yaml"))
    sizes = (path.lstat().st_size for path in paths)
    if sum(size for size in sizes if size <= MAXIMAL_SIZE) > _LARGEST_TREE:  # others are not read
        raise InputError(
            f"the files in {settings_dir} are larger than {_LARGEST_TREE:,} bytes together"
        )
    return paths


def broken_settings_file(settings_file: pathlib.Path) -> str:
    """Return why fromager refuses the global settings; "" if it accepts them."""
    reason = _broken(settings_file, _load_settings)
    return reason and _named(settings_file, reason)


def _broken(path: pathlib.Path, load: Callable[[pathlib.Path], object]) -> str:
    try:
        load(path)
    except Exception as err:  # noqa: BLE001 - whatever YAML, pydantic and fromager raise
        return refusal(path, err)
    return ""


def _load_settings(path: pathlib.Path) -> tuple[SettingsFile, Hook]:
    """Let fromager load the global settings, and return them with the hook that they name."""
    if not os.path.lexists(path):
        return SettingsFile(), NO_HOOK
    text = read_yaml(path)
    content = load_yaml_mapping(text, path)
    hook = Hook.in_settings(content)
    fields = _import_fields(SettingsFile) - ({HOOK_PATH} if hook.is_ours else set())
    taken = functools.reduce(without, fields, content)
    if taken != content:
        text = yaml.safe_dump(taken)
    return SettingsFile.from_string(text, source=path), hook


def _load_package(path: pathlib.Path) -> PackageSettings:
    content = load_yaml_mapping(read_yaml(path), path)
    taken = functools.reduce(without, _import_fields(PackageSettings), content)
    return PackageSettings.from_mapping(path.stem, taken, source=path, has_config=True)


#: Of a model of fromager, the fields whose values it would import. They are left out: a settings
#: tree can be that of a stranger's pull request, and a plan calls our own hook.
_import_fields: Final = functools.cache(import_fields)


def _named(path: pathlib.Path, message: str) -> str:
    """Return a message with its file: YAML's own messages do not name it."""
    return message if path.name in message else f"{path}: {message}"


def load_settings_tree(
    *,
    settings_file: pathlib.Path,
    settings_dir: pathlib.Path,
    patches_dir: pathlib.Path,
    variant: str,
    constraints_files: Sequence[str] = (),
) -> SettingsTree:
    """Load a settings tree through fromager; no folder is created, nothing is written.

    Raises:
        SettingsError: fromager cannot load it.
        InputError: a folder of it is a symbolic link, or its files are too large.
    """
    for folder in (settings_dir, variants_dir(settings_dir)):
        refuse_links(folder, root_of(folder))
    package_paths = _package_files(settings_dir)
    try:
        settings_of_all, hook = _load_settings(settings_file)
        settings = Settings(
            settings=settings_of_all,
            package_settings=map(_load_package, package_paths),
            patches_dir=patches_dir,
            variant=variant,
            max_jobs=None,
        )
        nowhere = pathlib.Path()
        ctx = WorkContext(
            active_settings=settings,
            constraints_files=tuple(constraints_files),
            patches_dir=patches_dir,
            sdists_repo=nowhere,
            wheels_repo=nowhere,
            work_dir=nowhere,
            variant=variant,
            settings_dir=settings_dir,
        )
    except Exception as err:  # whatever YAML, pydantic and fromager raise
        broken = [_named(*each) for each in broken_package_files(settings_dir)]
        if reasons := "; ".join(filter(None, (broken_settings_file(settings_file), *broken))):
            raise SettingsError(f"fromager cannot load the settings because {reasons}") from None
        raise SettingsError("fromager cannot load the settings") from err
    return SettingsTree(ctx=ctx, settings_file=settings_file, settings_dir=settings_dir, hook=hook)
