"""Of one project in one index: wheels that are stale, shadowed, superseded or missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from ..findings import index_rules as rules
from ..findings.finding import Finding, Place, Rule
from ..tag.build_tag import BuildTag
from ..tag.segment import Order
from ..tag.vocabulary import segment_texts
from . import Broken
from .expected import Expected
from .select import winner
from .status import Status, Wheel, replacements
from .targets import Installer, Target, targets_of
from .view import ProjectView, build_tag, replaced_by, wanted_tags

#: How many installers or targets a message names.
_MOST: Final = 4
#: The rules about one wheel and the settings, and what to do about each.
_BY_STANDING: Final[dict[Status, tuple[Rule, str]]] = {
    Status.STALE: (
        rules.STALE_WHEEL,
        "build {project}=={version} again: fromager does so by itself",
    ),
    Status.UNTAGGED: (
        rules.UNTAGGED_PLATLIB,
        "build {project}=={version} again with the hook switched on, and with a changelog entry",
    ),
    Status.TAGGED_PURELIB: (
        rules.TAGGED_PURELIB,
        "build {project}=={version} again: the hook gives a purelib wheel no segment",
    ),
    Status.FOREIGN: (
        rules.FOREIGN_BUILD_NUMBER,
        "is this checkout older than the index? If not, add changelog entries, or delete the wheel",
    ),
}


def check_project(view: ProjectView, targets: Sequence[Target] = ()) -> Iterator[Finding]:
    """Yield what is wrong with a project; *targets* are those of its wheels by default."""
    if view.broken is not None:
        yield _broken(view.project, view.broken)
    for version, wheels in view.wheels.items():
        expected = view.expected[version]
        if len(wheels) > 1:
            yield from _shadowed(wheels, targets)
            yield from _mixed(wheels, targets)
        for wheel in wheels:
            if wheel.standing not in _FINE:
                yield _of_wheel(wheel, expected, wheels)
    yield from _sdist_only(view)
    yield from _unreadable(view)


_FINE: Final = {Status.CURRENT, Status.PRE_BUILT, Status.UNKNOWN}


def _of_wheel(wheel: Wheel, expected: Expected, wheels: Sequence[Wheel]) -> Finding:
    name = wheel.name
    if wheel.standing is Status.SUPERSEDED:
        found = replacements(name, expected, wheels)
        new = replaced_by([some[0] for some in found.values()])
        return rules.SUPERSEDED_WHEEL.finding(
            f"{wheel.file.filename} is not needed any more: {new}",
            subject=name.name,
            remedy="fromager build-tags prune lists what can be deleted",
            place=Place(file=wheel.file.location),
        )
    rule, remedy = _BY_STANDING[wheel.standing]
    return rule.finding(
        f"{wheel.file.filename} has {build_tag(wheel)}, and {_wanted(wheel, expected)}",
        subject=name.name,
        remedy=remedy.format(project=name.name, version=name.version),
        place=Place(file=wheel.file.location),
    )


def _wanted(wheel: Wheel, expected: Expected) -> str:
    if expected.number is not None:
        return f"the settings give {wanted_tags(wheel, expected)}"
    if wheel.standing is Status.TAGGED_PURELIB:
        return "the settings give a purelib wheel no segment"
    return f"{wheel.name.name} depends on the accelerator or Torch"


def _shadowed(wheels: Sequence[Wheel], targets: Sequence[Target]) -> Iterator[Finding]:
    """Yield each wheel that is wanted, and that an installer does not take for another's sake."""
    current = [each for each in wheels if each.standing is Status.CURRENT]
    if not current or len(current) == len(wheels):
        return
    taken: dict[tuple[int, int], list[str]] = {}
    for target in targets or targets_of(each.name for each in current):
        for installer in Installer:
            best = winner(current, target, installer, requires=_requires)
            first = winner(wheels, target, installer, requires=_requires)
            if best is not None and first is not None and first.standing is not Status.CURRENT:
                key = (wheels.index(best), wheels.index(first))
                taken.setdefault(key, []).append(f"{installer} ({target})")
    for (wanted, other), who in taken.items():
        yield _shadow(wheels[wanted], wheels[other], who)


def _shadow(wanted: Wheel, other: Wheel, who: Sequence[str]) -> Finding:
    if other.standing is Status.SUPERSEDED:
        remedy = "fromager build-tags prune deletes the other"
    else:
        remedy = "see what is said of the other"
    return rules.SHADOWED_WHEEL.finding(
        f"{wanted.file.filename} is what the settings want, yet {other.file.filename} is taken "
        f"by {_some(who)}",
        subject=wanted.name.name,
        remedy=f"{remedy}; only a higher build number wins, so add a changelog entry with each "
        "change of the stack",
        place=Place(file=wanted.file.location),
    )


def _mixed(wheels: Sequence[Wheel], targets: Sequence[Target]) -> Iterator[Finding]:
    """Yield that not one accelerator is taken, or that nothing but the spelling chooses it."""
    if len({wheel.name.suffix for wheel in wheels}) == 1:
        return
    by_accelerator: dict[str, list[Wheel]] = {}
    for wheel in wheels:
        if accelerator := _accelerator(wheel):
            by_accelerator.setdefault(accelerator, []).append(wheel)
    if len(by_accelerator) < 2:
        return
    taken: dict[Wheel, tuple[list[str], set[str]]] = {}
    for target in targets or targets_of(each.name for each in wheels):
        for installer in Installer:
            if first := winner(wheels, target, installer, requires=_requires):
                who, rivals = taken.setdefault(first, ([], set()))
                who.append(f"{installer} ({target})")
                rivals |= _rivals(first, by_accelerator, target, installer)
    accelerators = {_accelerator(each) for each in taken}
    accelerators = accelerators.union(*(rivals for _, rivals in taken.values())) - {""}
    if len(accelerators) > 1:
        name = wheels[0].name
        yield rules.MIXED_ACCELERATORS_IN_PROJECT.finding(
            f"{name.name} {name.version} has wheels for {_list(accelerators)}: "
            + "; ".join(sorted(_taken(each, *taken[each]) for each in taken)),
            subject=name.name,
            remedy="keep an index for each accelerator, or prune what is left of an older version "
            "of one: no installer chooses by it",
            place=Place(file=max(each.file.location for each in taken)),
        )


def _taken(wheel: Wheel, who: Sequence[str], rivals: set[str]) -> str:
    why = ", since its suffix sorts last" if rivals else ""
    return f"{wheel.file.filename} is taken by {_some(who)}{why}"


def _rivals(
    first: Wheel,
    by_accelerator: Mapping[str, Sequence[Wheel]],
    target: Target,
    installer: Installer,
) -> set[str]:
    """Return the accelerators whose wheel would be taken, were its suffix to sort last."""
    rivals = set()
    for accelerator, wheels in by_accelerator.items():
        best = winner(wheels, target, installer, requires=_requires)
        if best is not None and accelerator != _accelerator(first):
            name = best.name._replace(build_tag=BuildTag(best.name.number, _LAST))
            rival = best._replace(name=name)
            if winner([first, rival], target, installer) is rival:
                rivals.add(accelerator)
    return rivals


def _requires(wheel: Wheel) -> str:
    return wheel.file.requires_python


#: Sorts after every suffix.
_LAST: Final = "\U0010ffff"


def _accelerator(wheel: Wheel) -> str:
    return segment_texts(wheel.name.suffix).get(Order.ACCELERATOR, "")


def _sdist_only(view: ProjectView) -> Iterator[Finding]:
    alone = view.sdists - view.wheels.keys()
    if alone:  # a wheel of 1.0+local is what ==1.0 asks for
        alone -= {Version(version.public) for version in view.wheels}
    for version in sorted(alone):
        yield rules.SDIST_ONLY.finding(
            f"{view.project} {version} has a source distribution and no wheel",
            subject=view.project,
            remedy="build it, or every installation builds it without the settings",
            place=Place(file=str(view.place)),
        )


def _broken(project: str, broken: Broken) -> Finding:
    what, remedy = "the page", "ask again, or see what the server says"
    if "://" not in broken.location:
        what, remedy = "a wheel", "make the link lead to the wheel, or delete it"
    return rules.UNREADABLE_PAGE.finding(
        f"{what} of {project} cannot be read: {broken.reason}",
        subject=project,
        remedy=remedy,
        place=Place(file=broken.location),
    )


def _unreadable(view: ProjectView) -> Iterator[Finding]:
    for file in view.unreadable:
        yield rules.UNREADABLE_NAME.finding(
            f"{file.filename!r} is not the name of a wheel of {view.project}",
            subject=view.project,
            remedy="rename or delete it: pip and uv do not see it",
            place=Place(file=file.location),
        )


def check_missing(
    view: ProjectView, wanted: Iterable[SpecifierSet], targets: Sequence[Target] = ()
) -> Iterator[Finding]:
    """Yield what is wanted of a project and not there.

    A version with a local part, such as ``2.10.0+rocm7.1``, is what ``==2.10.0`` asks for.

    Args:
        view: the project, perhaps without a wheel.
        wanted: what has to be there: a version that fits each of these.
        targets: for each of which it has to be there; any will do if there are none.
    """
    for specifier in wanted:
        fitting = [
            wheel
            for version, wheels in view.wheels.items()
            if specifier.contains(version, prereleases=True)
            for wheel in wheels
        ]
        lacking = [str(each) for each in targets if not winner(fitting, each, requires=_requires)]
        if not fitting or lacking:
            where = f" for {_some(lacking)}" if fitting else ""
            yield rules.MISSING_WHEEL.finding(
                f"{_asked(view.project, specifier)} is wanted, and has no wheel{where}",
                subject=view.project,
                remedy=f"build {view.project}{where}, or leave it out of what is wanted",
                place=Place(file=str(view.place)),
            )


def _asked(project: str, specifier: SpecifierSet) -> str:
    """Return what is wanted in words: a version, a requirement, or any version."""
    text = str(specifier)
    if not text:
        return f"{project} (any version)"
    pinned = text.startswith("==") and not text.endswith(".*") and "," not in text
    return f"{project} {text.lstrip('=')}" if pinned else f"{project}{text}"


def _some(texts: Sequence[str]) -> str:
    more = len(texts) - _MOST
    return ", ".join(texts[:_MOST]) + (f" and {more:,} more" if more > 0 else "")


def _list(texts: Iterable[str]) -> str:
    return ", ".join(sorted(texts))
