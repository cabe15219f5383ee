"""Audit indexes against the settings that they are meant for, a project at a time."""

from __future__ import annotations

import functools
import heapq
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from packaging.utils import NormalizedName
from packaging.version import Version

from .ahead import ahead
from .expected import ANYTHING, Expectations
from .index import Index, Listed
from .rules.finding import Finding
from .rules.index.across import check_contents
from .rules.index.deep import check_content
from .rules.index.project import check_missing, check_project
from .rules.index.whole import Tally
from .standing import judge, sort_files
from .view import ProjectView
from .winners import Target

#: Each may hold some 40 MB of a wheel.
_READERS: Final = 4

#: The versions that are wanted of each package; None for any.
type WantedVersions = Mapping[NormalizedName, frozenset[Version] | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Audited:
    """What there is to say of one project, or of whole indexes.

    Attributes:
        views: the project in each index that has it, by the index's number.
        findings: with the number of the index; None for several at once.
    """

    project: NormalizedName | None
    views: Mapping[int, ProjectView] = field(default_factory=dict)
    findings: Sequence[tuple[int | None, Finding]] = ()


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
        for project, versions in sorted(left.items()):
            findings = [
                (number, each)
                for number in range(len(self.indexes))
                for each in check_missing(None, project, versions)
            ]
            yield Audited(project=project, findings=findings)
        whole = [(n, each) for n, tally in enumerate(self.tallies) for each in tally.findings()]
        yield Audited(project=None, findings=whole)

    def _projects(self) -> Iterator[Audited]:
        views = side_by_side(self.indexes, self._view)
        if not self.deep:
            return map(self._audited, views)
        return ahead(self._audited, views, threads=_READERS)

    def _audited(self, each: tuple[NormalizedName, Mapping[int, ProjectView]]) -> Audited:
        project, views = each
        return Audited(project=project, views=views, findings=list(self._findings(*each)))

    def _view(self, number: int, listed: Listed) -> ProjectView:
        view = view_project(self.indexes[number], listed, self.expectations)
        self.tallies[number].add(view)
        return view

    def _findings(
        self, project: NormalizedName, views: Mapping[int, ProjectView]
    ) -> Iterator[tuple[int | None, Finding]]:
        for number, view in views.items():
            for finding in check_project(view, self.targets):
                yield number, finding
            if self.deep:
                for wheel in view.all_wheels():
                    found = check_content(self.indexes[number], wheel)
                    yield from ((number, each) for each in found)
        if project in self.wanted:
            for number in range(len(self.indexes)):
                missing = check_missing(views.get(number), project, self.wanted[project])
                yield from ((number, each) for each in missing)
        files = (wheel.file for view in views.values() for wheel in view.all_wheels())
        yield from ((None, each) for each in check_contents(files))


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
