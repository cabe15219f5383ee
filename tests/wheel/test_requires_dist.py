"""Which CUDA and ROCm the names of packages contain, and what is read of METADATA."""

from __future__ import annotations

import pytest

from fromager_build_tags.wheel.archive import WheelError
from fromager_build_tags.wheel.libraries import Accelerator
from fromager_build_tags.wheel.requires_dist import (
    has_version_of,
    major_in_name,
    stack_requirements,
)

CUDA, ROCM, XPU = Accelerator


@pytest.mark.parametrize(
    ("name", "cuda", "rocm"),
    [
        ("nvidia-nccl-cu12", 12, None),
        ("cu13", 13, None),
        ("jax-cuda13-plugin", 13, None),
        ("cupy-cuda12x", 12, None),
        ("tensorrt-cu13-bindings", 13, None),
        ("cumm-cu120", 12, None),
        ("xformers-cu118", 11, None),
        ("mxnet-cu102", 10, None),
        ("mxnet-cu92", 9, None),
        ("nvidia-dali-cuda9", 9, None),
        ("openmm-cuda-12", 12, None),
        ("libtorch-cuda-12-8-linux", 12, None),
        ("jax-rocm7-pjrt", None, 7),
        ("jax-rocm10-plugin", None, 10),
        ("jax-rocm60-plugin", None, 6),
        ("mlc-llm-rocm62", None, 6),
        ("cupy-rocm-7-0", None, 7),
        ("demo-rocm713", None, 7),
        ("demo-rocm101", None, 10),
        ("demo-cu12-rocm7", 12, 7),
        ("cuda-bindings", None, None),
        ("nvidia-cuda-runtime", None, None),
        ("metrics-cu-2024", None, None),
        ("facu95", None, None),
        ("cu2qu", None, None),
        ("mxnet-cu92mkl", None, None),
        ("cuda2mlu", None, None),
        ("cu", None, None),
    ],
)
def test_the_major_in_a_name(name: str, cuda: int | None, rocm: int | None) -> None:
    assert [major_in_name(name, stack) for stack in Accelerator] == [cuda, rocm, None]


@pytest.mark.parametrize(
    ("name", "stack"),
    [
        ("cuda-bindings", CUDA),
        ("cuda-python", CUDA),
        ("cuda-toolkit", CUDA),
        ("nvidia-cuda-nvrtc", CUDA),
        ("nvidia-cuda-profiler-api", CUDA),
        ("nvidia-nvjitlink", CUDA),
        ("rocm", ROCM),
        ("rocm-sdk-core", ROCM),
        ("rocm-sdk-libraries-gfx94x-dcgpu", ROCM),
        ("rocm-bindings-hip", ROCM),
    ],
)
def test_a_version_that_is_the_toolkits(name: str, stack: Accelerator) -> None:
    assert [each for each in Accelerator if has_version_of(name, each)] == [stack]


@pytest.mark.parametrize(
    "name", ["cuda-core", "cuda-pathfinder", "nvidia-cufft", "nvidia-nccl-cu12", "rocm-docs-core"]
)
def test_a_version_of_its_own(name: str) -> None:
    assert not any(has_version_of(name, each) for each in Accelerator)


def test_requirements_that_can_name_a_stack_are_read() -> None:
    lines = [
        "cupy-cuda12x [ctk] (>=14)",
        "NVIDIA_NCCL.cu12; python_version < '3.14'",
        "cuda-bindings<13; extra == 'gpu'",
        "numpy; platform_machine == 'cuda'",
        "rocm[libraries]==7.1.*",
        "cuda not a requirement",
    ]
    assert stack_requirements("x.whl", {"requires_dist": lines}) == (
        "cupy-cuda12x[ctk]>=14",
        'NVIDIA_NCCL.cu12; python_version < "3.14"',
        "rocm[libraries]==7.1.*",
    )


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (
            "cuda-python" + ",!=12.1" * 10_000,
            "its METADATA has 70011 characters of requirements on packages of CUDA and ROCm; "
            "65536 are read",
        ),
        (
            "cuda-python; " + "(" * 51,
            "its METADATA requires packages of CUDA and ROCm with more than 50 parentheses",
        ),
    ],
)
def test_requirements_without_bound_are_refused(line: str, reason: str) -> None:
    with pytest.raises(WheelError) as caught:
        stack_requirements("x.whl", {"requires_dist": [line]})

    assert caught.value.reason == reason
