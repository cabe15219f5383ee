"""Audit indexes against the settings that they are meant for, a project at a time."""

from __future__ import annotations

import dataclasses
import functools
import heapq
import itertools
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName

from ..findings.finding import Finding
from ..http.prefetch import prefetch
from ..verify.checks.examined import ExaminedWheel
from ..verify.exemptions import exemptions_on
from ..verify.run import check_wheel, exemptions_or_error, unreadable
from ..wheel import WheelError, read_facts
from . import Index, Listed
from .content_checks import check_contents
from .expected import ANYTHING, Expectations
from .index_checks import Tally
from .project_checks import check_missing, check_project
from .status import Wheel, judge, sort_files
from .targets import Target
from .view import ProjectView

#: Each may hold some 40 MB of a wheel.
_READERS: Final = 4

#: What is wanted of each package: a version that fits each of these.
type WantedVersions = Mapping[NormalizedName, Collection[SpecifierSet]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Audited:
    """What there is to say of one project, or of whole indexes.

    Attributes:
        views: the project in each index that has it, by the index's number.
        findings: with the numbers of the indexes that each is about.
    """

    project: NormalizedName | None
    views: Mapping[int, ProjectView] = field(default_factory=dict)
    findings: Sequence[tuple[Collection[int], Finding]] = ()


@dataclass(frozen=True, kw_only=True)
class Audit:
    """Indexes, and what they are audited for.

    Attributes:
        expectations: of every index's variant.
        wanted: what has to be there.
        targets: the Pythons to install for; those of the wheels' own names if there are none.
        deep: whether wheels are read, and not their names only.
    """

    indexes: Sequence[Index]
    expectations: Expectations
    wanted: WantedVersions = field(default_factory=dict)
    targets: Sequence[Target] = ()
    deep: bool = False

    @functools.cached_property
    def tallies(self) -> Sequence[Tally]:
        """The counts of each index; complete when every project was yielded."""
        return [Tally(index.place) for index in self.indexes]

    def run(self) -> Iterator[Audited]:
        """Yield project by project, in the order of their names; whole indexes come last."""
        left = dict(self.wanted)
        for audited in self._projects():
            if audited.project is not None:
                left.pop(audited.project, None)
            yield audited
        for project in sorted(left):
            yield Audited(project=project, findings=list(self._missing(project, {})))
        whole = [([n], each) for n, tally in enumerate(self.tallies) for each in tally.findings()]
        yield Audited(project=None, findings=whole)

    def _projects(self) -> Iterator[Audited]:
        views = side_by_side(self.indexes, self._view)
        if not self.deep:
            return map(self._audited, views)
        return prefetch(self._audited, views, threads=_READERS)

    def _audited(self, each: tuple[NormalizedName, Mapping[int, ProjectView]]) -> Audited:
        project, views = each
        return Audited(project=project, views=views, findings=list(self._findings(*each)))

    def _view(self, number: int, listed: Listed) -> ProjectView:
        view = view_project(self.indexes[number], listed, self.expectations)
        self.tallies[number].add(view)
        if self.deep:
            # now, and in this thread: the settings speak for one variant at a time
            exemptions = functools.partial(
                exemptions_on, self.expectations.tree, view.place.variant
            )
            view = dataclasses.replace(view, declared=exemptions_or_error(exemptions, view.project))
        return view

    def _findings(
        self, project: NormalizedName, views: Mapping[int, ProjectView]
    ) -> Iterator[tuple[Collection[int], Finding]]:
        for number, view in views.items():
            for finding in check_project(view, self.targets):
                yield [number], finding
            if self.deep:
                for wheel in view.all_wheels():
                    found = _read(self.indexes[number], wheel, view)
                    yield from (([number], each) for each in found)
        yield from self._missing(project, views)
        yield from check_contents(
            (number, wheel.file) for number, view in views.items() for wheel in view.all_wheels()
        )

    def _missing(
        self, project: NormalizedName, views: Mapping[int, ProjectView]
    ) -> Iterator[tuple[Collection[int], Finding]]:
        for number, index in enumerate(self.indexes) if project in self.wanted else ():
            view = views.get(number) or ProjectView(place=index.place, project=project)
            if view.broken is None:  # else nothing is known of it
                missing = check_missing(view, self.wanted[project], self.targets)
                yield from (([number], each) for each in missing)


def _read(index: Index, wheel: Wheel, view: ProjectView) -> Iterator[Finding]:
    """Read a wheel of an index, and yield what ``verify`` says of it."""
    try:
        with index.open(wheel.file) as archive:
            facts = read_facts(archive)
    except WheelError as err:
        yield unreadable(wheel.file.location, err.reason)
        return
    examined = ExaminedWheel(source=wheel.file.location, name=wheel.name, facts=facts)
    yield from check_wheel(examined, view.declared)


def view_project(index: Index, listed: Listed, expectations: Expectations) -> ProjectView:
    """Say of each wheel of a project how it stands to the settings."""
    files = sort_files(listed.files)
    variant = index.place.variant
    expected = expectations.of(variant, listed.project, files.wheels) if files.wheels else {}
    return ProjectView(
        place=index.place,
        project=listed.project,
        wheels={
            version: tuple(judge(wheels, expected.get(version, ANYTHING)))
            for version, wheels in files.wheels.items()
        },
        expected={version: expected.get(version, ANYTHING) for version in files.wheels},
        sdists=files.sdists,
        unreadable=files.unreadable,
        skipped=files.skipped,
        broken=listed.broken,
    )


def side_by_side[T](
    indexes: Sequence[Index], view: Callable[[int, Listed], T]
) -> Iterator[tuple[NormalizedName, Mapping[int, T]]]:
    """Yield each project with what *view* makes of it in each index that has it."""

    def numbered(number: int, index: Index) -> Iterator[tuple[NormalizedName, int, Listed]]:
        for listed in index.projects():
            yield listed.project, number, listed

    merged = heapq.merge(
        *(numbered(number, index) for number, index in enumerate(indexes)),
        key=lambda each: each[:2],
    )
    for project, group in itertools.groupby(merged, lambda each: each[0]):
        yield project, {number: view(number, listed) for _, number, listed in group}
