"""The result of ``jobs``: as a table, Markdown or JSON, and as the matrix of a CI service."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from ..index.jobs.job import Job, JobStack
from ..index.jobs.job_plan import JobPlan
from ..text import counted, first_few, safe_json
from .sections import Renderers, Section, renderers

#: Jobs of one matrix: GitLab accepts 200, GitHub 256.
MOST_JOBS: Final = 200

#: What one job of the matrix builds.
type Each = Literal["stack", "wheel"]


@dataclass(frozen=True, kw_only=True, slots=True)
class JobsReport:
    """The plan of the jobs, and what one job of the matrix builds.

    Attributes:
        remarks: what a reader has to know about the plan, a line each.
    """

    plan: JobPlan
    each: Each = "stack"
    remarks: Sequence[str] = ()

    def rounds(self) -> list[list[Mapping[str, str]]]:
        """Return the jobs of each round; a round has at most as many as a matrix may have."""
        rounds = _stack_jobs(self.plan) if self.each == "stack" else _wheel_jobs(self.plan)
        chunks = (itertools.batched(jobs, MOST_JOBS) for jobs in rounds)
        return [[*chunk] for chunk in itertools.chain.from_iterable(chunks)]


def _stack_jobs(plan: JobPlan) -> Iterator[list[Mapping[str, str]]]:
    rounds, builds = plan.stack_rounds(), _builds(plan)
    for number in range(1, max(rounds, default=0) + 1):
        yield [
            {**_stack_entry(stack), "builds": str(builds[at])}
            for at, stack in enumerate(plan.stacks)
            if rounds[at] == number
        ]


def _wheel_jobs(plan: JobPlan) -> Iterator[list[Mapping[str, str]]]:
    for jobs in plan.wheel_rounds():
        yield [_wheel_entry(job, plan.stacks[job.stacks[0]]) for job in jobs]


def _wheel_entry(job: Job, stack: JobStack) -> Mapping[str, str]:
    tag = {"build_tag": str(job.build_tag)} if job.build_tag.number is not None else {}
    return {"package": job.package, "version": str(job.version), **tag, **_stack_entry(stack)}


def _stack_entry(stack: JobStack) -> Mapping[str, str]:
    """Return the variables of a job: GitLab has no empty ones."""
    key = stack.key
    facts = {"distro": key.distro, "accelerator": key.accelerator, "torch": key.torch}
    return {
        "variant": stack.variant,
        "stack": stack.name,
        **{name: text for name, text in facts.items() if text},
    }


def _builds(plan: JobPlan) -> list[int]:
    counts = [0] * len(plan.stacks)
    for job in plan.missing:
        counts[job.stacks[0]] += 1
    return counts


def _summary(plan: JobPlan) -> str:
    """Return ``14 stacks, 16,828 wheels, 1,516 distinct: 15,312 builds saved``."""
    existing = len(plan.jobs) - len(plan.missing)
    unshared = sum(bool(job.unshared) for job in plan.jobs)
    return (
        f"{counted(len(plan.stacks), 'stack')}, {counted(plan.wheels, 'wheel')}, "
        f"{len(plan.jobs):,} distinct: {counted(plan.wheels - len(plan.jobs), 'build')} saved"
        + (f"; {existing:,} in the indexes, {len(plan.missing):,} to build" if existing else "")
        + (f"; not shared: {unshared:,}" if unshared else "")
        + (f"; pre-built: {plan.pre_built:,}" if plan.pre_built else "")
    )


def _sections(report: JobsReport) -> Iterator[Section]:
    plan = report.plan
    yield Section(heading=(), rows=(), summary=_summary(plan), remarks=report.remarks)
    yield _stacks(plan)
    rows = [_row(plan, job) for job in plan.missing]
    if rows:
        yield Section(heading=("LEVEL", "WHEEL", "KIND", "BUILT FOR", "ALSO FOR"), rows=rows)
    reasons: dict[str, list[str]] = {}
    for job in plan.jobs:
        if job.unshared:
            name = f"{job.stem} for {plan.stacks[job.stacks[0]].name}"
            reasons.setdefault(job.unshared, []).append(name)
    if reasons:
        yield Section(
            heading=("NOT SHARED", "WHEELS", "REASON"),
            rows=[
                (f"{len(names):,}", first_few(names), reason) for reason, names in reasons.items()
            ],
        )


def _stacks(plan: JobPlan) -> Section:
    rounds, builds = plan.stack_rounds(), _builds(plan)
    needs = [0] * len(plan.stacks)
    exist = [0] * len(plan.stacks)
    for job in plan.jobs:
        for stack in job.stacks:
            needs[stack] += 1
            exist[stack] += bool(job.index)
    rows = [
        (
            str(rounds[at] or "-"),
            stack.name,
            f"{needs[at]:,}",
            f"{exist[at]:,}",
            f"{builds[at]:,}",
            f"{needs[at] - exist[at] - builds[at]:,}",
        )
        for at, stack in enumerate(plan.stacks)
    ]
    return Section(heading=("ROUND", "STACK", "NEEDS", "EXIST", "BUILDS", "TAKES"), rows=rows)


def _row(plan: JobPlan, job: Job) -> Sequence[str]:
    first, *others = (plan.stacks[number].name for number in job.stacks)
    also = first_few(others)
    if len(job.stacks) == len(plan.stacks) > 1:
        also = "all others"
    return (str(job.level), job.stem, _kind(job), first, also or "-")


def _kind(job: Job) -> str:
    """Return the kind of a wheel; with a "?" where no index shows it."""
    if job.is_purelib is None:
        return "platlib?"
    return "purelib" if job.is_purelib else "platlib"


def _record(report: JobsReport) -> Mapping[str, Any]:
    plan, rounds = report.plan, report.plan.stack_rounds()
    return {
        "format_version": "1.0",
        "summary": _summary(plan),
        "remarks": [*report.remarks],
        "wheels_of_all_stacks": plan.wheels,
        "distinct": len(plan.jobs),
        "saved": plan.wheels - len(plan.jobs),
        "to_build": len(plan.missing),
        "pre_built": plan.pre_built,
        "stacks": [
            {
                "variant": stack.variant,
                "stack": str(stack.key),
                "name": stack.name,
                "round": rounds[at],
                "builds": builds,
            }
            for at, (stack, builds) in enumerate(zip(plan.stacks, _builds(plan), strict=True))
        ],
        "wheels": [_wheel_record(plan, job) for job in plan.jobs],
        "matrix": _github(report),
    }


def _wheel_record(plan: JobPlan, job: Job) -> Mapping[str, Any]:
    return {
        "package": job.package,
        "version": str(job.version),
        "build_tag": str(job.build_tag),
        "purelib": job.is_purelib,
        "level": job.level,
        "build_for": None if job.builder is None else plan.stacks[job.builder].name,
        "stacks": [plan.stacks[number].name for number in job.stacks],
        "index": job.index,
        "unshared": job.unshared,
    }


def _github(report: JobsReport) -> list[Mapping[str, Any]]:
    """Return a matrix for each round, for ``strategy: matrix: ${{ fromJson(...)[0] }}``."""
    return [{"include": jobs} for jobs in report.rounds()]


def _gitlab(report: JobsReport) -> Mapping[str, Any]:
    """Return a child pipeline, whose jobs extend ``.build``.

    A pipeline without a job is an error for GitLab.
    """
    rounds = {f"build-{number}": jobs for number, jobs in enumerate(report.rounds(), 1)}
    if not rounds:
        return {"nothing-to-build": {"script": ["true"]}}
    return {
        "stages": [*rounds],
        **{
            stage: {"extends": ".build", "stage": stage, "parallel": {"matrix": jobs}}
            for stage, jobs in rounds.items()
        },
    }


def _as_gitlab(report: JobsReport) -> str:
    """Return YAML, which can stand below that of ``.build``: a key with JSON in each line."""
    lines = (f"{key}: {json.dumps(value)}\n" for key, value in _gitlab(report).items())
    return safe_json("".join(lines))


def _as_github(report: JobsReport) -> str:
    """Return one line, as a step writes it to its outputs."""
    return safe_json(json.dumps(_github(report))) + "\n"


JOBS: Final[Renderers[JobsReport]] = {
    **renderers(_sections, _record),
    "github": _as_github,
    "gitlab": _as_gitlab,
}
