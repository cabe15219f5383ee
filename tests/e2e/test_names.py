"""The names of the README's tables, by the real fromager, from the settings that are shipped.

torch, flash-attn, pillow and fromager are stand-ins: compiling Torch takes hours and a GPU
toolkit, which a test cannot have.
"""

from __future__ import annotations

import pathlib
import zipfile
from collections.abc import Mapping

import pytest

from .factories import Bootstrapped, MakeVenv, MakeWorkspace
from .installing import INSTALLERS, Install, installed_build_tags
from .stacks import CUDA, FLASH_ATTN, ROCM, STACKS, ExampleStack, platlib, purelib

pytestmark = pytest.mark.e2e

each_stack = pytest.mark.parametrize("stack", STACKS, ids=lambda stack: stack.variant)
one_stack_daily = pytest.mark.parametrize(
    "stack",
    [pytest.param(ROCM, id="rocm"), pytest.param(CUDA, id="cuda", marks=pytest.mark.nightly)],
)


def test_the_expected_names_are_those_of_the_tables() -> None:
    assert ROCM.wheel_names == {
        platlib("flash_attn-2.8.3-8_el9.6_rocm7.1_torch2.10.0"),
        platlib("torch-2.10.0-7_el9.6_rocm7.1"),
        platlib("pillow-12.2.0-2_el9.6"),
        purelib("fromager-0.79.0-2"),
    }
    assert CUDA.wheel_names == {
        platlib("flash_attn-2.8.3-8_fc43_cuda13.0_torch2.9.1"),
        platlib("torch-2.9.1-8_fc43_cuda13.0"),
        platlib("pillow-12.2.0-2_fc43"),
        purelib("fromager-0.79.0-2"),
    }


@each_stack
def test_bootstrap_gives_exactly_the_names(stack: ExampleStack, bootstrapped: Bootstrapped) -> None:
    workspace = bootstrapped(stack)
    assert workspace.wheel_names() == stack.wheel_names
    assert len(workspace.compiled()) == len(stack.stand_ins)


@one_stack_daily
def test_build_gives_exactly_the_names(
    stack: ExampleStack, make_workspace: MakeWorkspace, index_urls: Mapping[str, str]
) -> None:
    workspace = make_workspace(stack)
    for each in stack.stand_ins:
        run = workspace.fromager("build", each.name, each.version, index_urls[stack.variant])
        assert pathlib.Path(run.stdout.strip()).name == stack.wheel_name(each)
    assert workspace.wheel_names() == stack.wheel_names


@one_stack_daily
@pytest.mark.parametrize(
    ("command", "plan"),
    [("build-sequence", "build-order.json"), ("build-parallel", "graph.json")],
)
def test_a_plan_gives_exactly_the_names(
    stack: ExampleStack,
    command: str,
    plan: str,
    bootstrapped: Bootstrapped,
    make_workspace: MakeWorkspace,
) -> None:
    workspace = make_workspace(stack)
    run = workspace.fromager(command, bootstrapped(stack).folder / "work-dir" / plan)
    assert workspace.wheel_names() == stack.wheel_names
    assert len(run.compiled) == len(stack.stand_ins)


@each_stack
def test_the_wheel_file_has_the_build_tag(stack: ExampleStack, bootstrapped: Bootstrapped) -> None:
    path = bootstrapped(stack).downloads / stack.wheel_name(FLASH_ATTN)
    with zipfile.ZipFile(path) as archive:
        wheel = archive.read("flash_attn-2.8.3.dist-info/WHEEL").decode()
    assert f"Build: {stack.build_tags['flash-attn']}" in wheel.splitlines()


@each_stack
@pytest.mark.parametrize("install", INSTALLERS, ids=lambda install: install.__name__)
def test_installers_take_the_wheels(
    stack: ExampleStack,
    install: Install,
    bootstrapped: Bootstrapped,
    make_venv: MakeVenv,
    offline: Mapping[str, str],
) -> None:
    target = make_venv("pip")
    install(target, bootstrapped(stack).downloads, stack.requirements, offline)
    names = [each.name for each in stack.stand_ins]
    assert installed_build_tags(target, names, offline) == dict(stack.build_tags)


def test_an_editable_install_gives_the_same_name(
    make_venv: MakeVenv,
    make_workspace: MakeWorkspace,
    project_tree: pathlib.Path,
    index_urls: Mapping[str, str],
) -> None:
    workspace = make_workspace(ROCM, make_venv("fromager", "--editable", project_tree))
    build = ("build", FLASH_ATTN.name, FLASH_ATTN.version, index_urls[ROCM.variant])
    workspace.fromager(*build)
    assert workspace.wheel_names() == {ROCM.wheel_name(FLASH_ATTN)}
