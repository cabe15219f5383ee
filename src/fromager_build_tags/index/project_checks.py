"""Checks of one project in one index: stale, shadowed, obsolete, missing and mixed wheels."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from ..findings import rules
from ..findings.finding import Finding, Place, Rule
from ..tag.build_tag import BuildTag
from ..text import first_few
from .expected import Expected
from .select import select, select_pinned
from .status import (
    IndexWheel,
    ProjectView,
    Status,
    is_foreign,
    replacements,
    replacing_text,
    tags_text,
)
from .targets import Installer, Target, targets_of

#: Installers and targets that a message lists.
_MOST: Final = 4
_FINE: Final = {Status.CURRENT, Status.PRE_BUILT, Status.OTHER_VARIANT, Status.UNKNOWN}
#: The rules about one wheel and the settings, each with its remedy.
_BY_STATUS: Final[dict[Status, tuple[Rule, str]]] = {
    Status.STALE: (rules.STALE_WHEEL, "rebuild {project}=={version}"),
    Status.UNTAGGED: (
        rules.UNTAGGED_PLATLIB,
        "rebuild {project}=={version} with wheels.build_tag_hook and a changelog entry",
    ),
    Status.TAGGED_PURELIB: (
        rules.TAGGED_PURELIB,
        "rebuild {project}=={version}: the hook gives a purelib wheel no suffix",
    ),
    Status.FOREIGN: (
        rules.FOREIGN_BUILD_NUMBER,
        "update the settings if they are out of date; otherwise add changelog entries or delete it",
    ),
}


def check_project(view: ProjectView, targets: Sequence[Target] = ()) -> Iterator[Finding]:
    """Yield the findings about a project.

    Args:
        view: the project.
        targets: the targets to install for; by default, those of the wheels' tags.
    """
    yield from _unreadable(view)
    for (pin, _), rivals in _by_pin(view).items():
        if len(rivals) > 1:
            yield from _shadowed(pin, rivals, targets)
            yield from _mixed(pin, rivals, targets)
        for wheel in rivals:
            if wheel.status not in _FINE:
                version = wheel.name.version
                yield _of_wheel(wheel, view.expected[version], view.wheels[version])
            elif wheel.status is not Status.OTHER_VARIANT and is_foreign(
                wheel.accelerator, view.accelerators
            ):
                yield _foreign(wheel, view)
    yield from _sdist_only(view)
    yield from _misnamed(view)


def _unreadable(view: ProjectView) -> Iterator[Finding]:
    if view.unreadable is not None:
        yield rules.UNREADABLE_PAGE.finding(
            f"files of {view.project} cannot be read: {view.unreadable.reason}",
            subject=view.project,
            remedy="retry, check the server, or correct the link",
            place=Place(file=view.unreadable.location),
        )


def _foreign(wheel: IndexWheel, view: ProjectView) -> Finding:
    return _wheel_finding(
        rules.FOREIGN_ACCELERATOR,
        wheel,
        f"is for {wheel.accelerator}, but variant {view.place.label} is for "
        f"{' or '.join(sorted(view.accelerators))}",
        f"delete it here, or move it to an index for {wheel.accelerator}",
    )


def _misnamed(view: ProjectView) -> Iterator[Finding]:
    for file in view.files.misnamed:
        yield rules.INVALID_NAME.finding(
            f"{file.filename!r} is not a valid name of a wheel of {view.project}",
            subject=view.project,
            remedy="rename or delete it: pip ignores it, and uv reads only a name with `__`",
            place=Place(file=file.location),
        )


def _of_wheel(wheel: IndexWheel, expected: Expected, wheels: Sequence[IndexWheel]) -> Finding:
    if wheel.status is Status.OBSOLETE:
        found = replacements(wheel.name, expected, wheels)
        new = replacing_text([some[0] for some in found.values()])
        return _wheel_finding(
            rules.OBSOLETE_WHEEL,
            wheel,
            f"is obsolete: {new}",
            "list or delete obsolete wheels with `fromager build-tags prune`",
        )
    rule, remedy = _BY_STATUS[wheel.status]
    has = "no build tag" if wheel.build_tag.is_none else f"build tag {wheel.build_tag}"
    if expected.number is not None:
        given = f"; the settings give {tags_text(expected.replacing(wheel.name))}"
    elif wheel.status is Status.TAGGED_PURELIB:
        given = "; the settings give a purelib wheel no suffix"
    else:
        given = f", but {wheel.name.name} depends on the accelerator or Torch"
    return _wheel_finding(
        rule,
        wheel,
        f"has {has}{given}",
        remedy.format(project=wheel.name.name, version=wheel.name.version),
    )


def _wheel_finding(rule: Rule, wheel: IndexWheel, problem: str, remedy: str) -> Finding:
    return rule.finding(
        f"{wheel.file.filename} {problem}",
        subject=wheel.name.name,
        remedy=remedy,
        place=Place(file=wheel.file.location),
    )


def _by_pin(view: ProjectView) -> Mapping[tuple[Version, str], Sequence[IndexWheel]]:
    """Return the wheels that ``==1.0`` selects from, by that version and their variant label.

    1.0+local is one of them. A machine accepts a label or not, whatever wheels have another one.
    """
    by_pin: dict[tuple[Version, str], list[IndexWheel]] = {}
    for version, wheels in view.wheels.items():
        pin = Version(version.public) if version.local else version
        for wheel in wheels:
            by_pin.setdefault((pin, wheel.name.label), []).append(wheel)
    return by_pin


class _Selector(NamedTuple):
    """An installer on a target, which accepts one variant label."""

    target: Target
    installer: Installer
    label: str

    def select(self, wheels: Iterable[IndexWheel], pin: Version) -> IndexWheel | None:
        """Return the selected wheel of a version, local versions included."""
        return select_pinned(wheels, pin, self.target, self.installer, (self.label,))

    def __str__(self) -> str:
        return f"{self.installer} ({self.target})"


def _selectors(wheels: Sequence[IndexWheel], targets: Sequence[Target]) -> Iterator[_Selector]:
    """Yield each installer on each target; by default, on those of the wheels' tags."""
    targets = targets or targets_of(each.name for each in wheels)
    label = wheels[0].name.label
    installers = [Installer.UV] if label else [*Installer]
    return itertools.starmap(_Selector, itertools.product(targets, installers, [label]))


def _shadowed(
    pin: Version, wheels: Sequence[IndexWheel], targets: Sequence[Target]
) -> Iterator[Finding]:
    """Yield each current wheel in whose place an installer selects one that is not current."""
    current = [each for each in wheels if each.status is Status.CURRENT]
    if not current or len(current) == len(wheels):
        return
    shadows: dict[tuple[IndexWheel, IndexWheel], list[_Selector]] = {}
    for selector in _selectors(wheels, targets):
        best, first = selector.select(current, pin), selector.select(wheels, pin)
        if best is not None and first is not None and first.status is not Status.CURRENT:
            shadows.setdefault((best, first), []).append(selector)
    for (shadowed, other), selectors in shadows.items():
        yield _wheel_finding(
            rules.SHADOWED_WHEEL,
            shadowed,
            f"is shadowed: {other.file.filename} is selected by {first_few(selectors, _MOST)}",
            "resolve the finding about the other wheel; add a changelog entry with each change of "
            "the stack: only a higher build number takes precedence"
            if _is_above_with_entry(shadowed, other, selectors[0], pin)
            else f"delete {other.file.filename}: pip and uv compare its version and "
            "tags before any build number",
        )


def _is_above_with_entry(
    shadowed: IndexWheel, other: IndexWheel, selector: _Selector, pin: Version
) -> bool:
    """Return whether a wheel with a higher build number than both would be selected."""
    number = max(shadowed.name.number or 0, other.name.number or 0) + 1
    build_tag = BuildTag(number, shadowed.name.suffix)
    raised = shadowed._replace(name=shadowed.name._replace(build_tag=build_tag))
    return selector.select([raised, other], pin) is raised


def _mixed(
    pin: Version, wheels: Sequence[IndexWheel], targets: Sequence[Target]
) -> Iterator[Finding]:
    """Yield that several accelerators are selected, or that only the spelling of one decides."""
    if len({wheel.accelerator for wheel in wheels} - {""}) < 2:
        return
    selected: dict[IndexWheel, list[_Selector]] = {}
    for selector in _selectors(wheels, targets):
        if first := selector.select(wheels, pin):
            selected.setdefault(first, []).append(selector)
    # of wheels with the same tags and number, only the spelling of the suffix decides
    ranks = {(each.name.tags, each.name.number) for each in selected}
    rivals = (each for each in wheels if (each.name.tags, each.name.number) in ranks)
    accelerators = {each.accelerator for each in rivals} - {""}
    if len(accelerators) > 1:
        name = wheels[0].name
        texts = [
            f"{wheel.file.filename} is selected by {first_few(selectors, _MOST)}"
            for wheel, selectors in selected.items()
        ]
        yield rules.MIXED_ACCELERATORS_IN_PROJECT.finding(
            f"{name.name} {pin} has wheels for {', '.join(sorted(accelerators))}: "
            f"{'; '.join(sorted(texts))}",
            subject=name.name,
            remedy="keep one index for each accelerator, or prune the wheels of the older version "
            "of one: installers do not choose by accelerator",
            place=Place(file=max(each.file.location for each in selected)),
        )


def _sdist_only(view: ProjectView) -> Iterator[Finding]:
    alone = view.files.sdists - view.wheels.keys()
    if alone:  # ==1.0 matches a wheel of 1.0+local
        alone -= {Version(version.public) for version in view.wheels}
    for version in sorted(alone):
        yield rules.SDIST_ONLY.finding(
            f"{view.project} {version} has a source distribution and no wheel",
            subject=view.project,
            remedy="build the wheel: without it, each installation builds the sdist without the "
            "settings",
            place=Place(file=str(view.place)),
        )


def check_missing(
    view: ProjectView, required: Iterable[SpecifierSet], targets: Sequence[Target] = ()
) -> Iterator[Finding]:
    """Yield the requirements that no wheel of a project matches.

    ``==2.10.0`` matches a version with a local part, such as ``2.10.0+rocm7.1``.

    Args:
        view: the project, with or without wheels.
        required: specifiers, each of which a version has to match.
        targets: each of which needs a wheel; without targets, any wheel is enough.
    """
    for specifier in required:
        matching = [
            wheel
            for version, wheels in view.wheels.items()
            if specifier.contains(version, prereleases=True)
            for wheel in wheels
        ]
        labels = sorted({wheel.name.label for wheel in matching})
        lacking = [str(each) for each in targets if not select(matching, each, labels=labels)]
        if not matching or lacking:
            where = f" for {first_few(lacking, _MOST)}" if matching else ""
            yield rules.MISSING_WHEEL.finding(
                f"{view.project}{specifier} is missing: no wheel{where}",
                subject=view.project,
                remedy=f"build {view.project}{where}, or remove the requirement",
                place=Place(file=str(view.place)),
            )
