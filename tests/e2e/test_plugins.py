"""This project beside third-party plugins, each in an installed distribution."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from .distributions import Distribution
from .factories import MakeVenv, MakeWorkspace
from .index import serve, write_index
from .plugins import (
    BROKEN_HOOK,
    BROKEN_OVERRIDE,
    BUILDS_TORCH,
    PATTERN,
    TAGS_TORCH,
    global_hook,
    verbatim_copy,
)
from .probing import Probe
from .stacks import FLASH_ATTN, PILLOW, ROCM, platlib
from .standins import StandIn
from .workspaces import Run, Workspace

pytestmark = pytest.mark.e2e


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """A place where this project is installed beside other distributions."""

    make_venv: MakeVenv
    make_workspace: MakeWorkspace
    project: pathlib.Path
    index_url: str
    folder: pathlib.Path

    def install(self, *distributions: Distribution) -> Workspace:
        """Return a workspace of fromager, this project and *distributions*."""
        wheels = [distribution.write_wheel(self.folder) for distribution in distributions]
        venv = self.make_venv("fromager", self.project, *wheels)
        return self.make_workspace(ROCM, venv)

    def build(
        self, workspace: Workspace, package: StandIn, *, status: int = 0, **variables: str
    ) -> Run:
        """Build one package."""
        command = ("build", package.name, package.version, self.index_url)
        return workspace.fromager(*command, status=status, **variables)


@pytest.fixture
def site(
    make_venv: MakeVenv,
    make_workspace: MakeWorkspace,
    project_wheel: pathlib.Path,
    index_urls: Mapping[str, str],
    tmp_path: pathlib.Path,
) -> Site:
    return Site(
        make_venv=make_venv,
        make_workspace=make_workspace,
        project=project_wheel,
        index_url=index_urls[ROCM.variant],
        folder=tmp_path,
    )


def test_their_override_keeps_working_and_the_wheel_gets_our_tag(site: Site) -> None:
    workspace = site.install(BUILDS_TORCH)
    run = site.build(workspace, ROCM.torch)
    assert run.compiled == ["their build_wheel", "torch 2.10.0"]
    assert workspace.wheel_names() == {platlib("torch-2.10.0-7_el9.6_rocm7.1")}


def test_their_segments_take_precedence(site: Site) -> None:
    workspace = site.install(TAGS_TORCH)
    run = site.build(workspace, ROCM.torch)
    assert run.compiled == ["their build_wheel", "torch 2.10.0"]
    assert workspace.wheel_names() == {platlib("torch-2.10.0-7_el9.6_theirs1.0")}


def test_their_global_hook_adds_a_segment_to_every_wheel(site: Site) -> None:
    workspace = site.install(global_hook("their_hook", "abi3"))
    site.build(workspace, FLASH_ATTN)
    site.build(workspace, PILLOW)
    assert workspace.wheel_names() == {
        platlib("flash_attn-2.8.3-8_el9.6_rocm7.1_torch2.10.0_abi3"),
        platlib("pillow-12.2.0-2_el9.6_abi3"),
    }


def test_a_shipped_override_can_be_copied_as_it_is(site: Site) -> None:
    workspace = site.install(verbatim_copy("flash_attn"))
    run = site.build(workspace, FLASH_ATTN)
    assert workspace.wheel_names() == {ROCM.wheel_name(FLASH_ATTN)}
    assert "found wheel_build_tag override" in run.stderr


def test_a_package_that_only_a_pattern_names(site: Site) -> None:
    """One of ours, and one of a user's distribution; `show` and `explain` agree with fromager."""
    ours, theirs = (
        StandIn(name="jax-rocm99-plugin", version="1.0"),
        StandIn(name="their-kernels-rocm-7-1", version="1.0"),
    )
    workspace = site.install(PATTERN)
    with serve(site.folder / "index") as url:
        write_index(site.folder / "index" / "simple", [ours, theirs])
        for package in (ours, theirs):
            workspace.fromager("build", package.name, package.version, f"{url}/simple")
    stems = [
        "jax_rocm99_plugin-1.0-2_el9.6_rocm7.1",
        "their_kernels_rocm_7_1-1.0-2_el9.6_rocm7.1_torch2.10.0",
    ]
    assert workspace.wheel_names() == set(map(platlib, stems))
    pins = [f"{each.name}=={each.version}" for each in (ours, theirs)]
    shown = json.loads(workspace.fromager("build-tags", "show", *pins, "--format=json").stdout)
    assert [(each["platlib"], each["pattern"]) for each in shown["tags"]] == [
        (stems[0], "jax_rocm*_plugin"),
        (stems[1], "Their.Kernels-ROCm_*"),
    ]
    explained = workspace.fromager("build-tags", "explain", pins[1]).stdout
    assert (
        "  torch2.10.0  the shipped override their_kernels for Their.Kernels-ROCm_*\n" in explained
    )


def test_an_override_that_fails_to_import_is_named(site: Site) -> None:
    workspace = site.install(BROKEN_OVERRIDE)
    run = site.build(workspace, PILLOW, status=1)
    assert (
        "fromager_build_tags.overrides: pillow = broken_plugin (broken_plugin 1.0) "
        "does not load because No module named 'no_such_module'\n"
    ) in run.stderr


def test_other_packages_are_not_stopped_by_it(site: Site) -> None:
    workspace = site.install(BROKEN_OVERRIDE)
    site.build(workspace, FLASH_ATTN)
    assert workspace.wheel_names() == {ROCM.wheel_name(FLASH_ATTN)}


def test_a_global_hook_that_fails_to_import_stops_every_build_at_its_start(site: Site) -> None:
    """fromager loads all global hooks to log them, and its own message names no distribution."""
    workspace = site.install(BROKEN_HOOK)
    run = site.build(workspace, PILLOW, status=1)
    assert run.stderr.endswith(
        "failed to load overrides for wheel_build_tag because No module named 'no_such_module'\n"
    )
    assert run.compiled == []


def test_a_global_hook_that_fails_to_import_is_named_where_fromager_does_not_log_hooks(
    site: Site, offline: Mapping[str, str], tmp_path: pathlib.Path
) -> None:
    venv = site.install(BROKEN_HOOK).venv
    probe = Probe(venv=venv, stack=ROCM, environ=offline, cwd=tmp_path)
    assert (
        "PluginError: no build tag for torch 2.10.0: fromager.hooks: wheel_build_tag = "
        "broken_plugin:tag (broken_plugin 1.0) does not load\n"
    ) in probe.fail()
