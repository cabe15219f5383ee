"""The plan: the tag of each package and version on each stack of a variant."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple, Self

from fromager.context import WorkContext
from fromager.packagesettings import PackageBuildInfo
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.tags import Tag
from packaging.utils import NormalizedName
from packaging.version import Version

from ..errors import BuildTagError, MissingFactError, StackError, explain_error
from ..needs import DependsOn
from ..settings.tree import SettingsTree, VariantTree
from ..stack.stack import Stack
from ..tag.expression import Need, parse_expression
from ..tag.segment import Segment
from ..tag.version_ranges import REST, boundaries_of, split
from .hook_calls import arranged, collect, deciding_needs
from .model import ANY_VERSION, PlannedTag, Wanted
from .source import Source, SourceKind, source_of

#: The tags of a wheel for a platform, and of one for any: a hook uses them for nothing else.
PLATLIB: Final = frozenset({Tag("cp312", "cp312", "linux_x86_64")})
PURELIB: Final = frozenset({Tag("py3", "none", "any")})


def plan(
    tree: VariantTree,
    stacks: Iterable[Stack],
    wanted: Iterable[Wanted],
    *,
    unnumbered: bool = False,
) -> list[PlannedTag]:
    """Return the tags of the wanted packages on each stack of one variant.

    Args:
        tree: the settings of the variant.
        stacks: stacks of the variant.
        wanted: the packages.
        unnumbered: whether to call the hook for wheels without a build number, too; fromager
            calls no hook for them.
    """
    packages = [_Package.of(tree, each, unnumbered=unnumbered) for each in wanted]
    planners = [_Planner(tree=tree, stack=each, ctx=tree.context_on(each)) for each in stacks]
    return [tag for planner in planners for each in packages for tag in _tags(planner, each)]


class _Package(NamedTuple):
    """A package on one variant: what all of its tags have in common.

    Attributes:
        source: the source of its dependencies, or why there is none.
        specifier: limits the versions without a changelog entry.
        unnumbered: whether to call the hook for wheels without a build number, too.
    """

    req: Requirement
    name: NormalizedName
    build_info: PackageBuildInfo
    source: Source | BuildTagError
    versions: tuple[Version | None, ...]
    specifier: SpecifierSet
    unnumbered: bool

    @classmethod
    def of(cls, tree: VariantTree, wanted: Wanted, *, unnumbered: bool) -> Self:
        """Look a package up in the settings."""
        build_info = tree.build_info(wanted.package)
        return cls(
            req=_requirement(wanted.package),
            name=wanted.package,
            build_info=build_info,
            source=_source_or_error(tree.ctx, build_info),
            specifier=wanted.specifier,
            versions=listed(tree.tree, wanted).versions or (),
            unnumbered=unnumbered and not build_info.pre_built,
        )


@functools.cache
def _requirement(name: NormalizedName) -> Requirement:
    return Requirement(name)


def _source_or_error(ctx: WorkContext, build_info: PackageBuildInfo) -> Source | BuildTagError:
    try:
        return source_of(ctx, build_info)
    except BuildTagError as err:
        return err


@dataclass(frozen=True, kw_only=True, slots=True)
class _Outcome:
    """The segments of a wheel, or why the hook fails."""

    platlib: tuple[Segment, ...] = ()
    purelib: tuple[Segment, ...] = ()
    source: SourceKind | None = None
    error: str = ""
    lacks_fact: bool = False
    needs: frozenset[Need] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Planner:
    """A stack that tags are planned on.

    Attributes:
        ctx: a work context that is bound to the stack.
        outcomes: what the hook returned, by all that it depends on.
    """

    tree: VariantTree
    stack: Stack
    ctx: WorkContext
    outcomes: dict[tuple[SourceKind, frozenset[Need]], _Outcome] = field(default_factory=dict)


def _tags(planner: _Planner, package: _Package) -> Iterator[PlannedTag]:
    for version in package.versions:
        if version is None:
            yield from _open_tags(planner, package)
        else:
            yield _tag(planner, package, version)


def _open_tags(planner: _Planner, package: _Package) -> Iterator[PlannedTag]:
    """Plan the versions without a changelog entry: a tag for each range with other dependencies."""
    boundaries = _boundaries(package)
    if not boundaries:
        yield _tag(planner, package, None)
        return

    def compared(version: Version) -> _Outcome | None:
        if not package.specifier.contains(version, prereleases=True):
            return None
        return replace(_outcome(planner, package, version), needs=None)

    for span, outcome in split(boundaries, compared):
        if outcome is not None:  # a global hook may distinguish the versions of one range
            own = compared(ANY_VERSION) if span == REST else outcome
            yield _tag(planner, package, None, span=span, outcome=own)


def _boundaries(package: _Package) -> set[Version]:
    function = package.source.function if isinstance(package.source, Source) else None
    own = (
        parse_expression(function.expression).boundaries()
        if isinstance(function, DependsOn)
        else ()
    )
    if not own or not package.build_info.build_tag(ANY_VERSION):
        return set()
    return {*own, *boundaries_of(str(package.specifier))}


def _tag(
    planner: _Planner,
    package: _Package,
    version: Version | None,
    *,
    span: str = REST,
    outcome: _Outcome | None = None,
) -> PlannedTag:
    sample = ANY_VERSION if version is None else version
    number = package.build_info.build_tag(sample)
    if outcome is None:
        is_called = bool(number) or package.unnumbered
        outcome = _outcome(planner, package, sample) if is_called else _Outcome()
    return PlannedTag(
        package=package.name,
        version=version,
        span=span,
        variant=planner.stack.variant,
        stack=planner.stack,
        number=number[0] if number else None,
        platlib=outcome.platlib,
        purelib=outcome.purelib,
        source=outcome.source,
        note="" if number else _no_number(planner.tree, package),
        error=outcome.error,
        lacks_fact=outcome.lacks_fact,
        needs=outcome.needs,
        pre_built=package.build_info.pre_built,
    )


def _outcome(planner: _Planner, package: _Package, version: Version) -> _Outcome:
    """Call the hook as fromager does, but once for all wheels with the same dependencies."""
    source, needs = package.source, None
    if isinstance(source, BuildTagError):
        return _failed(source)
    try:
        needs = deciding_needs(source, version, planner.stack)
        if needs is None:
            return _call_hook(planner.ctx, package, version, source)
        key = (source.kind, needs)
        if key not in planner.outcomes:
            planner.outcomes[key] = _common_outcome(planner.ctx, package, version, source, needs)
        return planner.outcomes[key]
    except BuildTagError as err:
        return replace(_failed(err), source=source.kind, needs=needs)


def _common_outcome(
    ctx: WorkContext, package: _Package, version: Version, source: Source, needs: frozenset[Need]
) -> _Outcome:
    """Call the hook for all wheels with the same dependencies: a stack's error is theirs, too."""
    try:
        outcome = _call_hook(ctx, package, version, source)
    except StackError as err:
        outcome = _failed(err)
    return replace(outcome, source=source.kind, needs=needs)


def _failed(err: BuildTagError) -> _Outcome:
    return _Outcome(error=_problem(err), lacks_fact=isinstance(err, MissingFactError))


def _problem(err: BaseException) -> str:
    """Return what is wrong: for an error of the stack, which all packages share, only its cause."""
    if isinstance(err, StackError) and err.__cause__ is not None:
        return explain_error(err.__cause__)
    return explain_error(err)


def _call_hook(ctx: WorkContext, package: _Package, version: Version, source: Source) -> _Outcome:
    platlib, purelib = (
        arranged(collect(ctx=ctx, req=package.req, version=version, wheel_tags=tags))
        for tags in (PLATLIB, PURELIB)
    )
    return _Outcome(platlib=platlib, purelib=purelib, source=source.kind)


def _no_number(tree: VariantTree, package: _Package) -> str:
    if package.build_info.pre_built:
        return f"pre-built for {tree.variant}: fromager keeps the wheel and its own tag"
    return (  # the same text for every package, so that a table shows it once
        "no changelog entry: fromager assigns no build number and does not call the hook; add one "
        f"to changelog.{tree.variant} in {tree.tree.settings_file}, or to the package's own "
        f"changelog in {tree.tree.settings_dir}"
    )


def listed(tree: SettingsTree, wanted: Wanted) -> Wanted:
    """Return *wanted* with its versions: those of the changelog, oldest first, then None.

    Changelogs of packages are the same for every variant: a plan of many variants calls this once.
    """
    if wanted.versions:
        return wanted
    changelog = tree.settings.package_setting(wanted.package).changelog
    fitting = [each for each in changelog if wanted.specifier.contains(each, prereleases=True)]
    return replace(wanted, versions=(*sorted(fitting), None))
