"""Audit indexes against the settings of their variants, project by project."""

from __future__ import annotations

import dataclasses
import functools
import heapq
import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName
from packaging.version import Version

from ..findings.finding import Finding
from ..http.prefetch import READERS, prefetch
from ..stack.gpu_arch import GpuArch
from ..stack.stack import Stack
from ..tag.filename import WheelName
from ..tag.segment import Order
from ..verify.checks.examined import ExaminedWheel, set_depends_on
from ..verify.checks.required import named_torch
from ..verify.exemptions import exemptions_of
from ..verify.run import check_wheel, exemptions_or_error, unreadable
from ..wheel.archive import WheelError
from ..wheel.facts import read_facts
from . import Index
from .expected import Expectations, Expected
from .index_checks import Tally, check_contents
from .listing import ListedProject
from .place import IndexPlace
from .project_checks import check_missing, check_project
from .status import IndexWheel, ProjectView, Status, group_files, with_status
from .targets import Target
from .torch_builds import TorchBuilds

#: The specifiers of each package, each of which a version has to match.
type RequiredVersions = Mapping[NormalizedName, Collection[SpecifierSet]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Audited:
    """The result for one project; or for the indexes themselves, where the project is None.

    Attributes:
        views: the project in each index that has it, by the index's number.
        findings: each with the numbers of the indexes that it concerns.
    """

    project: NormalizedName | None
    views: Mapping[int, ProjectView] = field(default_factory=dict)
    findings: Sequence[tuple[Collection[int], Finding]] = ()


@dataclass(frozen=True, kw_only=True)
class Audit:
    """Indexes, and the settings to audit them against.

    Attributes:
        expectations: with the variant of every index loaded.
        required: the versions that every index has to have.
        targets: the Pythons to install for; by default, those of the wheels' tags.
        deep: whether wheels are verified, too.
    """

    indexes: Sequence[Index]
    expectations: Expectations
    required: RequiredVersions = field(default_factory=dict)
    targets: Sequence[Target] = ()
    deep: bool = False

    @functools.cached_property
    def tallies(self) -> Sequence[Tally]:
        """The counts of each index; complete after ``run`` is exhausted."""
        return [Tally(index.place) for index in self.indexes]

    @functools.cached_property
    def _torch_builds(self) -> Sequence[TorchBuilds]:
        """The Torch wheels of each index."""
        return [*map(TorchBuilds, self.indexes)]

    def run(self) -> Iterator[Audited]:
        """Yield the projects, sorted by name, then the indexes themselves."""
        left = dict(self.required)
        _ = self._torch_builds  # made once, in this thread
        views = (
            (project, {number: self._view(number, each) for number, each in listed.items()})
            for project, listed in side_by_side(self.indexes)
        )
        deep = prefetch(self._audited, views, threads=READERS)
        for audited in deep if self.deep else map(self._audited, views):
            if audited.project is not None:
                left.pop(audited.project, None)
            yield audited
        for project in sorted(left):
            yield Audited(project=project, findings=list(self._missing(project, {})))
        findings = [
            ([n], each) for n, tally in enumerate(self.tallies) for each in tally.findings()
        ]
        yield Audited(project=None, findings=findings)

    def _audited(self, each: tuple[NormalizedName, Mapping[int, ProjectView]]) -> Audited:
        project, views = each
        return Audited(project=project, views=views, findings=list(self._findings(*each)))

    def _view(self, number: int, listed: ListedProject) -> ProjectView:
        view = view_project(self.indexes[number], listed, self.expectations)
        self.tallies[number].add(view)
        if self.deep:
            # now, in this thread: the settings tree has one selected variant at a time
            tree, variant = self.expectations.tree, view.place.variant
            ctx = tree.on(variant).ctx
            exemptions = exemptions_or_error(
                lambda name: exemptions_of(ctx, Requirement(name)), view.project
            )
            view = dataclasses.replace(view, exemptions=exemptions)
        return view

    def _findings(
        self, project: NormalizedName, views: Mapping[int, ProjectView]
    ) -> Iterator[tuple[Collection[int], Finding]]:
        for number, view in views.items():
            for finding in check_project(view, self.targets):
                yield [number], finding
            if self.deep:
                for wheel in view.all_wheels():
                    found = self._verify(number, wheel, view)
                    yield from (([number], each) for each in found)
        yield from self._missing(project, views)
        yield from check_contents(
            (number, wheel.file) for number, view in views.items() for wheel in view.all_wheels()
        )

    def _verify(self, number: int, wheel: IndexWheel, view: ProjectView) -> Iterator[Finding]:
        """Read a wheel of an index, and yield the findings of ``verify``."""
        archs = self._archs(wheel, view.place)
        try:
            with self.indexes[number].open(wheel.file) as archive:
                facts = read_facts(archive, device_code=bool(archs))
        except WheelError as err:
            yield unreadable(wheel.file.location, err.reason)
            return
        examined = ExaminedWheel(
            source=wheel.file.location,
            name=wheel.name,
            facts=facts,
            remedy_for=_take_another if wheel.status is Status.PRE_BUILT else set_depends_on,
            variant=view.place.label,
            variant_torch=self._torch(wheel, view.place),
            gpu_archs=archs,
        )
        if facts.torch_imports:
            named = named_torch(examined)
            versions = [named] if named else examined.variant_torch
            table = self._torch_builds[number].table(wheel, versions)
            examined = dataclasses.replace(examined, torch_table=table)
        yield from check_wheel(examined, view.exemptions)

    def _torch(self, wheel: IndexWheel, place: IndexPlace) -> Sequence[Version]:
        """Return the Torch that a wheel is used with: an obsolete one is not used any more."""
        if wheel.status is Status.OBSOLETE:
            return ()
        distro = wheel.build_tag.by_order.get(Order.DISTRIBUTION, "")
        return self.expectations.torch(place, wheel.accelerator, distro)

    def _archs(self, wheel: IndexWheel, place: IndexPlace) -> Sequence[GpuArch]:
        """Return the GPU architectures that a wheel needs code for: an obsolete one needs none."""
        is_used = wheel.status is not Status.OBSOLETE
        return self.expectations.archs(place, wheel.name) if is_used else ()

    def _missing(
        self, project: NormalizedName, views: Mapping[int, ProjectView]
    ) -> Iterator[tuple[Collection[int], Finding]]:
        for number, index in enumerate(self.indexes) if project in self.required else ():
            view = views.get(number) or ProjectView(place=index.place, project=project)
            if view.unreadable is None:  # otherwise, its wheels are unknown
                missing = check_missing(view, self.required[project], self.targets)
                yield from (([number], each) for each in missing)


def _take_another(name: WheelName, _: str) -> str:
    """Return the remedy for a pre-built wheel: fromager asks for no tag of it."""
    return (
        f"build {name.name} with fromager instead of pre_built, or use a wheel whose local version "
        "names the accelerator, such as +cu130, or declare the reason in build-tags.verify"
    )


def view_project(index: Index, listed: ListedProject, expectations: Expectations) -> ProjectView:
    """Return a project of an index, with the status of each wheel."""
    # a report has the same order for every server
    files = group_files(sorted(listed.files, key=lambda file: file.filename))
    place = index.place
    planned = expectations.of(place, listed.project, files.wheels) if files.wheels else {}
    # no wheel is wrong of a version that the settings do not plan
    expected = {version: planned.get(version) or Expected() for version in files.wheels}
    accelerators = expectations.accelerators(place, Stack.accelerator_text)
    wheels = {
        version: tuple(with_status(wheels, expected[version], accelerators))
        for version, wheels in files.wheels.items()
    }
    return ProjectView(
        place=place,
        project=listed.project,
        files=dataclasses.replace(files, wheels=wheels),
        expected=expected,
        accelerators=accelerators,
        unreadable=listed.unreadable,
    )


def side_by_side(
    indexes: Sequence[Index],
) -> Iterator[tuple[NormalizedName, Mapping[int, ListedProject]]]:
    """Yield each project with its files in each index that has it, by the index's number."""

    def numbered(number: int, index: Index) -> Iterator[tuple[NormalizedName, int, ListedProject]]:
        for listed in index.projects():
            yield listed.project, number, listed

    merged = heapq.merge(
        *(numbered(number, index) for number, index in enumerate(indexes)),
        key=lambda each: each[:2],
    )
    for project, group in itertools.groupby(merged, lambda each: each[0]):
        yield project, {number: listed for _, number, listed in group}
