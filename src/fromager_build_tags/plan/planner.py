"""The plan: the tag of each package and version on each stack of a variant."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from fromager.context import WorkContext
from fromager.packagesettings import PackageBuildInfo
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.tags import Tag
from packaging.utils import NormalizedName
from packaging.version import Version

from ..errors import BuildTagError, MissingFactError, StackError, explain_error
from ..needs import DependsOn
from ..settings.hook import NO_HOOK, Hook
from ..settings.tree import SettingsTree, VariantTree
from ..stack.stack import Stack
from ..tag.expression import Need, parse_expression
from ..tag.segment import Segment, arrange
from ..tag.version_ranges import REST, boundaries_of, holds, like, sample_from, split
from .model import ANY_PACKAGE, ANY_VERSION, PlannedTag, Wanted
from .source import Source, SourceKind, collect, deciding_needs, source_of

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

    If *unnumbered*, the hook is called for wheels without a build number, too; fromager calls no
    hook for them.
    """
    packages = [_package(tree, each, unnumbered=unnumbered) for each in wanted]
    planners = [_Planner(tree=tree, stack=each, ctx=tree.context_on(each)) for each in stacks]
    return [
        tag
        for planner in planners
        for package in packages
        for version in package.versions
        for tag in _tags(planner, package, version)
    ]


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
    pre_built: bool
    unnumbered: bool

    @property
    def pattern(self) -> str:
        """The pattern of a shipped override; "" for any other source."""
        return self.source.pattern if isinstance(self.source, Source) else ""


def _package(tree: VariantTree, wanted: Wanted, *, unnumbered: bool) -> _Package:
    """Look a package up in the settings."""
    build_info = tree.build_info(wanted.package)
    source: Source | BuildTagError
    try:
        source = source_of(tree.ctx, build_info)
    except BuildTagError as err:
        source = err
    return _Package(
        req=_requirement(wanted.package),
        name=wanted.package,
        build_info=build_info,
        source=source,
        specifier=wanted.specifier,
        versions=listed(tree.tree, wanted).versions or (),
        pre_built=build_info.pre_built,
        unnumbered=unnumbered and not build_info.pre_built,
    )


_requirement: Final = functools.cache(Requirement)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Planner:
    """A stack that tags are planned on, with a work context that is bound to it.

    The outcomes are what the hook returned, by all that it depends on.
    """

    tree: VariantTree
    stack: Stack
    ctx: WorkContext
    outcomes: dict[tuple[SourceKind, frozenset[Need]], PlannedTag] = field(default_factory=dict)

    @property
    def hook(self) -> Hook:
        """The hook of the settings; only our own is called."""
        return self.tree.tree.hook

    def blank(self) -> PlannedTag:
        """Return a tag without segments: the outcome of a hook that fromager does not call."""
        return PlannedTag(ANY_PACKAGE, None, self.stack.variant, self.stack, None)

    def without_hook(self) -> PlannedTag:
        """Return the outcome where our hook is not called: unknown segments of another hook."""
        if self.hook.is_ours or self.hook == NO_HOOK:
            return self.blank()
        return self.blank()._replace(platlib=None, purelib=None, note=self.hook.problem)


def _tags(planner: _Planner, package: _Package, version: Version | None) -> Iterator[PlannedTag]:
    """Plan one version; or, if it is None, a tag for each range of the others with other needs."""
    boundaries = _boundaries(planner, package) if version is None else None
    if not boundaries:
        yield _tag(planner, package, version)
        return

    def compared(version: Version) -> PlannedTag | None:
        if not package.specifier.contains(version, prereleases=True):
            return None
        return _outcome(planner, package, version)._replace(needs=None)

    newest = max(ANY_VERSION, sample_from(max(boundaries)))
    for span, outcome in split(boundaries, compared):
        if outcome is not None:
            sample = newest if span == REST else like(span)
            yield _tag(planner, package, None, span=span, sample=sample)


def _boundaries(planner: _Planner, package: _Package) -> set[Version]:
    function = package.source.function if isinstance(package.source, Source) else None
    if not isinstance(function, DependsOn) or not planner.hook.is_ours:
        return set()
    own = parse_expression(function.expression).boundaries()
    if not own or not package.build_info.build_tag(ANY_VERSION):
        return set()
    return own | boundaries_of(str(package.specifier))


def _tag(
    planner: _Planner,
    package: _Package,
    version: Version | None,
    *,
    span: str = REST,
    sample: Version = ANY_VERSION,
) -> PlannedTag:
    number = package.build_info.build_tag(version or sample)
    outcome = planner.without_hook()
    if planner.hook.is_ours and (number or package.unnumbered):
        outcome = _outcome(planner, package, version or sample)
        if version is None and outcome.needs is None:
            outcome = _of_any_version(planner, package, span, outcome._replace(sample=sample))
    return outcome._replace(
        package=package.name,
        version=version,
        span=span,
        sample=sample,
        number=number[0] if number else None,
        note=outcome.note if number else _no_number(planner.tree, package),
        pre_built=package.pre_built,
        pattern=package.pattern if outcome.source else "",
    )


def _of_any_version(
    planner: _Planner, package: _Package, span: str, outcome: PlannedTag
) -> PlannedTag:
    """Return the outcome of a function for all versions of a range: unknown where they differ.

    The function can distinguish any versions; no sample of them proves that it does not.
    """
    start = outcome.sample.base_version
    samples = {*_SAMPLES, Version(f"{start}.0.7"), *boundaries_of(str(package.specifier))}
    others = [
        _outcome(planner, package, each)
        for each in sorted(samples)
        if holds(span, each) and package.specifier.contains(each, prereleases=True)
    ]
    if all(_decided(each) == _decided(outcome) for each in others):
        return outcome
    is_equal = all(each.purelib == outcome.purelib for each in others)
    return outcome._replace(
        platlib=None,
        purelib=outcome.purelib if is_equal else None,
        error="",
        note=f"the segments depend on the version: name one, such as {package.name}==1.0",
    )


#: Versions of which a function that uses the version in its segments distinguishes two.
_SAMPLES: Final = (Version("0.1"), Version("1.2.3"), Version("99999999999998.7.6.post5"))


def _decided(outcome: PlannedTag) -> tuple[object, ...]:
    return (outcome.platlib, outcome.purelib, bool(outcome.error))


def _outcome(planner: _Planner, package: _Package, version: Version) -> PlannedTag:
    """Call the hook as fromager does, but once for all wheels with the same dependencies."""
    source = package.source
    if isinstance(source, BuildTagError):
        return _failed(planner.blank()._replace(purelib=None), source)
    try:
        needs = deciding_needs(source, version, planner.stack)
    except BuildTagError as err:
        return _failed(planner.blank()._replace(source=source.kind), err)
    if needs is not None and (known := planner.outcomes.get((source.kind, needs))):
        return known
    platlib = _segments(planner, package, version, PLATLIB)
    purelib = _segments(planner, package, version, PURELIB)
    outcome = planner.blank()._replace(source=source.kind, needs=needs)
    errors = [each for each in (platlib, purelib) if isinstance(each, BuildTagError)]
    if errors:
        outcome = _failed(outcome, errors[0])
    outcome = outcome._replace(
        platlib=None if isinstance(platlib, BuildTagError) else platlib,
        purelib=None if isinstance(purelib, BuildTagError) else purelib,
    )
    # all wheels with these dependencies have an error of the stack, and no other error
    if needs is not None and all(isinstance(each, StackError) for each in errors):
        planner.outcomes[source.kind, needs] = outcome
    return outcome


def _failed(blank: PlannedTag, err: BuildTagError) -> PlannedTag:
    """Return why the hook fails: for an error of the stack, which all packages share, its cause."""
    cause = err.__cause__ if isinstance(err, StackError) else None
    return blank._replace(
        platlib=None,
        error=explain_error(cause or err),
        lacks_fact=isinstance(err, MissingFactError),
    )


def _segments(
    planner: _Planner, package: _Package, version: Version, tags: frozenset[Tag]
) -> tuple[Segment, ...] | BuildTagError:
    try:
        return arrange(collect(ctx=planner.ctx, req=package.req, version=version, wheel_tags=tags))
    except BuildTagError as err:
        return err


def _no_number(tree: VariantTree, package: _Package) -> str:
    if package.pre_built:
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
