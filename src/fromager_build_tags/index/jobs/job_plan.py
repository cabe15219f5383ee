"""Decide which wheels to build once for several stacks, on which of them, and in which order."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from packaging.utils import NormalizedName
from packaging.version import Version

from ...plan.build_graph import Levels
from ...plan.model import PlannedTag
from ...tag.build_tag import BuildTag
from .existing import Existing
from .job import Job, JobStack

_UNKNOWN: Final = "the build tag is unknown"


@dataclass(frozen=True, kw_only=True, slots=True)
class JobPlan:
    """The wheels of several stacks, each once.

    Attributes:
        stacks: in the order in which a stack is chosen to build a wheel.
        jobs: by level, then by name.
        pre_built: how many wheels fromager takes from an index instead of building them.
    """

    stacks: Sequence[JobStack]
    jobs: Sequence[Job]
    pre_built: int = 0

    @property
    def wheels(self) -> int:
        """The number of wheels that all stacks need together."""
        return sum(len(job.stacks) for job in self.jobs)

    @property
    def missing(self) -> Sequence[Job]:
        """The wheels that no index has."""
        return [job for job in self.jobs if not job.index]

    def stack_rounds(self) -> Sequence[int]:
        """Return the round of each stack, from 1 on; 0 for a stack that builds nothing.

        A stack takes wheels of stacks of lower rounds only.
        """
        builders: list[set[int]] = [set() for _ in self.stacks]
        for job in self.missing:
            for stack in job.stacks:
                builders[stack].add(job.stacks[0])
        rounds: list[int] = []
        for stack, needed in enumerate(builders):  # a stack takes from those before it only
            others = (rounds[other] for other in needed if other != stack)
            rounds.append(1 + max(others, default=0) if stack in needed else 0)
        return rounds

    def wheel_rounds(self) -> Iterator[Sequence[Job]]:
        """Yield the wheels to build, level by level."""
        for _, jobs in itertools.groupby(self.missing, lambda job: job.level):
            yield [*jobs]


class _Wheel(NamedTuple):
    """What wheels have in common that one build makes.

    Attributes:
        stack: the stack that it is built for alone; None for a shared one.
    """

    package: NormalizedName
    version: Version
    build_tag: BuildTag
    is_purelib: bool | None
    stack: int | None = None
    unshared: str = ""


def plan_jobs(
    planned: Sequence[tuple[JobStack, Sequence[PlannedTag]]],
    levels: Levels,
    existing: Existing,
) -> JobPlan:
    """Return the jobs of the planned wheels of each stack.

    Stacks share a wheel that has one name on all of them. A platlib wheel has the distribution in
    its build tag, so stacks of several distributions share purelib wheels only. A build tag that
    is unknown is not shared.
    """
    stacks: dict[_Wheel, list[int]] = {}
    pre_built = 0
    for number, (_, tags) in enumerate(planned):
        for tag in tags:
            if tag.pre_built:
                pre_built += 1
            elif tag.version is not None:
                stacks.setdefault(_wheel(tag, tag.version, number, existing), []).append(number)
    jobs = [_job(wheel, numbers, levels, existing) for wheel, numbers in stacks.items()]
    jobs.sort(key=lambda job: (job.level, job.package, job.version, job.stacks))
    return JobPlan(stacks=[stack for stack, _ in planned], jobs=jobs, pre_built=pre_built)


def _wheel(tag: PlannedTag, version: Version, number: int, existing: Existing) -> _Wheel:
    is_purelib = existing.is_purelib(tag.package, version)
    segments = tag.purelib if is_purelib else tag.platlib
    build_tag = BuildTag.of(tag.number, segments)
    wheel = _Wheel(tag.package, version, build_tag, is_purelib)
    if tag.number is None or segments is None:
        return wheel._replace(stack=number, unshared=tag.error or tag.note or _UNKNOWN)
    return wheel


def _job(wheel: _Wheel, stacks: Sequence[int], levels: Levels, existing: Existing) -> Job:
    package, version, build_tag, is_purelib = wheel[:4]
    known = existing.place(package, version, build_tag, is_purelib=bool(is_purelib))
    return Job(
        package=package,
        version=version,
        build_tag=build_tag,
        is_purelib=is_purelib,
        level=levels.get((package, version), 1),
        stacks=stacks,
        index="" if wheel.unshared else known,
        unshared=wheel.unshared,
    )
