"""Where each part of a build tag comes from, and what was looked at and not used."""

from __future__ import annotations

import inspect
import pathlib
import sys
import types
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import BuildTagError, SettingsError
from ..needs import DependsOn
from ..settings.annotations import DEPENDS_ON
from ..settings.context import assume
from ..settings.yamlfile import Path, read_yaml_mapping
from ..stack.facts import Fact, Missing
from ..stack.variables import FACTS
from ..tag.segment import Segment
from . import hook_calls as hooks
from . import plugins
from .model import PlannedTag
from .planner import PLATLIB
from .source import SourceKind

if TYPE_CHECKING:
    from fromager.packagesettings import PackageBuildInfo
    from packaging.requirements import Requirement

    from ..settings.tree import SettingsTree


@dataclass(frozen=True, kw_only=True, slots=True)
class Entries:
    """Changelog entries, each of which raises the build number by one."""

    place: str
    entries: Sequence[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Witness:
    """One of the four that may say what a package needs."""

    rule: SourceKind
    text: str
    spoke: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """Everything that made one build tag.

    Attributes:
        tag: the tag itself.
        changelogs: the entries that make the number: the variant's, then the package's.
        segments: each segment of a platlib wheel, and who gave it.
        witnesses: who could say what the package needs, and who did.
        facts: the facts of the stack, by what a person calls them.
    """

    tag: PlannedTag
    changelogs: Sequence[Entries]
    segments: Sequence[tuple[Segment, str]]
    witnesses: Sequence[Witness]
    facts: Sequence[tuple[str, Fact[object] | Missing]]


def explain(tree: SettingsTree, tag: PlannedTag, req: Requirement) -> Explanation:
    """Explain a tag that was planned from *tree*, whose variant is still set."""
    build_info = tree.ctx.package_build_info(req)
    return Explanation(
        tag=tag,
        changelogs=list(_changelogs(tree, tag, build_info)),
        segments=_segments(tree, tag, req),
        witnesses=list(_witnesses(tree, tag, build_info)),
        facts=list(_facts(tag)),
    )


def _changelogs(
    tree: SettingsTree, tag: PlannedTag, build_info: PackageBuildInfo
) -> Iterator[Entries]:
    of_variant = tree.settings.variant_changelog()
    place = _place(tree.settings_file, ("changelog", tag.variant))
    yield Entries(place=f"changelog.{tag.variant} in {place}", entries=of_variant)
    if tag.version is not None:
        entries = build_info.get_changelog(tag.version)[len(of_variant) :]
        public = tag.version.public
        place = _place(tree.package_file(tag.package), ("changelog", public))
        yield Entries(place=f'changelog of "{public}" in {place}', entries=entries)


def _segments(
    tree: SettingsTree, tag: PlannedTag, req: Requirement
) -> Sequence[tuple[Segment, str]]:
    if tag.number is None or tag.error:
        return []
    with assume(tag.stack):
        answers = hooks.collect(
            ctx=tree.ctx, req=req, version=tag.asked_version, wheel_tags=PLATLIB
        )
    providers: dict[Segment, str] = {}
    for answer in answers:
        for segment in answer.segments:
            providers.setdefault(segment, str(answer.provider))
    return [(segment, providers[segment]) for segment in tag.platlib]


def _witnesses(
    tree: SettingsTree, tag: PlannedTag, build_info: PackageBuildInfo
) -> Iterator[Witness]:
    texts = {
        SourceKind.OWN_OVERRIDE: _own_override(build_info),
        SourceKind.ANNOTATION: _annotation(tree, build_info),
        SourceKind.SHIPPED_OVERRIDE: _shipped_override(build_info),
        SourceKind.NOBODY: "the distribution segment only",
    }
    for rule, text in texts.items():
        yield Witness(rule=rule, text=text, spoke=rule is tag.source)


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
    path = of_variant if is_of_variant else of_variant[2:]
    return f"{expression!r} in {_place(file, path)}"


def _shipped_override(build_info: PackageBuildInfo) -> str:
    try:
        module = plugins.load_shipped_override(build_info.override_module_name)
    except BuildTagError as err:
        return str(err)
    return f"none in {plugins.SHIPPED_GROUP}" if module is None else _override(module)


def _override(module: types.ModuleType) -> str:
    says = getattr(module, plugins.WHEEL_BUILD_TAG, None)
    expression = f"{says.expression!r} in " if isinstance(says, DependsOn) else ""
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
    """Return ``file:line`` of a key, as near as it can be told."""
    if file is None:
        return "no settings file"
    try:
        return read_yaml_mapping(file).place(path)
    except SettingsError:  # no such file, or one that only fromager can read
        return str(file)
