"""The inventory of a settings tree: what fromager knows of it, collected once for all checks."""

from __future__ import annotations

import pathlib
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from packaging.utils import NormalizedName

from ..errors import (
    BuildTagError,
    MissingFactError,
    NeedsError,
    PluginError,
    explain_error,
)
from ..findings.finding import Place
from ..needs import DependsOn, Need
from ..plan.model import ANY_PACKAGE, ANY_VERSION, PlannedTag, Wanted
from ..plan.planner import plan
from ..plan.plugins import WHEEL_BUILD_TAG
from ..plan.scope import packages_in_scope
from ..plan.source import source_of
from ..settings.tree import PackageBuildInfo, SettingsTree
from ..settings.yamlfile import place_in
from ..stack.stack import Stack
from ..tag.expression import parse_expression


@dataclass(frozen=True, kw_only=True, slots=True)
class Inventory:
    """The variants, stacks, packages and files of a settings tree.

    Attributes:
        package_files: the settings file of each package that has one.
        variant_files: the file of each variant that has one.
        changelog_variants: the variants in the global changelog.
        package_variants: the packages whose settings name a variant, by variant.
        stacks: the declared stacks of each variant whose file is valid.
        invalid_variants: the error of each other variant.
        wanted: packages and versions of a real build; else the packages with settings.
        every: whether every shipped override is in scope.
    """

    tree: SettingsTree
    package_files: Mapping[NormalizedName, pathlib.Path]
    variant_files: Mapping[str, pathlib.Path]
    changelog_variants: Sequence[str]
    package_variants: Mapping[str, Sequence[NormalizedName]]
    stacks: Mapping[str, Sequence[Stack]]
    invalid_variants: Mapping[str, str]
    wanted: Sequence[Wanted]
    every: bool = False

    @classmethod
    def of(
        cls, tree: SettingsTree, wanted: Sequence[Wanted] = (), *, every: bool = False
    ) -> Inventory:
        """Return the inventory of a settings tree."""
        files = {name: paths[-1] for name, paths in tree.package_files.items()}
        stacks: dict[str, Sequence[Stack]] = {}
        errors: dict[str, str] = {}
        for variant in tree.variants():
            try:
                stacks[variant] = tree.on(variant).stacks()
            except BuildTagError as err:
                errors[variant] = explain_error(err)
        return cls(
            tree=tree,
            package_files=files,
            variant_files={path.stem: path for path in sorted(tree.variants_dir().glob("*.yaml"))},
            changelog_variants=_changelog_variants(tree),
            package_variants=_package_variants(tree, files),
            stacks=stacks,
            invalid_variants=errors,
            wanted=wanted or [Wanted(package=name) for name in files],
            every=every,
        )

    @property
    def known_variants(self) -> AbstractSet[str]:
        """The variants with a file or an entry in the global changelog."""
        return {*self.variant_files, *self.changelog_variants}

    def build_info(self, package: NormalizedName, variant: str) -> PackageBuildInfo:
        """Return fromager's build information of a package on a variant."""
        return self.tree.on(variant).build_info(package)

    def needs(self, package: NormalizedName, variant: str) -> frozenset[Need] | None:
        """Return the dependencies of a package's newest version on all stacks of a variant.

        None if only a function of an override knows them.
        """
        try:
            function = source_of(self.tree.ctx, self.build_info(package, variant)).function
        except BuildTagError:
            return frozenset()  # BT106 or BT109 reports it
        if not isinstance(function, DependsOn):
            return None
        try:
            return frozenset().union(
                *(function.needs_on(stack, ANY_VERSION) for stack in self.stacks.get(variant, ()))
            )
        except MissingFactError:  # BT118 reports it
            return parse_expression(function.expression).at_most()

    def locked(self, variant: str, stack: Stack, *, every: bool = False) -> Sequence[PlannedTag]:
        """Plan the tags on one stack of the packages in scope and the wanted packages.

        If *every*, those of every shipped override, too.
        """
        scope = packages_in_scope(self.tree, every=every or self.every)
        names = {ANY_PACKAGE, *scope} - {each.package for each in self.wanted}
        wanted = [*(Wanted(package=name) for name in sorted(names)), *self.wanted]
        return plan(self.tree.on(variant), [stack], wanted)

    def has_invalid_source(self, package: NormalizedName, variant: str) -> bool:
        """Return whether a package's annotation or the function of its own override is invalid."""
        info = self.build_info(package, variant)
        try:
            source_of(self.tree.ctx, info)
        except NeedsError:
            return True
        except PluginError:
            return hasattr(info.plugin, WHEEL_BUILD_TAG)
        return False

    def counts(self) -> Mapping[str, int]:
        """Return how many variants, stacks and packages there are."""
        packages = {*self.package_files, *(each.package for each in self.wanted)}
        return {
            "variant": len(self.stacks) + len(self.invalid_variants),
            "stack": sum(map(len, self.stacks.values())),
            "package": len(packages),
        }

    def place(self, package: NormalizedName, *path: str) -> Place:
        """Return the place of a key in the settings of a package."""
        file = self.package_files.get(package)
        return Place() if file is None else place_in(file, path)

    def settings_place(self, *path: str) -> Place:
        """Return the place of a key in the global settings."""
        return place_in(self.tree.settings_file, path)


def _changelog_variants(tree: SettingsTree) -> list[str]:
    """Return the variants with entries in the global changelog."""
    variants = map(str, tree.settings.all_variants())
    return sorted(each for each in variants if tree.on(each).ctx.settings.variant_changelog())


def _package_variants(
    tree: SettingsTree, packages: Iterable[NormalizedName]
) -> dict[str, list[NormalizedName]]:
    found: dict[str, list[NormalizedName]] = {}
    for package in packages:
        for variant in tree.settings.package_setting(package).variants:
            found.setdefault(str(variant), []).append(package)
    return found
