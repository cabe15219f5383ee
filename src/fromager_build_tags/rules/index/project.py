"""Of one project in one index: wheels that are stale, shadowed, superseded or missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from packaging.version import Version

from ...expected import Expected
from ...segment import Order
from ...standing import Standing, Wheel, replacements
from ...view import ProjectView, build_tag, leading, replaced_by, wanted_tags
from ...wheelname import told
from ...winners import Installer, Target, targets_of, winner
from ..catalogue import index as rules
from ..finding import Finding, Place
from ..rule import Rule

#: The rules about one wheel and the settings, and what to do about each.
_BY_STANDING: Final[dict[Standing, tuple[Rule, str]]] = {
    Standing.STALE: (
        rules.STALE_WHEEL,
        "build {project}=={version} again: fromager does so by itself",
    ),
    Standing.UNTAGGED: (
        rules.UNTAGGED_PLATLIB,
        "build {project}=={version} again with the hook switched on",
    ),
    Standing.TAGGED_PURELIB: (
        rules.TAGGED_PURELIB,
        "build {project}=={version} again: the hook gives a purelib wheel no segment",
    ),
    Standing.FOREIGN: (
        rules.FOREIGN_BUILD_NUMBER,
        "is this checkout older than the index? If not, add changelog entries, or delete the wheel",
    ),
}


def check_project(view: ProjectView, targets: Sequence[Target] = ()) -> Iterator[Finding]:
    """Yield what is wrong with a project; *targets* are those of its wheels by default."""
    if view.broken is not None:
        yield rules.UNREADABLE_PAGE.finding(
            f"the page of {view.project} cannot be read: {view.broken.reason}",
            subject=view.project,
            remedy="ask again, or see what the server says",
            place=Place(file=view.broken.location),
        )
    for version, wheels in view.wheels.items():
        expected = view.expected[version]
        if len(wheels) > 1:
            yield from _shadowed(wheels, targets)
            yield from _mixed(wheels)
        for wheel in wheels:
            if wheel.standing not in _FINE:
                yield _of_wheel(wheel, expected, wheels)
    yield from _sdist_only(view)
    yield from _unreadable(view)


_FINE: Final = {Standing.CURRENT, Standing.UNKNOWN}


def _of_wheel(wheel: Wheel, expected: Expected, wheels: Sequence[Wheel]) -> Finding:
    name = wheel.name
    if wheel.standing is Standing.SUPERSEDED:
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
        f"{wheel.file.filename} has {build_tag(wheel)}, and the settings give "
        + wanted_tags(wheel, expected),
        subject=name.name,
        remedy=remedy.format(project=name.name, version=name.version),
        place=Place(file=wheel.file.location),
    )


def _shadowed(wheels: Sequence[Wheel], targets: Sequence[Target]) -> Iterator[Finding]:
    """Yield each wheel that is wanted, and that an installer does not take for another's sake."""
    current = [each for each in wheels if each.standing is Standing.CURRENT]
    if not current or len(current) == len(wheels):
        return
    taken: dict[tuple[int, int], list[str]] = {}
    for target in targets or targets_of(each.name for each in current):
        for installer in Installer:
            best = winner(current, target, installer)
            first = winner(wheels, target, installer)
            if best is not None and first is not None and first.standing is not Standing.CURRENT:
                key = (wheels.index(best), wheels.index(first))
                taken.setdefault(key, []).append(f"{installer} ({target})")
    for (wanted, other), who in taken.items():
        yield _shadow(wheels[wanted], wheels[other], who)


def _shadow(wanted: Wheel, other: Wheel, who: Sequence[str]) -> Finding:
    installers = ", ".join(who[:4]) + (f" and {len(who) - 4} more" if len(who) > 4 else "")
    if other.standing is Standing.SUPERSEDED:
        remedy = "fromager build-tags prune deletes the other"
    else:
        remedy = "see what is said of the other"
    return rules.SHADOWED_WHEEL.finding(
        f"{wanted.file.filename} is what the settings want, yet {other.file.filename} is taken "
        f"by {installers}",
        subject=wanted.name.name,
        remedy=f"{remedy}; only a higher build number wins, so add a changelog entry with each "
        "change of the stack",
        place=Place(file=wanted.file.location),
    )


def _mixed(wheels: Sequence[Wheel]) -> Iterator[Finding]:
    if len({wheel.name.suffix for wheel in wheels}) == 1:
        return
    examples: dict[str, Wheel] = {}
    for wheel in leading(wheels):
        accelerator = told(wheel.name.suffix).get(Order.ACCELERATOR)
        if accelerator is not None:
            examples.setdefault(accelerator, wheel)
    if len(examples) > 1:
        name = wheels[0].name
        last = max(examples.values(), key=lambda each: each.name.suffix)
        yield rules.MIXED_ACCELERATORS_IN_PROJECT.finding(
            f"{name.name} {name.version} has wheels for {_list(examples)} under one build number; "
            f"{last.file.filename} is taken, since its name sorts last",
            subject=name.name,
            remedy="keep an index for each accelerator: no installer chooses by it",
            place=Place(file=last.file.location),
        )


def _sdist_only(view: ProjectView) -> Iterator[Finding]:
    for version in sorted(view.sdists - view.wheels.keys()):
        yield rules.SDIST_ONLY.finding(
            f"{view.project} {version} has a source distribution and no wheel",
            subject=view.project,
            remedy="build it, or every installation builds it without the settings",
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
    view: ProjectView | None, project: str, versions: Iterable[Version] | None
) -> Iterator[Finding]:
    """Yield what is wanted and not there; None stands for any version."""
    have = view.wheels.keys() if view is not None else set()
    if versions is None:
        missing = [] if have else ["(any version)"]
    else:
        missing = [str(version) for version in sorted(versions) if version not in have]
    for version in missing:
        yield rules.MISSING_WHEEL.finding(
            f"{project} {version} is wanted, and has no wheel",
            subject=project,
            remedy=f"build {project}, or leave it out of what is wanted",
        )


def _list(texts: Iterable[str]) -> str:
    return ", ".join(sorted(texts))
