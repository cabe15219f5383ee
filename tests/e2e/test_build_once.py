"""Three stacks of one distribution: each builds what ``jobs`` lists, and takes the rest."""

from __future__ import annotations

import hashlib
import json
import pathlib
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest

from ..trees import write_tree
from .index import serve, write_index
from .server import wheel_server
from .stacks import FLASH_ATTN, ExampleStack, platlib, purelib
from .standins import StandIn
from .venvs import Venv
from .workspaces import Workspace

pytestmark = [pytest.mark.e2e, pytest.mark.once]

TORCH: Final = StandIn(name="torch", version="2.10.0")
PURE: Final = StandIn(name="click", version="8.5.0", extension=False)
PLAIN: Final = [
    StandIn(name=name, version="1.0")
    for name in ("pillow", "numpy", "lxml", "msgpack", "psutil", "ujson", "zstandard")
]
TIED: Final = [TORCH, FLASH_ATTN]
ALL: Final = [*TIED, PURE, *PLAIN]
#: Torch and flash-attn depend on the accelerator by their shipped overrides.
ACCELERATORS: Final[Mapping[str, str]] = {"cpu": "cpu", "cuda": "cuda13.0", "rocm": "rocm7.1"}
VARIANTS: Final[Mapping[str, str]] = {
    "cpu": "accelerator: cpu\n",
    "cuda": 'cuda_version: "13.0"\n',
    "rocm": 'rocm_version: "7.1"\n',
}


def settings_files(index_url: str) -> dict[str, str]:
    hook = "fromager_build_tags.hooks:build_tag_hook"
    changelog = "".join(f"  {variant}: [first build]\n" for variant in VARIANTS)
    return {
        "settings/settings.yaml": f"wheels: {{build_tag_hook: '{hook}'}}\nchangelog:\n{changelog}",
        **{
            f"settings/packages/{each.import_name}.yaml": (
                f"resolver_dist: {{sdist_server_url: '{index_url}'}}\n"
            )
            for each in ALL
        },
        **{
            f"settings/variants/{variant}.yaml": f'distro: el9.6\ntorch_version: "2.10.0"\n{text}'
            for variant, text in VARIANTS.items()
        },
    }


def wheel_names(variant: str, stand_ins: list[StandIn]) -> set[str]:
    accelerator = ACCELERATORS[variant]
    tied = {TORCH: f"_{accelerator}", FLASH_ATTN: f"_{accelerator}_torch2.10.0"}
    return {
        platlib(f"{each.import_name}-{each.version}-1_el9.6{tied.get(each, '')}")
        if each.extension
        else purelib(f"{each.import_name}-{each.version}-1")
        for each in stand_ins
    }


@pytest.fixture
def sdists(tmp_path: pathlib.Path) -> Iterator[str]:
    """The URL of an index of the sdists."""
    write_index(tmp_path / "index" / "simple", ALL)
    with serve(tmp_path / "index") as url:
        yield f"{url}/simple"


@pytest.fixture
def stacks(
    tmp_path: pathlib.Path, base_venv: Venv, offline: Mapping[str, str], sdists: str
) -> list[Workspace]:
    """An empty workspace for each variant."""
    made = []
    for variant in VARIANTS:
        stack = ExampleStack(variant=variant, distro="el9.6", torch=TORCH, build_tags={})
        folder = tmp_path / variant
        write_tree(folder, settings_files(sdists))
        made.append(Workspace(folder=folder, stack=stack, venv=base_venv, environ=offline))
    return made


def jobs(workspace: Workspace, graph: pathlib.Path, *arguments: str) -> dict[str, Any]:
    """Return the plan for all variants, from the settings of one workspace."""
    settings = workspace.settings
    done = workspace.venv.run(
        "fromager-build-tags",
        *("--settings-file", settings / "settings.yaml"),
        *("--settings-dir", settings / "packages"),
        *("jobs", "--format", "json", "--graph"),
        graph,
        *arguments,
        environ=workspace.venv.activate(workspace.environ),
        cwd=workspace.folder,
    )
    made: dict[str, Any] = json.loads(done.stdout)
    return made


def to_build(plan: Mapping[str, Any], variant: str) -> list[str]:
    """Return what a stack builds, as the log of the stand-ins has it."""
    return sorted(
        f"{each['package'].replace('-', '_')} {each['version']}"
        for each in plan["wheels"]
        if each["build_for"] == variant
    )


def hashes(workspace: Workspace) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in workspace.downloads.iterdir()
    }


def test_each_stack_builds_what_is_planned_and_takes_the_rest(stacks: list[Workspace]) -> None:
    """It fails if fromager's look-up ignores the suffix: the CUDA stack would take CPU wheels."""
    first, *others = stacks
    requirements = [f"{each.name}=={each.version}" for each in ALL]
    run = first.fromager("bootstrap", *requirements)
    graph = first.folder / "work-dir" / "graph.json"

    before = jobs(first, graph)
    assert before["summary"] == "3 stacks, 30 wheels, 14 distinct: 16 builds saved"
    assert [(each["round"], each["builds"]) for each in before["stacks"]] == [
        (1, 10),
        (2, 2),
        (2, 2),
    ]
    assert run.compiled == to_build(before, "cpu")
    assert first.wheel_names() == wheel_names("cpu", ALL)

    with wheel_server(first) as url:
        after = jobs(first, graph, "--index", f"cpu={url}")
        assert [each["builds"] for each in after["stacks"]] == [0, 2, 2]
        for workspace in others:
            variant = workspace.stack.variant
            run = workspace.fromager("build-parallel", "--cache-wheel-server-url", url, graph)
            assert run.compiled == to_build(after, variant) == to_build(before, variant)
            assert workspace.wheel_names() == wheel_names(variant, ALL)
            same = hashes(workspace).items() & hashes(first).items()
            assert {name for name, _ in same} == wheel_names("cpu", [PURE, *PLAIN])
