"""Which wheels are built once, on which stack, and which exist."""

from __future__ import annotations

import dataclasses
import itertools
import json
import pathlib
from collections.abc import Sequence
from typing import Any

import pytest
import yaml
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from fromager_build_tags.errors import InputError
from fromager_build_tags.index import open_index
from fromager_build_tags.index.jobs.existing import Existing, find_existing
from fromager_build_tags.index.jobs.job import Job, JobStack
from fromager_build_tags.index.jobs.job_plan import JobPlan, plan_jobs
from fromager_build_tags.index.place import parse_place
from fromager_build_tags.index.targets import Target
from fromager_build_tags.plan.model import PlannedTag
from fromager_build_tags.report.jobs_report import JOBS, MOST_JOBS, JobsReport
from fromager_build_tags.stack.key import StackKey
from fromager_build_tags.tag.build_tag import BuildTag

from ..conftest import Cli
from ..golden.scenes import several_stacks
from ..growth import grows_linearly
from .simple_server import html_index, serve
from .wheels import PLAT, fill

DEMO = canonicalize_name("demo")
TAG = BuildTag.parse("2_el9.6")
PLATLIB = f"demo-1.0-2_el9.6{PLAT}"
PURELIB = "demo-1.0-2-py3-none-any.whl"
TARGET = Target(python=(3, 12), abi="cp312", platform="linux_x86_64")


def existing(
    folder: pathlib.Path, *names: str, version: str = "1.0", target: Target | None = None
) -> Existing:
    fill(folder, *names)
    index = open_index(parse_place(f"pool={folder}", ""))
    needed = {DEMO: {Version(version)}}
    return find_existing([index], needed, target, count=lambda _: None)


@pytest.mark.parametrize(
    ("names", "is_purelib"),
    [
        ([], None),
        ([PLATLIB], False),
        ([PURELIB], True),
        ([PURELIB.replace("1.0", "1.1")], None),
        ([PURELIB, PLATLIB], False),
        ([PURELIB, PURELIB.replace("-2-", "-1-")], True),
        ([PURELIB.replace("demo", "other")], None),
        ([PURELIB.replace("none-any", "none-linux_x86_64")], False),
    ],
)
def test_an_index_shows_whether_a_version_is_pure(
    names: list[str], is_purelib: bool | None, tmp_path: pathlib.Path
) -> None:
    tmp_path.joinpath("pool").mkdir()
    found = existing(tmp_path / "pool", *names)
    assert found.is_purelib(DEMO, Version("1.0")) is is_purelib


@pytest.mark.parametrize(
    ("name", "version", "target", "exists"),
    [
        (PLATLIB, "1.0", None, True),
        (PLATLIB, "1.0", TARGET, True),
        (PLATLIB, "1", None, True),
        (PLATLIB.replace("1.0", "1.0+rocm7.1"), "1.0", None, True),
        (PLATLIB, "1.0+rocm7.1", None, False),
        (PLATLIB.replace("1.0", "1.0.post1"), "1.0", None, False),
        (PLATLIB.replace("-2_", "-3_"), "1.0", None, False),
        (PLATLIB.replace("el9.6", "el9.8"), "1.0", None, False),
        (PLATLIB.replace("el9.6", "el9.6_cpu"), "1.0", None, False),
        (PLATLIB.replace("_el9.6", ""), "1.0", None, False),
        ("demo-1.0-2_el9.6-py3-none-any.whl", "1.0", None, False),
        (PLATLIB.replace("312", "311"), "1.0", None, True),
        (PLATLIB.replace("312", "311"), "1.0", TARGET, False),
        (PLATLIB.replace("x86_64", "aarch64"), "1.0", TARGET, False),
        (PLATLIB.replace("linux", "manylinux_2_34"), "1.0", TARGET, True),
        (PLATLIB.replace("cp312-cp312", "cp39-abi3"), "1.0", TARGET, True),
    ],
)
def test_a_wheel_exists_with_exactly_its_build_tag(
    name: str, version: str, target: Target | None, exists: bool, tmp_path: pathlib.Path
) -> None:
    found = existing(tmp_path, name, version=version, target=target)
    place = found.place(DEMO, Version(version), TAG, is_purelib=False)
    assert place == ("pool" if exists else "")


def test_a_yanked_wheel_does_not_exist(tmp_path: pathlib.Path) -> None:
    page = f'<a href="/{PLATLIB}" data-yanked="broken">{PLATLIB}</a>'
    pages = html_index({"demo": []})
    pages["/simple/demo/"] = dataclasses.replace(pages["/simple/demo/"], body=page.encode())
    with serve(pages) as server:
        index = open_index(parse_place(f"{server.url}/simple", ""))
        found = find_existing([index], {DEMO: {Version("1.0")}}, count=lambda _: None)
        index.close()
    assert (found.kinds, found.places) == ({}, {})


def test_a_wheel_without_a_known_build_tag_does_not_exist(tmp_path: pathlib.Path) -> None:
    """Of any version, an index can have a wheel without a build tag: it may be another build."""
    found = existing(tmp_path, "demo-1.0-py3-none-any.whl")
    stack: Any = None  # the tag is known already
    tag = PlannedTag(DEMO, Version("1.0"), "cpu", stack, None, note="why")
    [job] = plan_jobs([(JobStack("cpu", StackKey(), "cpu"), [tag])], {}, found).jobs
    assert (job.index, job.unshared) == ("", "why")


def test_wheels_of_several_pythons_are_refused(tmp_path: pathlib.Path) -> None:
    several = [PLATLIB, PLATLIB.replace("312", "313")]
    with pytest.raises(InputError) as caught:
        existing(tmp_path, *several)
    assert str(caught.value) == (
        "the indexes have wheels for cp312 on linux_x86_64, cp313 on linux_x86_64: "
        "choose with --python and --platform"
    )
    assert existing(tmp_path, *several, target=TARGET).places


def test_only_the_needed_pages_are_read() -> None:
    with serve(html_index({"demo": [PLATLIB], "other": ["other-1.0-py3-none-any.whl"]})) as server:
        index = open_index(parse_place(f"{server.url}/simple", ""))
        find_existing([index], {DEMO: {Version("1.0")}}, count=lambda _: None)
        index.close()
        assert [each for each in server.asked if "other" in each] == []


def a_plan(*stacks_of_jobs: Sequence[int], indexes: str = "") -> JobPlan:
    """Return a plan of packages that the stacks with these numbers need; "+" for one that exists"""
    count = max(map(max, stacks_of_jobs), default=-1) + 1
    jobs = [
        Job(
            package=NormalizedName(f"p{number}"),
            version=Version("1.0"),
            build_tag=TAG,
            level=number // 2 + 1,
            stacks=stacks,
            index="pool" if mark == "+" else "",
        )
        for number, (stacks, mark) in enumerate(
            itertools.zip_longest(stacks_of_jobs, indexes, fillvalue="-")
        )
        if not isinstance(stacks, str)
    ]
    names = [f"s{number}" for number in range(count)]
    return JobPlan(stacks=[JobStack(name, StackKey(), name) for name in names], jobs=jobs)


@pytest.mark.parametrize(
    ("jobs", "indexes", "rounds"),
    [
        ([], "", []),
        ([[0]], "", [1]),
        ([[0], [1]], "", [1, 1]),
        ([[0, 1]], "", [1, 0]),
        ([[0, 1], [1]], "", [1, 2]),
        ([[0, 1], [1]], "+-", [0, 1]),
        ([[0, 1], [1, 2], [2, 3], [3]], "", [1, 2, 3, 4]),
        ([[0, 3], [1, 2], [3]], "", [1, 1, 0, 2]),
        ([[0, 1], [0, 1]], "++", [0, 0]),
    ],
)
def test_a_stack_takes_from_stacks_of_lower_rounds(
    jobs: list[list[int]], indexes: str, rounds: list[int]
) -> None:
    assert a_plan(*jobs, indexes=indexes).stack_rounds() == rounds


def test_the_rounds_grow_with_the_wheels() -> None:
    def rounds(count: int) -> None:
        plan = a_plan(*(range(14) for _ in range(count)))
        assert plan.stack_rounds() == [1, *[0] * 13]
        assert matrix(plan, "wheel")

    assert grows_linearly(rounds, 1_000)


def matrix(plan: JobPlan, each: Any) -> list[dict[str, Any]]:
    text = JOBS["github"](JobsReport(plan=plan, each=each))
    assert isinstance(text, str)
    found: list[dict[str, Any]] = json.loads(text)
    return found


@pytest.mark.parametrize(("each", "sizes"), [("stack", [200, 200, 50]), ("wheel", [2] * 225)])
def test_a_matrix_has_no_more_jobs_than_a_service_accepts(each: str, sizes: list[int]) -> None:
    plan = a_plan(*([number] for number in range(450)))
    found = matrix(plan, each)
    assert [len(each["include"]) for each in found] == sizes
    assert max(sizes) <= MOST_JOBS


def test_each_wheel_is_in_the_matrix_once_after_its_requirements() -> None:
    found = matrix(a_plan([0, 1], [0], [1], [1], [0, 1], indexes="--+--"), "wheel")
    assert [[each["package"] for each in every["include"]] for every in found] == [
        ["p0", "p1"],
        ["p3"],
        ["p4"],
    ]


def test_the_pipeline_can_stand_below_other_yaml() -> None:
    text = JOBS["gitlab"](JobsReport(plan=a_plan([0, 1], [0], [1])))
    assert yaml.safe_load(f".build:\n  script: [a]\n{text}") == {
        ".build": {"script": ["a"]},
        "stages": ["build-1", "build-2"],
        **{
            f"build-{number}": {
                "extends": ".build",
                "stage": f"build-{number}",
                "parallel": {"matrix": [{"variant": stack, "stack": stack, "builds": builds}]},
            }
            for number, stack, builds in ((1, "s0", "2"), (2, "s1", "1"))
        },
    }


def jobs(cli: Cli, *args: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(cli("jobs", *args, "--format", "json").stdout)
    return found


@pytest.mark.usefixtures("two_overrides")
def test_stacks_share_what_has_one_name_on_them(tmp_path: pathlib.Path, cli: Cli) -> None:
    """Of one distribution the platlib wheels, of all distributions the pure ones."""
    several_stacks(tmp_path)
    fill(tmp_path / "old", "backend-1.0-7-py3-none-any.whl")
    before, after = (
        jobs(cli, "--graph", "graph.json", *index) for index in ((), ("--index", "old"))
    )
    el9 = ["cpu", "cuda:torch2.9.1", "cuda:torch2.10.0", "rocm"]
    shared = [
        [
            (each["build_tag"], each["stacks"])
            for each in found["wheels"]
            if each["package"] == "backend"
        ]
        for found in (before, after)
    ]
    assert shared == [
        [("1_el9.6", el9), ("1_fc43", ["cpu-fc43"]), ("", ["tpu"])],
        [("1", ["cpu", "cpu-fc43", *el9[1:]]), ("", ["tpu"])],
    ]
    for found in (before, after):
        needed = [len(each["stacks"]) for each in found["wheels"]]
        assert found["wheels_of_all_stacks"] == sum(needed) == found["saved"] + len(needed)
        assert found["to_build"] == len(needed) == sum(each["builds"] for each in found["stacks"])


@pytest.mark.usefixtures("two_overrides")
@pytest.mark.parametrize("hook", ["", "acme.hooks:tag"])
def test_no_wheel_is_shared_without_our_hook(hook: str, tmp_path: pathlib.Path, cli: Cli) -> None:
    several_stacks(tmp_path)
    file = tmp_path / "settings/settings.yaml"
    _, _, changelog = file.read_text().partition("\n")
    first = f"wheels: {{build_tag_hook: {hook}}}\n" if hook else ""
    file.write_text(first + changelog)
    configured = f"is {hook!r}" if hook else "is not set"
    assert cli("jobs", "--graph", "graph.json", status=1).stderr == (
        f"Error: no wheel is shared, because wheels.build_tag_hook {configured} in "
        "settings/settings.yaml: set it to 'fromager_build_tags.hooks:build_tag_hook'\n"
    )
