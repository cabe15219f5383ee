"""A settings tree as the checks look at it: each thing is asked of fromager once."""

from __future__ import annotations

import pathlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from packaging.utils import NormalizedName

from ..errors import (
    BuildTagError,
    MissingFactError,
    NeedsError,
    PluginError,
    SettingsError,
    explain_error,
)
from ..findings.finding import Place
from ..needs import DependsOn, Need
from ..plan.model import ANY_PACKAGE, ANY_VERSION, PlannedTag, Wanted
from ..plan.planner import plan
from ..plan.plugins import WHEEL_BUILD_TAG, known_packages
from ..plan.source import source_of
from ..settings.discover import package_files
from ..settings.tree import PackageBuildInfo, SettingsTree
from ..settings.yamlfile import Path, read_yaml_mapping
from ..stack.stack import Stack
from ..tag.expression import parse_expression


@dataclass(frozen=True, kw_only=True, slots=True)
class Checkup:
    """What the checks look at.

    Attributes:
        tree: the settings.
        package_files: the settings file of each package that has one.
        variant_files: the file of each variant that has one.
        changelog_variants: the variants that the global changelog names.
        package_variants: the packages whose settings name a variant, by variant.
        stacks: the declared stacks of each variant whose file is right.
        wrong_variants: what is wrong with the other variants.
        wanted: packages and versions of a real build; else those that have settings.
    """

    tree: SettingsTree
    package_files: Mapping[NormalizedName, pathlib.Path]
    variant_files: Mapping[str, pathlib.Path]
    changelog_variants: Sequence[str]
    package_variants: Mapping[str, Sequence[NormalizedName]]
    stacks: Mapping[str, Sequence[Stack]]
    wrong_variants: Mapping[str, str]
    wanted: Sequence[Wanted]

    @classmethod
    def of(cls, tree: SettingsTree, wanted: Sequence[Wanted] = ()) -> Checkup:
        """Look at a settings tree."""
        files = {name: paths[-1] for name, paths in package_files(tree.settings_dir).items()}
        stacks: dict[str, Sequence[Stack]] = {}
        wrong: dict[str, str] = {}
        for variant in tree.variants():
            try:
                stacks[variant] = tree.on(variant).stacks()
            except BuildTagError as err:
                wrong[variant] = explain_error(err)
        return cls(
            tree=tree,
            package_files=files,
            variant_files={path.stem: path for path in sorted(tree.variants_dir().glob("*.yaml"))},
            changelog_variants=_changelog_variants(tree),
            package_variants=_package_variants(tree, files),
            stacks=stacks,
            wrong_variants=wrong,
            wanted=wanted or [Wanted(package=name) for name in files],
        )

    def build_info(self, package: NormalizedName, variant: str) -> PackageBuildInfo:
        """Return what fromager knows of a package on a variant."""
        return self.tree.on(variant).build_info(package)

    def needs(self, package: NormalizedName, variant: str) -> frozenset[Need] | None:
        """Return what a package depends on in its newest version, on any stack of a variant.

        None if a function decides.
        """
        try:
            says = source_of(self.tree.ctx, self.build_info(package, variant)).function
        except BuildTagError:
            return frozenset()  # another rule tells
        if not isinstance(says, DependsOn):
            return None
        try:
            return frozenset().union(
                *(says.needs_on(stack, ANY_VERSION) for stack in self.stacks.get(variant, ()))
            )
        except MissingFactError:  # the plan tells
            return parse_expression(says.expression).at_most()

    def planned(self, variant: str, stack: Stack) -> Sequence[PlannedTag]:
        """Plan the tags of what is wanted on one stack."""
        return plan(self.tree.on(variant), [stack], self.wanted)

    def locked(self, variant: str, stack: Stack) -> Sequence[PlannedTag]:
        """Plan the tags that a lock holds of one stack, and those of what is wanted."""
        names = {ANY_PACKAGE, *known_packages(self.tree)} - {each.package for each in self.wanted}
        wanted = [*(Wanted(package=name) for name in sorted(names)), *self.wanted]
        return plan(self.tree.on(variant), [stack], wanted)

    def has_wrong_source(self, package: NormalizedName, variant: str) -> bool:
        """Tell whether a package's annotation, or the function of its own override, is wrong."""
        info = self.build_info(package, variant)
        try:
            source_of(self.tree.ctx, info)
        except NeedsError:
            return True
        except PluginError:
            return hasattr(info.plugin, WHEEL_BUILD_TAG)
        return False

    def variants(self) -> list[str]:
        """Return every variant that anything names."""
        return sorted({*self.stacks, *self.wrong_variants})

    def place(self, package: NormalizedName, *path: str) -> Place:
        """Return where a key stands in a package's settings."""
        return place_in(self.package_files.get(package), path)

    def settings_place(self, *path: str) -> Place:
        """Return where a key stands in the global settings."""
        return place_in(self.tree.settings_file, path)


def place_in(file: pathlib.Path | None, path: Path) -> Place:
    """Return the place of a key in a file, as near as it can be told."""
    if file is None:
        return Place()
    try:
        told = read_yaml_mapping(file).place(path)
    except SettingsError:
        return Place(file=str(file))
    name, _, line = told.rpartition(":")
    return Place(file=name, line=int(line)) if line.isdigit() else Place(file=str(file))


def _changelog_variants(tree: SettingsTree) -> list[str]:
    """Return the variants of the global changelog.

    fromager tells the entries of one variant only; of all variants that it knows, those that
    have some.
    """
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
