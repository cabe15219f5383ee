"""The plan: every tag that a settings tree gives, variant by variant, package by package."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple, Self

from fromager.context import WorkContext
from fromager.packagesettings import PackageBuildInfo, Variant
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.tags import Tag
from packaging.utils import NormalizedName
from packaging.version import Version

from ..errors import BuildTagError, MissingFactError, StackError, explain_error
from ..needs import DependsOn
from ..settings.context import assume
from ..settings.tree import SettingsTree
from ..stack.stack import Stack
from ..tag.expression import Need, parse_expression
from ..tag.segment import Segment
from ..tag.version_ranges import REST, boundaries_of, split
from . import hook_calls as hooks
from .model import ANY_VERSION, PlannedTag, Wanted
from .source import Source, SourceKind, source_of

#: What fromager hands to the hook for a wheel of a platform, good for nothing else.
PLATLIB: Final = frozenset({Tag("cp312", "cp312", "linux_x86_64")})
PURELIB: Final = frozenset({Tag("py3", "none", "any")})


def plan(
    tree: SettingsTree,
    variant: str,
    stacks: Iterable[Stack],
    wanted: Iterable[Wanted],
    *,
    unnumbered: bool = False,
) -> Iterator[PlannedTag]:
    """Plan the tags of the wanted packages on each stack of one variant.

    Args:
        tree: the settings.
        variant: fromager's word.
        stacks: those of the variant.
        wanted: the packages.
        unnumbered: whether to tell the segments of wheels, too, that fromager gives no number;
            it asks no hook for them.
    """
    tree.settings.variant = Variant(variant)
    packages = [_Package.of(tree, each, unnumbered=unnumbered) for each in wanted]
    for stack in stacks:
        planner = _Planner(tree=tree, stack=stack)
        with assume(stack):
            for package in packages:
                for version in package.versions:
                    if version is None:
                        yield from _open_tags(planner, package)
                    else:
                        yield _tag(planner, package, version)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Planner:
    """A stack that tags are planned on, and what the hook told of its wheels.

    Attributes:
        told: by who said what a package needs, and what that is.
    """

    tree: SettingsTree
    stack: Stack
    told: dict[tuple[SourceKind, frozenset[Need]], _Told] = field(default_factory=dict)


class _Package(NamedTuple):
    """A package on one variant: what is the same for all of its tags.

    Attributes:
        source: who says what it needs, or why nobody can.
        specifier: of the versions without a changelog entry, only those that satisfy it.
        unnumbered: whether the hook is asked for wheels, too, that fromager gives no number.
    """

    req: Requirement
    name: NormalizedName
    build_info: PackageBuildInfo
    source: Source | BuildTagError
    versions: tuple[Version | None, ...]
    specifier: SpecifierSet
    unnumbered: bool

    @classmethod
    def of(cls, tree: SettingsTree, wanted: Wanted, *, unnumbered: bool) -> Self:
        """Look a package up in the settings, whose variant is set."""
        req = _requirement(wanted.package)
        build_info = tree.ctx.package_build_info(req)
        return cls(
            req=req,
            name=wanted.package,
            build_info=build_info,
            source=_source_or_error(tree.ctx, build_info),
            specifier=wanted.specifier,
            versions=listed(tree, wanted).versions or (),
            unnumbered=unnumbered and not build_info.pre_built,
        )


def _source_or_error(ctx: WorkContext, build_info: PackageBuildInfo) -> Source | BuildTagError:
    try:
        return source_of(ctx, build_info)
    except BuildTagError as err:
        return err


@dataclass(frozen=True, kw_only=True, slots=True)
class _Told:
    """What the hook tells of a wheel, or why it tells nothing."""

    platlib: tuple[Segment, ...] = ()
    purelib: tuple[Segment, ...] = ()
    source: SourceKind | None = None
    error: str = ""
    lacks_fact: bool = False
    needs: frozenset[Need] | None = None


def _open_tags(planner: _Planner, package: _Package) -> Iterator[PlannedTag]:
    """Plan the versions without a changelog entry: a tag for each span whose needs differ."""
    boundaries = _boundaries(package)
    if not boundaries:
        yield _tag(planner, package, None)
        return

    def says(version: Version) -> _Told | None:
        if not package.specifier.contains(version, prereleases=True):
            return None
        return replace(_tell(planner, package, version), needs=None)  # all else is compared

    for span, answer in split(boundaries, says):
        if answer is not None:  # a global hook may tell the versions of one span apart
            told = says(ANY_VERSION) if span == REST else answer
            yield _tag(planner, package, None, span=span, answer=told)


def _boundaries(package: _Package) -> set[Version]:
    says = package.source.function if isinstance(package.source, Source) else None
    own = parse_expression(says.expression).boundaries() if isinstance(says, DependsOn) else set()
    if not own or not package.build_info.build_tag(ANY_VERSION):
        return set()
    return own | boundaries_of(str(package.specifier))


def _tag(
    planner: _Planner,
    package: _Package,
    version: Version | None,
    *,
    span: str = REST,
    answer: _Told | None = None,
) -> PlannedTag:
    """Plan one tag on the stack that is assumed."""
    asked = ANY_VERSION if version is None else version
    number = package.build_info.build_tag(asked)
    if answer is None:
        is_asked = bool(number) or package.unnumbered
        answer = _tell(planner, package, asked) if is_asked else _Told()
    return PlannedTag(
        package=package.name,
        version=version,
        span=span,
        variant=planner.stack.variant,
        stack=planner.stack,
        number=number[0] if number else None,
        platlib=answer.platlib,
        purelib=answer.purelib,
        source=answer.source,
        note="" if number else _no_number(planner.tree, planner.stack.variant, package),
        error=answer.error,
        lacks_fact=answer.lacks_fact,
        needs=answer.needs,
        pre_built=package.build_info.pre_built,
    )


def _tell(planner: _Planner, package: _Package, version: Version) -> _Told:
    """Ask the hook as fromager does, and once only where nothing but the needs decides."""
    needs: frozenset[Need] | None = None
    if isinstance(source := package.source, BuildTagError):
        return _wrong(source)
    try:
        needs = hooks.deciding_needs(source, version, planner.stack)
        if needs is None:
            return _ask(planner.tree.ctx, package.req, version, source)
        key = (source.kind, needs)
        if key not in planner.told:
            answer = _asked(planner.tree.ctx, package.req, version, source)
            planner.told[key] = replace(answer, source=source.kind, needs=needs)
        return planner.told[key]
    except BuildTagError as err:
        wrong = replace(_wrong(err), source=source.kind, needs=needs)
        if version in package.versions:
            return wrong
        # a version that only stands for others is no one's
        return replace(wrong, error=wrong.error.replace(f"{package.name} {version}", "it"))


def _asked(ctx: WorkContext, req: Requirement, version: Version, source: Source) -> _Told:
    """Ask for all wheels with the same needs: what is wrong with the stack is for all of them."""
    try:
        return _ask(ctx, req, version, source)
    except StackError as err:
        return _wrong(err)


def _wrong(err: BuildTagError) -> _Told:
    return _Told(error=_problem(err), lacks_fact=isinstance(err, MissingFactError))


def _ask(ctx: WorkContext, req: Requirement, version: Version, source: Source) -> _Told:
    platlib, purelib = (
        hooks.arranged(
            hooks.collect(ctx=ctx, req=req, version=version, wheel_tags=tags), req, version
        )
        for tags in (PLATLIB, PURELIB)
    )
    return _Told(platlib=platlib, purelib=purelib, source=source.kind)


@functools.cache
def _requirement(name: NormalizedName) -> Requirement:
    return Requirement(name)


def _no_number(tree: SettingsTree, variant: str, package: _Package) -> str:
    if package.build_info.pre_built:
        return f"pre-built for {variant}: fromager takes the wheel as it is, with its own tag"
    return (  # the same for every package, so that a table of them says it once
        "no changelog entry: fromager gives no number and never asks the hook; add one to "
        f"changelog.{variant} in {tree.settings_file}, or to the package's own changelog in "
        f"{tree.settings_dir}"
    )


def _problem(err: BaseException) -> str:
    """Return what is wrong: of a stack, which is wrong for all packages, only that."""
    if isinstance(err, StackError) and err.__cause__ is not None:
        return explain_error(err.__cause__)
    return explain_error(err)


def listed(tree: SettingsTree, wanted: Wanted) -> Wanted:
    """Return what is wanted with its versions: those of the changelog, oldest first, and None.

    Changelogs of packages are the same for every variant, so a plan of many variants lists once.
    """
    if wanted.versions:
        return wanted
    changelog = tree.settings.package_setting(wanted.package).changelog
    fitting = [each for each in changelog if wanted.specifier.contains(each, prereleases=True)]
    return replace(wanted, versions=(*sorted(fitting), None))
