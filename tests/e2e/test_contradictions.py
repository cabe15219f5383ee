"""A tag never contradicts the machine: the build stops, with both values and their sources."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping

import pytest

from .factories import MakeWorkspace
from .stacks import CUDA, FLASH_ATTN

pytestmark = pytest.mark.e2e


def test_an_image_variable_that_contradicts_the_variant_file_stops_the_build(
    make_workspace: MakeWorkspace, index_urls: Mapping[str, str]
) -> None:
    workspace = make_workspace(CUDA)
    build = ("build", CUDA.torch.name, CUDA.torch.version, index_urls[CUDA.variant])
    run = workspace.fromager(*build, status=1, CUDA_VERSION="12.9.1")
    place = f"{workspace.settings / 'variants' / 'cuda.yaml'}:3"
    assert run.stderr.endswith(
        "no build tag for torch 2.9.1: the stack cannot be resolved because "
        f"the CUDA version is 13.0 ({place}), "
        "yet 12.9.1 (CUDA_VERSION): "
        "correct one of them, or set WHEEL_BUILD_TAG_CUDA_VERSION\n"
    )
    assert workspace.wheel_names() == set()


def test_a_pin_that_contradicts_the_variant_file_stops_the_build(
    make_workspace: MakeWorkspace, index_urls: Mapping[str, str], tmp_path: pathlib.Path
) -> None:
    workspace = make_workspace(CUDA)
    constraints = tmp_path / "constraints.txt"
    constraints.write_text("torch==2.10.0\n", encoding="utf-8")
    build = ("build", FLASH_ATTN.name, FLASH_ATTN.version, index_urls[CUDA.variant])
    run = workspace.fromager("--constraints-file", constraints, *build, status=1)
    place = f"{workspace.settings / 'variants' / 'cuda.yaml'}:4"
    assert run.stderr.endswith(
        "no build tag for flash-attn 2.8.3: the stack cannot be resolved because "
        f"the Torch version is 2.9.1 ({place}), "
        "yet 2.10.0 (the constraint torch==2.10.0): "
        "correct one of them, or set WHEEL_BUILD_TAG_TORCH_VERSION\n"
    )
    assert workspace.wheel_names() == set()


def test_an_image_variable_that_agrees_does_not(
    make_workspace: MakeWorkspace, index_urls: Mapping[str, str]
) -> None:
    workspace = make_workspace(CUDA)
    build = ("build", CUDA.torch.name, CUDA.torch.version, index_urls[CUDA.variant])
    workspace.fromager(*build, CUDA_VERSION="13.0.1", ROCM_VERSION="6.4", TORCH_VERSION="")
    assert workspace.wheel_names() == {CUDA.wheel_name(CUDA.torch)}
