"""Indexes that the real fromager fills: audit, prune, build again, serve and merge them."""

from __future__ import annotations

import contextlib
import json
import pathlib
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import pytest

from .factories import Bootstrapped, MakeWorkspace
from .server import wheel_server
from .stacks import ALL_STACKS, FLASH_ATTN, ROCM, platlib, purelib
from .workspaces import Workspace

pytestmark = [pytest.mark.e2e, pytest.mark.once]

one_variant_daily = pytest.mark.parametrize(
    "variant",
    [
        "rocm",
        pytest.param("cuda", marks=pytest.mark.nightly),
        pytest.param("cpu", marks=pytest.mark.nightly),
    ],
)

#: Wheels of an older stack, by variant, with the rules that match each.
LEFT: Final[Mapping[str, Mapping[str, set[str]]]] = {
    "rocm": {
        platlib("flash_attn-2.8.3-8_el9.6_rocm7.1_torch2.9.1"): {"BT404"},
        platlib("flash_attn-2.8.3-7_el9.6_rocm7.0_torch2.9.1"): {"BT404"},
        platlib("torch-2.10.0-6_el9.6_rocm7.0"): {"BT404"},
        platlib("pillow-12.2.0-2_el9.4"): {"BT404"},
        purelib("fromager-0.79.0-1"): {"BT404"},
    },
    "cuda": {
        platlib("torch-2.9.1-8_fc43_cuda12.9"): {"BT404"},
        platlib("pillow-12.2.0-1"): {"BT404"},
    },
    "cpu": {platlib("torch-2.10.0-5_el9.6_cpu"): {"BT404"}},
}
#: The rules that match current wheels, and indexes.
ELSE: Final[Mapping[str, list[str]]] = {
    # torch2.9.1 sorts above torch2.10.0; el9.4 sorts below el9.6
    "rocm": ["BT402", "BT407", "BT408", "BT409"],
    "cuda": ["BT405", "BT406"],
    "cpu": [],
}


type Build = Callable[[str], Workspace]


def tool(workspace: Workspace, *arguments: str, status: int = 0) -> str:
    """Run the plain script on the workspace's settings, and return what it prints."""
    settings = workspace.settings
    done = workspace.venv.run(
        "fromager-build-tags",
        *("--settings-file", settings / "settings.yaml"),
        *("--settings-dir", settings / "packages"),
        *("--variant", workspace.stack.variant, *arguments),
        environ=workspace.variables(),
        cwd=workspace.folder,
        status=status,
    )
    return done.stdout


def findings(workspace: Workspace, *arguments: str) -> list[dict[str, Any]]:
    arguments = ("audit", "--exit-zero", "--format", "json", *arguments)
    made: list[dict[str, Any]] = json.loads(tool(workspace, *arguments))["findings"]
    return made


@pytest.fixture
def build(bootstrapped: Bootstrapped, tmp_path: pathlib.Path) -> Build:
    """A function that returns a new workspace for a variant, in which everything is built."""
    stacks = {stack.variant: stack for stack in ALL_STACKS}
    return lambda variant: bootstrapped(stacks[variant]).copy(tmp_path / variant)


@one_variant_daily
def test_what_fromager_built_is_clean(variant: str, build: Build) -> None:
    workspace = build(variant)
    graph = ("--graph", str(workspace.folder / "work-dir" / "graph.json"))
    assert findings(workspace, "wheels-repo", *graph) == []
    # the stand-ins link nothing: audit --deep has the same findings about that as verify
    inside = findings(workspace, "wheels-repo", "--deep", *graph)
    verify = ("verify", "wheels-repo/downloads", "--exit-zero", "--format", "json")
    assert inside == json.loads(tool(workspace, *verify))["findings"]
    assert {(each["code"], each["subject"]) for each in inside} <= LINK_NOTHING


@one_variant_daily
def test_an_older_stack_is_found_pruned_and_built_again(variant: str, build: Build) -> None:
    workspace = build(variant)
    good = workspace.wheel_names()
    for name in LEFT[variant]:
        same = next(each for each in good if each.partition("-")[0] == name.partition("-")[0])
        shutil.copy(workspace.downloads / same, workspace.downloads / name)
    found = findings(workspace, "wheels-repo")
    of_files = {name: set[str]() for name in LEFT[variant]}
    others = []
    for each in found:
        name = pathlib.Path(each["file"]).name
        if name in of_files and each["code"] == "BT404":
            of_files[name].add(each["code"])
        else:
            others.append(each["code"])
    assert of_files == LEFT[variant]
    assert sorted(others) == ELSE[variant]

    # a current wheel is missing: the stale ones stay until it is built again
    [torch] = [name for name in good if name.startswith("torch-")]
    (workspace.downloads / torch).unlink()
    tool(workspace, "prune", "wheels-repo", "--delete", "--allow-variables")
    kept = {name for name in LEFT[variant] if name.startswith("torch-")}
    assert workspace.wheel_names() == (good - {torch}) | kept
    codes = {each["code"] for each in findings(workspace, "wheels-repo")}
    assert ("BT401" in codes) == bool(kept)

    run = workspace.fromager("bootstrap", *workspace.stack.requirements)
    assert [each.split()[0] for each in run.compiled] == ["torch"]
    tool(workspace, "prune", "wheels-repo", "--delete", "--allow-variables")
    assert workspace.wheel_names() == good
    assert tool(workspace, "audit", "wheels-repo", "--fail-on", "note") == (
        f"wheels-repo for {variant}: 4 projects, 4 wheels\n"
        "All checks passed: 1 index, 4 projects, 4 wheels\n"
    )


def test_another_torch_leaves_stale_wheels(build: Build) -> None:
    workspace = build("rocm")
    file = workspace.settings / "variants" / "rocm.yaml"
    file.write_text(file.read_text().replace('"2.10.0"', '"2.11.0"'))
    [found] = findings(workspace, "wheels-repo")
    assert (found["code"], found["subject"]) == ("BT401", "flash-attn")
    run = workspace.fromager("bootstrap", *workspace.stack.requirements)
    assert run.compiled == [f"{FLASH_ATTN.import_name} {FLASH_ATTN.version}"]
    # installers compare the suffix as a string: torch2.11.0 sorts above here by chance
    codes = sorted(each["code"] for each in findings(workspace, "wheels-repo"))
    assert codes == ["BT404", "BT408", "BT409"]


PILLOW_WHEEL: Final = platlib("pillow-12.2.0-2_el9.6")
FLASH_WHEEL: Final = ROCM.wheel_name(FLASH_ATTN)
UNTAGGED: Final = platlib("flash_attn-2.8.3-8")

type Change = Callable[[pathlib.Path], object]


def rename(old: str, new: str) -> Change:
    return lambda folder: (folder / old).rename(folder / new)


def copy(old: str, new: str) -> Change:
    return lambda folder: shutil.copy(folder / old, folder / new)


def remove(name: str) -> Change:
    return lambda folder: (folder / name).unlink()


def cut(name: str) -> Change:
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes()[:1000])


def only_an_sdist(folder: pathlib.Path) -> None:
    """Put pillow's source distribution, as fromager made it, in the place of its wheel."""
    [sdist] = folder.parent.parent.glob("sdists-repo/builds/pillow-*.tar.gz")
    (folder / PILLOW_WHEEL).unlink()
    shutil.copy(sdist, folder)


def nothing(folder: pathlib.Path) -> None:
    for wheel in folder.iterdir():
        wheel.unlink()


#: The findings of verify about the stand-ins: they do not link what their names declare.
LINK_NOTHING: Final = {("BT303", "flash-attn"), ("BT312", "flash-attn"), ("BT312", "torch")}
#: A change of a folder that fromager filled, the options of audit, and its exact findings.
RULES: Final[list[tuple[Change, list[str], set[tuple[str, str]]]]] = [
    (remove(PILLOW_WHEEL), ["--graph"], {("BT403", "pillow")}),
    (rename(FLASH_WHEEL, UNTAGGED), [], {("BT410", "flash-attn")}),
    (
        rename(purelib("fromager-0.79.0-2"), purelib("fromager-0.79.0-2_el9.6_rocm7.1")),
        [],
        {("BT411", "fromager")},
    ),
    (
        copy(PILLOW_WHEEL, platlib("pillow-12.2.0-9_el9.6")),
        [],
        {("BT402", "pillow"), ("BT412", "pillow")},
    ),
    (only_an_sdist, [], {("BT414", "pillow")}),
    (copy(PILLOW_WHEEL, "pillow.whl"), [], {("BT415", "pillow-whl")}),
    (nothing, [], {("BT416", "(index)")}),
    (cut(PILLOW_WHEEL), ["--deep"], {("BT341", PILLOW_WHEEL), *LINK_NOTHING}),
]


@pytest.mark.nightly
def test_each_rule_fires_where_it_should_and_nowhere_else(build: Build) -> None:
    workspace = build("rocm")
    graph = str(workspace.folder / "work-dir" / "graph.json")
    good = shutil.copytree(workspace.downloads, workspace.folder / "good")
    for change, options, expected in RULES:
        shutil.rmtree(workspace.downloads)
        shutil.copytree(good, workspace.downloads)
        change(workspace.downloads)
        arguments = [*options, graph] if "--graph" in options else options
        found = findings(workspace, str(workspace.downloads), *arguments)
        assert {(each["code"], each["subject"]) for each in found} == expected


def test_files_of_one_name_differ_between_indexes(build: Build) -> None:
    """Two builds of one source are not the same to the byte."""
    workspace = build("rocm")
    other = shutil.copytree(workspace.downloads, workspace.folder / "other")
    assert findings(workspace, "wheels-repo", str(other)) == []
    with zipfile.ZipFile(other / PILLOW_WHEEL, "a") as wheel:
        wheel.comment = b"built again"
    found = findings(workspace, "wheels-repo", str(other))
    assert {(each["code"], each["subject"]) for each in found} == {("BT413", "pillow")}


def test_servers_give_the_same_report(build: Build) -> None:
    workspace = build("rocm")
    stale = platlib("flash_attn-2.8.3-8_el9.6_rocm7.1_torch2.9.1")
    shutil.copy(workspace.downloads / ROCM.wheel_name(FLASH_ATTN), workspace.downloads / stale)
    expected = report(workspace, "wheels-repo")
    assert "BT402" in expected
    with wheel_server(workspace) as url:
        assert report(workspace, url) == expected
    with pypiserver(workspace.downloads) as url:
        assert report(workspace, url) == expected


def report(workspace: Workspace, index: str) -> str:
    """Return the report for people, without the place of the index."""
    text = tool(workspace, "audit", "--exit-zero", index)
    place = rf"^({re.escape(index)}|http://[\d.:]+)([\w/-]*/)?"
    return re.sub(place, "", text, flags=re.MULTILINE)


@contextlib.contextmanager
def pypiserver(folder: pathlib.Path) -> Iterator[str]:
    """Serve *folder* with pypiserver on loopback; give the URL of its simple API."""
    import socket
    import time

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "pypiserver", "run", "-i", "127.0.0.1", "-p", str(port)]
    command += ["--disable-fallback", "-a", ".", "-P", ".", str(folder)]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            for _ in range(200):
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                    break
                time.sleep(0.05)
            yield f"http://127.0.0.1:{port}/simple/"
        finally:
            process.terminate()


@pytest.mark.nightly
def test_variants_that_build_from_other_sources_have_no_pool(build: Build) -> None:
    """The purelib wheel has one name; fromager records other settings in it."""
    made = merged({stack.variant: build(stack.variant) for stack in ALL_STACKS}, status=1)
    assert {each["code"] for each in made["findings"]} == {"BT413"}
    found = {each["subject"]: each["message"].rpartition(": ")[2] for each in made["findings"]}
    assert found["fromager"] == "fromager-0.79.0.dist-info/fromager-build-settings differs"
    assert found.keys() == {"fromager", "pillow"}


@pytest.mark.nightly
def test_a_pool_has_exactly_what_is_the_same_once(
    make_workspace: MakeWorkspace, index_urls: Mapping[str, str]
) -> None:
    workspaces: dict[str, Workspace] = {}
    for stack in ALL_STACKS:
        workspace = workspaces[stack.variant] = make_workspace(stack)
        for name in ("fromager", "pillow"):
            file = workspace.settings / "packages" / f"{name}.yaml"
            text = file.read_text().replace(index_urls[stack.variant], index_urls["cpu"])
            file.write_text(text)
        workspace.fromager("bootstrap", *stack.requirements)
    fromager, pillow = purelib("fromager-0.79.0-2"), platlib("pillow-12.2.0-2_el9.6")
    made = merged(workspaces)
    several = {
        wheel["filename"]: len(wheel["views"])
        for project in made["projects"]
        for wheel in project["wheels"]
        if len(wheel["views"]) > 1
    }
    assert several == {fromager: 3, pillow: 2}
    # one distribution, as wheels without a label have to have
    stacks = {variant: workspaces[variant] for variant in ("cpu", "rocm")}
    machines = ["--machine=cpu", "--machine=rocm7.1"]
    made = merged(stacks, "shared", "--variants", *machines)
    assert {each["code"]: each["severity"] for each in made["findings"]} == {"BT434": "note"}
    expected = {ALL_STACKS[-1].wheel_name(each) for each in ALL_STACKS[-1].stand_ins}
    assert {each["filename"] for each in made["machines"]} == expected
    labels = {
        wheel["filename"]
        for project in made["projects"]
        for wheel in project["wheels"]
        if wheel["labelled"]
    }
    assert labels == {ROCM.wheel_name(each) for each in (ROCM.torch, FLASH_ATTN)}


def merged(
    workspaces: Mapping[str, Workspace], name: str = "pool", *options: str, status: int = 0
) -> dict[str, Any]:
    """Return the result of a merge of the downloads of *workspaces*."""
    some = next(iter(workspaces.values()))
    views = [f"{variant}={workspaces[variant].downloads}" for variant in sorted(workspaces)]
    command = ["merge", str(some.folder / name), *views, *options, "--format", "json"]
    text = tool(some, *command, status=status)
    made: dict[str, Any] = json.loads(text)
    return made
