"""The sources of each part of a build tag, and the facts that were not used."""

from __future__ import annotations

import inspect
import pathlib
import sys
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.requirements import Requirement

from ..errors import BuildTagError
from ..needs import DependsOn
from ..settings.layout import DEPENDS_ON
from ..settings.yamlfile import Path, place_in
from ..stack.fact import FACTS, Fact, Missing
from ..tag.segment import Segment
from . import plugins, scope
from .model import PlannedTag
from .planner import PLATLIB
from .source import SourceKind, collect

if TYPE_CHECKING:
    from fromager.packagesettings import PackageBuildInfo

    from ..settings.tree import SettingsTree, VariantTree


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """Everything that one build tag is made of.

    Attributes:
        changelogs: the changelogs that make the number, the variant's, then the package's: each
            with its place and its entries, which raise the number by one each.
        segments: each segment of a platlib wheel, with its provider.
        sources: the possible sources of the package's dependencies, by precedence: each in words,
            or why there is none of this kind. The first that exists is the tag's.
        facts: the facts of the stack, each with its English name.
    """

    tag: PlannedTag
    changelogs: Sequence[tuple[str, Sequence[str]]]
    segments: Sequence[tuple[Segment, str]]
    sources: Mapping[SourceKind, str]
    facts: Sequence[tuple[str, Fact[object] | Missing]]


def explain(tree: VariantTree, tag: PlannedTag) -> Explanation:
    """Explain a tag that was planned from *tree*."""
    build_info = tree.build_info(tag.package)
    return Explanation(
        tag=tag,
        changelogs=list(_changelogs(tree.tree, tag, build_info)),
        segments=_segments(tree, tag),
        sources={
            SourceKind.OWN_OVERRIDE: _own_override(build_info),
            SourceKind.ANNOTATION: _annotation(tree.tree, build_info),
            SourceKind.SHIPPED_OVERRIDE: _shipped_override(build_info),
            SourceKind.DEFAULT: "distribution only",
        },
        facts=list(_facts(tag)),
    )


def _changelogs(
    tree: SettingsTree, tag: PlannedTag, build_info: PackageBuildInfo
) -> Iterator[tuple[str, Sequence[str]]]:
    of_variant = tree.on(tag.variant).ctx.settings.variant_changelog()
    place = _place(tree.settings_file, ("changelog", tag.variant))
    yield f"changelog.{tag.variant} in {place}", of_variant
    if tag.version is not None:
        entries = build_info.get_changelog(tag.version)[len(of_variant) :]
        public = tag.version.public
        place = _place(tree.package_file(tag.package), ("changelog", public))
        yield f'changelog of "{public}" in {place}', entries


def _segments(tree: VariantTree, tag: PlannedTag) -> Sequence[tuple[Segment, str]]:
    if tag.number is None or tag.platlib is None:
        return []
    given = collect(
        ctx=tree.context_on(tag.stack),
        req=Requirement(tag.package),
        version=tag.version or tag.sample,
        wheel_tags=PLATLIB,
    )
    first = {segment: str(provider) for provider, segment in reversed(given)}
    return [(segment, first[segment]) for segment in tag.platlib]


def _own_override(build_info: PackageBuildInfo) -> str:
    module = build_info.plugin
    if module is None:
        return f"none in {plugins.PROJECT_OVERRIDES_GROUP}"
    if not hasattr(module, plugins.WHEEL_BUILD_TAG):
        return f"{_module(module.__name__)} has no {plugins.WHEEL_BUILD_TAG}"
    return _override(module)


def _annotation(tree: SettingsTree, build_info: PackageBuildInfo) -> str:
    file = tree.package_file(build_info.package)
    expression = build_info.annotations.get(DEPENDS_ON)
    if expression is None:
        return f"no {DEPENDS_ON} in {file}" if file else "no settings file"
    of_variant: Path = ("variants", build_info.variant, "annotations", DEPENDS_ON)
    variants = build_info.variants.get(build_info.variant)
    is_of_variant = variants is not None and DEPENDS_ON in (variants.annotations or {})
    return f"{expression!r} in {_place(file, of_variant if is_of_variant else of_variant[2:])}"


def _shipped_override(build_info: PackageBuildInfo) -> str:
    try:
        module = plugins.load_shipped_override(build_info.override_module_name)
    except BuildTagError as err:
        return str(err)
    if module is None:
        return f"none in {scope.SHIPPED_GROUP}"
    pattern = scope.pattern_of(build_info.package)
    return _override(module) + (f" for {pattern}" if pattern else "")


def _override(module: types.ModuleType) -> str:
    function = getattr(module, plugins.WHEEL_BUILD_TAG, None)
    expression = f"{function.expression!r} in " if isinstance(function, DependsOn) else ""
    return expression + _module(module.__name__)


def _module(name: str) -> str:
    module = sys.modules.get(name)
    file = inspect.getsourcefile(module) if module else None
    return f"{name} ({file})" if file else name


def _facts(tag: PlannedTag) -> Iterator[tuple[str, Fact[object] | Missing]]:
    stack = tag.stack
    yield FACTS["distro"], stack.distro
    yield FACTS["accelerator"], stack.accelerator
    if stack.accelerator_version is not None and isinstance(stack.accelerator, Fact):
        yield f"{stack.accelerator.value} version", stack.accelerator_version
    yield FACTS["torch_version"], stack.torch_version


def _place(file: pathlib.Path | None, path: Path) -> str:
    """Return ``file:line`` of a key, or of the nearest key above it."""
    return "no settings file" if file is None else str(place_in(file, path))
