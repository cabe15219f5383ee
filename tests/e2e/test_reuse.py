"""A fresh build and a cache look-up compute the same tag: what is built is never built again."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator

import pytest

from .factories import Bootstrapped, MakeWorkspace
from .server import wheel_server
from .stacks import FLASH_ATTN, ROCM, platlib
from .workspaces import Workspace

pytestmark = pytest.mark.e2e

#: fromager's commands that look for a wheel before they build it, and what they work off.
each_command = pytest.mark.parametrize(
    ("command", "work"),
    [
        pytest.param("bootstrap", ROCM.requirements, id="bootstrap"),
        pytest.param(
            "build-sequence",
            ["work-dir/build-order.json"],
            id="build-sequence",
            marks=pytest.mark.nightly,
        ),
        pytest.param("build-parallel", ["work-dir/graph.json"], id="build-parallel"),
    ],
)


@pytest.fixture
def finished(bootstrapped: Bootstrapped, tmp_path: pathlib.Path) -> Workspace:
    """A workspace of its own in which everything is built."""
    return bootstrapped(ROCM).copy(tmp_path / "finished")


@pytest.fixture
def empty(finished: Workspace, make_workspace: MakeWorkspace) -> Workspace:
    """A workspace without a wheel, yet with the plans of the finished one."""
    workspace = make_workspace(ROCM)
    plans = workspace.folder / "work-dir"
    plans.mkdir()
    for name in ("build-order.json", "graph.json"):
        (plans / name).write_bytes((finished.folder / "work-dir" / name).read_bytes())
    return workspace


@pytest.fixture(scope="module")
def cache_url(
    bootstrapped: Bootstrapped, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The URL of fromager's own wheel server, with everything built."""
    served = bootstrapped(ROCM).copy(tmp_path_factory.mktemp("cache-server") / "served")
    with wheel_server(served) as url:
        yield url


@each_command
def test_a_second_run_reuses_every_wheel(
    command: str, work: list[str], finished: Workspace
) -> None:
    before = finished.wheel_times()
    run = finished.fromager(command, *work)
    assert run.compiled == []
    assert finished.wheel_times() == before


@each_command
def test_an_empty_folder_reuses_every_wheel_of_a_cache_server(
    command: str, work: list[str], empty: Workspace, cache_url: str
) -> None:
    run = empty.fromager(command, "--cache-wheel-server-url", cache_url, *work)
    assert run.compiled == []
    assert empty.wheel_names() == ROCM.wheel_names


@each_command
def test_another_torch_rebuilds_what_links_it_and_nothing_else(
    command: str, work: list[str], finished: Workspace
) -> None:
    before = finished.wheel_times()
    _set_torch_version(finished, old="2.10.0", new="2.11.0")
    run = finished.fromager(command, *work)
    assert run.compiled == [f"{FLASH_ATTN.import_name} {FLASH_ATTN.version}"]
    after = finished.wheel_times()
    rebuilt = platlib("flash_attn-2.8.3-8_el9.6_rocm7.1_torch2.11.0")
    assert after.keys() - before.keys() == {rebuilt}
    assert {name: after[name] for name in before} == before


def _set_torch_version(workspace: Workspace, *, old: str, new: str) -> None:
    path = workspace.settings / "variants" / "rocm.yaml"
    text = path.read_text(encoding="utf-8")
    line = f'torch_version: "{old}"'
    assert text.count(line) == 1
    path.write_text(text.replace(line, f'torch_version: "{new}"'), encoding="utf-8")
