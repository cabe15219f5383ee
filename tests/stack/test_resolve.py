"""Resolving facts: precedence, conflicts, and the texts of errors."""

from __future__ import annotations

import pathlib
from collections.abc import Callable

import pytest
from packaging.specifiers import SpecifierSet

from fromager_build_tags.errors import MissingFactError, StackError
from fromager_build_tags.settings.environment import declare
from fromager_build_tags.stack.fact import exact_pin
from fromager_build_tags.stack.machine import Machine, detect
from fromager_build_tags.stack.resolve import declared_stacks, resolve
from fromager_build_tags.stack.stack import Stack


class Bench:
    """A variant file, variables and a machine, and the stack that they make."""

    def __init__(self, folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.monkeypatch = monkeypatch

    def stack(
        self, variant: str, file: str | None = None, pin: str = "", **variables: str
    ) -> Stack:
        if file is not None:
            (self.folder / f"{variant}.yaml").write_text(file)
        for name, value in variables.items():
            if name.startswith("WHEEL_BUILD_TAG_"):
                self.monkeypatch.setenv(name, value)
        machine = detect(variables, SpecifierSet(pin))
        return resolve(declare(variant, self.folder), machine)

    def error(self, variant: str, file: str | None = None, **more: str) -> str:
        with pytest.raises(StackError) as caught:
            self.stack(variant, file, **more)
        return str(caught.value).replace(f"{self.folder}/", "")


@pytest.fixture
def bench(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(tmp_path, monkeypatch)


def missing(text: Callable[[], str]) -> str:
    with pytest.raises(MissingFactError) as caught:
        text()
    return str(caught.value)


@pytest.mark.parametrize(
    ("variant", "file", "variables", "expected"),
    [
        ("cpu", None, {}, "el9.6 cpu"),
        ("cpu-ubi9", None, {"CUDA_VERSION": "13.0"}, "el9.6 cpu"),
        ("cuda", None, {"CUDA_VERSION": "13.0.1"}, "el9.6 cuda13.0"),
        ("cuda12", None, {"CUDA_VERSION": "12.9.1.010"}, "el9.6 cuda12.9"),
        ("rocm-ubi9", None, {"ROCM_VERSION": "7.1.0"}, "el9.6 rocm7.1"),
        ("rocm_x", None, {"ROCM_VERSION": "7.1", "CUDA_VERSION": "garbage"}, "el9.6 rocm7.1"),
        ("rocm", "rocm_version: '7.1'", {"ROCM_VERSION": ""}, "el9.6 rocm7.1"),
        ("cuda", "cuda_version: '13.0'", {"CUDA_VERSION": "13.0.1"}, "el9.6 cuda13.0"),
        ("cuda", "cuda_version: '13'", {"CUDA_VERSION": "13.0.1"}, "el9.6 cuda13.0"),
        ("rubin-ubi9", "accelerator: cuda\ncuda_version: '13.0'", {}, "el9.6 cuda13.0"),
        ("rubin-ubi9", "cuda_version: '13.0'", {}, "el9.6 cuda13.0"),
        ("rubin-ubi9", None, {"CUDA_VERSION": "13.0"}, "el9.6 cuda13.0"),
        ("rubin-ubi9", None, {"WHEEL_BUILD_TAG_ROCM_VERSION": "7.1"}, "el9.6 rocm7.1"),
        ("hpu", "accelerator: gaudi\naccelerator_version: 1.22.0", {}, "el9.6 gaudi1.22.0"),
        ("tpu-x", "accelerator: tpu", {}, "el9.6 tpu"),
        ("cuda", "accelerator: rocm\nrocm_version: '7.1'", {}, "el9.6 rocm7.1"),
        ("cpu", "torch_version: 2.10.0", {"TORCH_VERSION": "2.10"}, "el9.6 cpu torch2.10.0"),
        ("cpu", "torch_version: '2.10'", {"TORCH_VERSION": "2.10.0+cpu"}, "el9.6 cpu torch2.10.0"),
        (
            "cpu",
            "torch_version: 2.10.0\ntorch_precision: minor",
            {"TORCH_VERSION": "2.10.1"},
            "el9.6 cpu torch2.10",
        ),
        ("cpu", "distro: el9.6", {}, "el9.6 cpu"),
        ("cpu", "distro: el9", {}, "el9 cpu"),
        ("cpu", "distro: el9\nstacks: [{torch_version: 2.9.1}]", {}, "el9 cpu torch2.9.1"),
        # package managers' spellings
        ("cuda", "cuda_version: '12.9'", {"CUDA_VERSION": "12-9"}, "el9.6 cuda12.9"),
        ("cuda", None, {"CUDA_VERSION": "13.0.1-1"}, "el9.6 cuda13.0"),
        ("cuda", None, {"CUDA_VERSION": "12.9.1-1.el9"}, "el9.6 cuda12.9"),
        ("rocm", None, {"ROCM_VERSION": "7.1.0.70100-42~22.04"}, "el9.6 rocm7.1"),
        ("cpu", None, {"TORCH_VERSION": "2.9.1-1"}, "el9.6 cpu torch2.9.1"),
        ("cpu", "torch_version: 2.9.1-1", {}, "el9.6 cpu torch2.9.1"),
        ("cpu", "torch_version: 2.9.1-rc1", {}, "el9.6 cpu torch2.9.1rc1"),
        ("cuda", None, {"WHEEL_BUILD_TAG_CUDA_VERSION": "12-9"}, "el9.6 cuda12.9"),
        # versions in the variant's name
        ("cuda13.0-torch2.13.0", None, {}, "el9.6 cuda13.0 torch2.13.0"),
        ("py3.12-cuda13.0-ubi9", None, {}, "el9.6 cuda13.0"),
        ("cuda13.0", "cuda_version: '13.0'", {"CUDA_VERSION": "13.0.1"}, "el9.6 cuda13.0"),
        ("cuda130", "cuda_version: '13.0'", {}, "el9.6 cuda13.0"),
        ("cuda13", "cuda_version: '13.0'", {}, "el9.6 cuda13.0"),
        ("rocm71", "rocm_version: '7.1'", {}, "el9.6 rocm7.1"),
        ("pytorch2.9-cpu", "accelerator: cpu\ntorch_version: 2.10.0", {}, "el9.6 cpu torch2.10.0"),
        ("cuda13.0", None, {"WHEEL_BUILD_TAG_CUDA_VERSION": "12.9"}, "el9.6 cuda12.9"),
        # local parts
        (
            "cuda",
            "cuda_version: '13.0'\ntorch_version: 2.9.1+cu130",
            {},
            "el9.6 cuda13.0 torch2.9.1",
        ),
        (
            "rocm",
            "rocm_version: '6.4'\ntorch_version: 2.9.1+rocm6.4.2.git1a",
            {},
            "el9.6 rocm6.4 torch2.9.1",
        ),
        (
            "cuda",
            "cuda_version: '13.0'",
            {"TORCH_VERSION": "2.9.0a0+50eac811a6.nv25.09"},
            "el9.6 cuda13.0 torch2.9.0a0",
        ),
        ("tpu", "accelerator: tpu\ntorch_version: 2.9.1+cpu", {}, "el9.6 tpu torch2.9.1"),
        ("xpu", "accelerator: xpu\ntorch_version: 2.9.1+xpu", {}, "el9.6 xpu torch2.9.1"),
    ],
)
def test_precedence(
    bench: Bench, variant: str, file: str | None, variables: dict[str, str], expected: str
) -> None:
    assert str(bench.stack(variant, file, **variables)) == expected


def test_an_explicit_variable_takes_precedence(bench: Bench) -> None:
    stack = bench.stack(
        "cuda",
        "distro: fc43\ncuda_version: '13.0'\ntorch_version: 2.9.1",
        pin="==2.8.0",
        CUDA_VERSION="12.9.1",
        TORCH_VERSION="garbage",
        WHEEL_BUILD_TAG_DISTRO="el10.1",
        WHEEL_BUILD_TAG_CUDA_VERSION="12.8",
        WHEEL_BUILD_TAG_TORCH_VERSION="2.10.0",
    )
    assert str(stack) == "el10.1 cuda12.8 torch2.10.0"


def test_an_explicit_accelerator_takes_precedence_over_name_and_file(bench: Bench) -> None:
    stack = bench.stack(
        "cuda",
        "cuda_version: '13.0'",
        WHEEL_BUILD_TAG_ACCELERATOR="rocm",
        WHEEL_BUILD_TAG_ROCM_VERSION="7.1",
        CUDA_VERSION="x",
    )
    assert stack.accelerator_text() == "rocm7.1"


def test_the_more_precise_of_variable_and_pin_is_used(bench: Bench) -> None:
    stack = bench.stack("cpu", pin="==2.11.0", TORCH_VERSION="2.11")
    assert stack.torch_text() == "torch2.11.0"


@pytest.mark.parametrize(
    ("variant", "file", "more", "message"),
    [
        (
            "cuda",
            "distro: el9.6\ncuda_version: '13.0'",
            {"CUDA_VERSION": "12.9.1"},
            "the CUDA version is 13.0 (cuda.yaml:2), yet 12.9.1 (CUDA_VERSION): "
            "correct one of them, or set WHEEL_BUILD_TAG_CUDA_VERSION",
        ),
        (
            "cpu",
            None,
            {"pin": "==2.10.0", "TORCH_VERSION": "2.11"},
            "the Torch version is 2.11 (TORCH_VERSION), yet 2.10.0 (the constraint torch==2.10.0): "
            "correct one of them, or set WHEEL_BUILD_TAG_TORCH_VERSION",
        ),
        (
            "cpu",
            "torch_version: 2.9.1",
            {"pin": "==2.10.0"},
            "the Torch version is 2.9.1 (cpu.yaml:1), yet 2.10.0 (the constraint torch==2.10.0): "
            "correct one of them, or set WHEEL_BUILD_TAG_TORCH_VERSION",
        ),
        (
            "cpu",
            "distro: fc43\ntorch_version: 2.9.1",
            {"TORCH_VERSION": "2.10"},
            "the distribution is fc43 (cpu.yaml:1), yet el9.6 (OS): "
            "correct one of them, or set WHEEL_BUILD_TAG_DISTRO; "
            "the Torch version is 2.9.1 (cpu.yaml:2), yet 2.10 (TORCH_VERSION): "
            "correct one of them, or set WHEEL_BUILD_TAG_TORCH_VERSION",
        ),
        (
            "rocm",
            "cuda_version: '13.0'",
            {},
            "cuda.yaml:1 sets cuda_version, yet the accelerator is rocm "
            "(the name of variant 'rocm'): use rocm_version",
        ),
        (
            "cpu",
            "accelerator_version: '1.0'",
            {},
            "cpu.yaml:1 sets accelerator_version, yet the accelerator is cpu "
            "(the name of variant 'cpu'): remove it",
        ),
        (
            "cuda",
            "cuda_version: '12.8'",
            {"CUDA_VERSION": "12-9"},
            "the CUDA version is 12.8 (cuda.yaml:1), yet 12.9 (CUDA_VERSION): "
            "correct one of them, or set WHEEL_BUILD_TAG_CUDA_VERSION",
        ),
        (
            "cpu",
            "distro: el",
            {},
            "the distribution is el (cpu.yaml:1), yet el9.6 (OS): "
            "correct one of them, or set WHEEL_BUILD_TAG_DISTRO",
        ),
        (
            "cpu",
            "distro: el9.60",
            {},
            "the distribution is el9.60 (cpu.yaml:1), yet el9.6 (OS): "
            "correct one of them, or set WHEEL_BUILD_TAG_DISTRO",
        ),
        (
            "cuda12.9-ubi9",
            "cuda_version: '13.0'",
            {},
            "the CUDA version is 13.0 (cuda.yaml:1), yet 12.9 (the name of variant "
            "'cuda12.9-ubi9'): correct one of them, or set WHEEL_BUILD_TAG_CUDA_VERSION",
        ),
        (
            "rocm7.1-ubi9",
            "rocm_version: '7.2'",
            {},
            "the ROCm version is 7.2 (cuda.yaml:1), yet 7.1 (the name of variant "
            "'rocm7.1-ubi9'): correct one of them, or set WHEEL_BUILD_TAG_ROCM_VERSION",
        ),
        (
            "py3.12-cuda128",
            "stacks: [{cuda_version: '12.8'}, {cuda_version: '13.0'}]",
            {},
            "the CUDA version is 13.0 (cuda.yaml:1), yet 12.8 (the name of variant "
            "'py3.12-cuda128'): correct one of them, or set WHEEL_BUILD_TAG_CUDA_VERSION",
        ),
        (
            "cuda13.0-torch2.13",
            "torch_version: 2.12.0",
            {},
            "the Torch version is 2.12.0 (cuda.yaml:1), yet 2.13 (the name of variant "
            "'cuda13.0-torch2.13'): correct one of them, or set WHEEL_BUILD_TAG_TORCH_VERSION",
        ),
        (
            "cuda13.0",
            None,
            {"CUDA_VERSION": "12.9.1"},
            "the CUDA version is 13.0 (the name of variant 'cuda13.0'), yet 12.9.1 "
            "(CUDA_VERSION): correct one of them, or set WHEEL_BUILD_TAG_CUDA_VERSION",
        ),
        (
            "cuda13.0",
            "accelerator: rocm",
            {},
            "the name of variant 'cuda13.0' contains cuda_version, yet the accelerator is rocm "
            "(cuda.yaml:1): correct one of them",
        ),
        (
            "cuda",
            "cuda_version: '13.0'",
            {"pin": "==2.9.1+rocm6.4"},
            "the accelerator is cuda13.0 (cuda.yaml:1), yet Torch 2.9.1+rocm6.4 (the constraint "
            "torch==2.9.1+rocm6.4) is for rocm6.4: "
            "correct one of them, or set WHEEL_BUILD_TAG_TORCH_VERSION",
        ),
        (
            "cuda",
            "cuda_version: '13.0'",
            {"pin": "==2.9.1+cu128"},
            "the accelerator is cuda13.0 (cuda.yaml:1), yet Torch 2.9.1+cu128 (the constraint "
            "torch==2.9.1+cu128) is for cuda12.8: "
            "correct one of them, or set WHEEL_BUILD_TAG_TORCH_VERSION",
        ),
        (
            "cuda",
            None,
            {"TORCH_VERSION": "2.9.1+cpu"},
            "the accelerator is cuda (the name of variant 'cuda'), yet Torch 2.9.1+cpu "
            "(TORCH_VERSION) is for cpu: "
            "correct one of them, or set WHEEL_BUILD_TAG_TORCH_VERSION",
        ),
        (
            "cpu",
            "torch_version: 2.9.1+xpu",
            {},
            "the accelerator is cpu (the name of variant 'cpu'), yet Torch 2.9.1+xpu "
            "(cuda.yaml:1) is for xpu: "
            "correct one of them, or set WHEEL_BUILD_TAG_TORCH_VERSION",
        ),
        (
            "cpu",
            None,
            {"WHEEL_BUILD_TAG_TORCH_VERSION": "2.9.1+cu130"},
            "the accelerator is cpu (the name of variant 'cpu'), yet Torch 2.9.1+cu130 "
            "(WHEEL_BUILD_TAG_TORCH_VERSION) is for cuda13.0: "
            "correct one of them, or set WHEEL_BUILD_TAG_TORCH_VERSION",
        ),
        (
            "tpu",
            "accelerator: tpu",
            {"pin": "==2.9.1+cu128"},
            "the accelerator is tpu (cuda.yaml:1), yet Torch 2.9.1+cu128 (the constraint "
            "torch==2.9.1+cu128) is for cuda12.8: "
            "correct one of them, or set WHEEL_BUILD_TAG_TORCH_VERSION",
        ),
        (
            "cuda",
            "cuda_version: '13.0'",
            {"CUDA_VERSION": "latest"},
            "CUDA_VERSION='latest' is not a PEP 440 version, such as 13.0 or 2.10.0, "
            "yet 13.0 (cuda.yaml:1) has to agree with it: "
            "unset it, or set WHEEL_BUILD_TAG_CUDA_VERSION",
        ),
    ],
)
def test_a_conflict_names_both_places_and_the_fix(
    bench: Bench,
    os_release: pathlib.Path,
    variant: str,
    file: str | None,
    more: dict[str, str],
    message: str,
) -> None:
    error = bench.error(variant, file, **more).replace(str(os_release), "OS")
    assert error == message.replace("cuda.yaml", f"{variant}.yaml")


@pytest.mark.parametrize(
    ("variant", "file", "variables", "text", "message"),
    [
        (
            "cuda",
            None,
            {},
            "accelerator_text",
            "the CUDA version of variant 'cuda' is unknown: set WHEEL_BUILD_TAG_CUDA_VERSION or "
            "CUDA_VERSION, or cuda_version in cuda.yaml",
        ),
        (
            "x",
            None,
            {},
            "accelerator_text",
            "the accelerator of variant 'x' is unknown: its name contains none; "
            "set WHEEL_BUILD_TAG_ACCELERATOR, or accelerator in x.yaml",
        ),
        (
            "x",
            None,
            {"CUDA_VERSION": "13.0", "ROCM_VERSION": "7.1"},
            "accelerator_text",
            "the accelerator of variant 'x' is unknown: CUDA_VERSION and ROCM_VERSION name "
            "different ones; set WHEEL_BUILD_TAG_ACCELERATOR, or accelerator in x.yaml",
        ),
        (
            "cpu",
            None,
            {},
            "torch_text",
            "the Torch version of variant 'cpu' is unknown: set WHEEL_BUILD_TAG_TORCH_VERSION or "
            "TORCH_VERSION, or torch_version in cpu.yaml",
        ),
        (
            "cpu",
            None,
            {"TORCH_VERSION": "2.11"},
            "torch_text",
            "the version of Torch is needed as X.Y.Z, yet known only as 2.11 "
            "(TORCH_VERSION): set it more precisely",
        ),
        (
            "cpu",
            None,
            {"TORCH_VERSION": "nightly"},
            "torch_text",
            "TORCH_VERSION='nightly' is not a PEP 440 version, such as 13.0 or 2.10.0: "
            "unset it, or set WHEEL_BUILD_TAG_TORCH_VERSION",
        ),
        (
            "cuda",
            "cuda_version: '13'",
            {},
            "accelerator_text",
            "the version of cuda is needed as X.Y, yet known only as 13 (cuda.yaml:1): "
            "set it more precisely",
        ),
    ],
)
def test_a_missing_fact_is_an_error_only_when_it_is_needed(
    bench: Bench, variant: str, file: str | None, variables: dict[str, str], text: str, message: str
) -> None:
    stack = bench.stack(variant, file, **variables)
    assert stack.distro_text() == "el9.6"
    assert missing(getattr(stack, text)).replace(f"{bench.folder}/", "") == message


def test_without_os_release_an_explicit_distribution_still_works(
    bench: Bench, os_release: pathlib.Path
) -> None:
    os_release.unlink()
    stack = bench.stack("cpu")
    assert missing(stack.distro_text) == (
        f"the distribution of variant 'cpu' is unknown: {os_release} cannot be read; "
        f"set WHEEL_BUILD_TAG_DISTRO, or distro in {bench.folder}/cpu.yaml"
    )
    assert bench.stack("cpu", WHEEL_BUILD_TAG_DISTRO="el9.6").distro_text() == "el9.6"


FAMILY = """\
stacks:
  - {distro: el9.6, cuda_version: "13.0", torch_version: "2.13.0"}
  - {distro: el9.6, cuda_version: "12.9", torch_version: "2.13.0"}
  - {distro: el9.6, cuda_version: "12.9", torch_version: "2.12.0"}
"""


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"CUDA_VERSION": "13.0.1"}, "el9.6 cuda13.0 torch2.13.0"),
        ({"CUDA_VERSION": "12.9.1", "TORCH_VERSION": "2.12"}, "el9.6 cuda12.9 torch2.12.0"),
        ({"CUDA_VERSION": "12.9.1", "pin": "==2.13.0"}, "el9.6 cuda12.9 torch2.13.0"),
        (
            {"WHEEL_BUILD_TAG_CUDA_VERSION": "12.9", "WHEEL_BUILD_TAG_TORCH_VERSION": "2.12.0"},
            "el9.6 cuda12.9 torch2.12.0",
        ),
    ],
)
def test_the_one_stack_of_a_family_that_agrees(
    bench: Bench, more: dict[str, str], expected: str
) -> None:
    assert str(bench.stack("cuda-ubi9", FAMILY, **more)) == expected


def test_no_stack_agrees(bench: Bench) -> None:
    assert bench.error("cuda-ubi9", FAMILY, CUDA_VERSION="12.8.1", pin="==2.13.0") == (
        "no stack of cuda-ubi9.yaml agrees with the variables and this machine: "
        "cuda-ubi9.yaml:2: the CUDA version is 13.0 (cuda-ubi9.yaml:2), yet 12.8.1 (CUDA_VERSION); "
        "cuda-ubi9.yaml:3: the CUDA version is 12.9 (cuda-ubi9.yaml:3), yet 12.8.1 (CUDA_VERSION); "
        "cuda-ubi9.yaml:4: the CUDA version is 12.9 (cuda-ubi9.yaml:4), yet 12.8.1 (CUDA_VERSION), "
        "and the Torch version is 2.12.0 (cuda-ubi9.yaml:4), "
        "yet 2.13.0 (the constraint torch==2.13.0): "
        "build on another machine, or add a stack"
    )


def test_an_explicit_variable_has_to_agree_with_a_family(bench: Bench) -> None:
    assert "yet 12.8 (WHEEL_BUILD_TAG_CUDA_VERSION)" in bench.error(
        "cuda-ubi9", FAMILY, WHEEL_BUILD_TAG_CUDA_VERSION="12.8"
    )


def test_two_stacks_agree(bench: Bench) -> None:
    assert bench.error("cuda-ubi9", FAMILY, CUDA_VERSION="12.9.1") == (
        "2 stacks of cuda-ubi9.yaml agree with the variables and this machine: "
        "cuda-ubi9.yaml:3: el9.6 cuda12.9 torch2.13.0; "
        "cuda-ubi9.yaml:4: el9.6 cuda12.9 torch2.12.0: "
        "set WHEEL_BUILD_TAG_TORCH_VERSION"
    )


def test_stacks_that_no_variable_distinguishes(bench: Bench) -> None:
    file = "stacks: [{distro: el9.6}, {distro: el9.6, torch_precision: minor}]"
    assert bench.error("cpu", file).endswith(": remove all but one")


def test_a_plan_does_not_read_the_machine(bench: Bench) -> None:
    (bench.folder / "cuda.yaml").write_text(FAMILY)
    stacks = declared_stacks(declare("cuda", bench.folder))
    assert [str(stack) for stack in stacks] == [
        "el9.6 cuda13.0 torch2.13.0",
        "el9.6 cuda12.9 torch2.13.0",
        "el9.6 cuda12.9 torch2.12.0",
    ]
    bench.monkeypatch.setenv("WHEEL_BUILD_TAG_CUDA_VERSION", "13.0")
    assert len(declared_stacks(declare("cuda", bench.folder))) == 1
    bench.monkeypatch.setenv("WHEEL_BUILD_TAG_CUDA_VERSION", "11.8")
    with pytest.raises(StackError, match="no stack of"):
        declared_stacks(declare("cuda", bench.folder))


def test_a_plan_without_declarations_has_no_facts(bench: Bench) -> None:
    [stack] = declared_stacks(declare("x", bench.folder))
    assert str(stack) == "(nothing is known)"
    assert missing(stack.distro_text).startswith(
        "the distribution of variant 'x' is unknown: this machine is not read (use --here)"
    )


def test_a_plan_refuses_a_file_that_conflicts_with_itself(bench: Bench) -> None:
    (bench.folder / "rocm.yaml").write_text("cuda_version: '13.0'")
    with pytest.raises(StackError, match="use rocm_version"):
        declared_stacks(declare("rocm", bench.folder))


@pytest.mark.parametrize(
    ("variant", "file", "message"),
    [
        (
            "cpu",
            "gpu_archs: [sm_90]",
            "cpu.yaml: gpu_archs has 'sm_90', yet the accelerator is cpu (the name of variant "
            "'cpu'): remove gpu_archs",
        ),
        (
            "rocm",
            "gpu_archs: [gfx942, sm_90]\nrocm_version: '7.1'",
            "rocm.yaml: gpu_archs has 'sm_90', yet the accelerator is rocm (the name of variant "
            "'rocm'): use those of rocm, such as gfx942",
        ),
        (
            "gpu",
            "gpu_archs: [gfx942]\nstacks:\n- {rocm_version: '7.1'}\n- {cuda_version: '13.0'}",
            "gpu.yaml:4: gpu_archs has 'gfx942', yet the accelerator is cuda (gpu.yaml:4): use "
            "those of cuda, such as sm_90",
        ),
    ],
)
def test_gpu_architectures_of_another_accelerator(
    bench: Bench, variant: str, file: str, message: str
) -> None:
    (bench.folder / f"{variant}.yaml").write_text(file)
    with pytest.raises(StackError) as caught:
        declared_stacks(declare(variant, bench.folder))
    assert str(caught.value).replace(f"{bench.folder}/", "") == message


def test_gpu_architectures_are_no_part_of_a_stack(bench: Bench) -> None:
    file = "gpu_archs: [{}]\ncuda_version: '13.0'"
    one, other = (bench.stack("cuda", file.format(arch)) for arch in ("sm_90", "sm_100, sm_120"))
    assert one == other
    assert [*map(str, other.gpu_archs)] == ["sm_100", "sm_120"]
    # of a variant without an accelerator, or with another by a variable, they are not checked
    (bench.folder / "new.yaml").write_text("gpu_archs: [sm_90]")
    [stack] = declared_stacks(declare("new", bench.folder))
    assert [*map(str, stack.gpu_archs)] == ["sm_90"]
    assert str(bench.stack("cuda", "gpu_archs: [sm_90]", WHEEL_BUILD_TAG_ACCELERATOR="cpu"))


def test_unused_values_are_kept(bench: Bench) -> None:
    stack = bench.stack("cpu", "torch_version: '2.11'", pin="==2.11.0", TORCH_VERSION="2.11")
    assert [note.replace(f"{bench.folder}/", "") for note in stack.torch_version.unused] == [
        "2.11 (cpu.yaml:1): it agrees",
        "2.11 (TORCH_VERSION): it agrees",
    ]
    stack = bench.stack("cpu", WHEEL_BUILD_TAG_TORCH_VERSION="2.10.0")
    assert [note.replace(f"{bench.folder}/", "") for note in stack.torch_version.unused] == [
        "2.11 (cpu.yaml:1): the explicit variable takes precedence"
    ]


@pytest.mark.parametrize(
    ("specifiers", "expected"),
    [
        ("==2.10.0", "==2.10.0"),
        ("===2.10.0+cpu", "===2.10.0+cpu"),
        (">=2.9,==2.10.0", "==2.10.0"),
        ("==2.10.*", None),
        (">=2.10", None),
        ("", None),
    ],
)
def test_only_an_exact_pin_is_a_version(specifiers: str, expected: str | None) -> None:
    pin = exact_pin(SpecifierSet(specifiers))
    assert (None if pin is None else str(pin)) == expected


@pytest.mark.parametrize(
    ("torch", "constraint", "forbids"),
    [
        ("2.9.1", "==2.10.*", "==2.10.*"),
        ("2.9.1", "~=2.10.0", "~=2.10.0"),
        ("2.9.1", ">=2.10,<2.11", ">=2.10"),
        ("2.9.1", "<2.9", "<2.9"),
        ("2.9.1", "==2.9.*", None),
        ("2.9.1", ">=2.9", None),
        ("2.9", "~=2.9.3", None),
        ("2.9", ">=2.10", ">=2.10"),
        ("2.11.0.dev20260101", ">=2.10", None),
    ],
)
def test_a_constraint_can_forbid_the_declared_version(
    bench: Bench, torch: str, constraint: str, forbids: str | None
) -> None:
    file = f"torch_version: '{torch}'"
    if forbids is None:
        assert torch in str(bench.stack("cpu", file, constraint).torch_version)
        return
    assert bench.error("cpu", file, pin=constraint) == (
        f"the Torch version is {torch} (cpu.yaml:1), yet the constraint torch{forbids} forbids "
        "it: correct one of them, or set WHEEL_BUILD_TAG_TORCH_VERSION"
    )
    variable = {"WHEEL_BUILD_TAG_TORCH_VERSION": torch}
    assert torch in str(bench.stack("cpu", None, constraint, **variable).torch_version)


def test_a_constraint_chooses_a_stack_of_a_family(bench: Bench) -> None:
    file = "stacks: [{torch_version: '2.9.1'}, {torch_version: '2.10.0'}]"
    assert bench.stack("cpu", file, "<2.10").torch_text() == "torch2.9.1"


@pytest.mark.parametrize(
    ("pin", "reason"),
    [
        ("===nightly", "is not a PEP 440 version, such as 13.0 or 2.10.0"),
        ("==1!2.10.0", "has an epoch, which cannot stand in a build tag"),
    ],
)
def test_an_invalid_pin_fails_only_packages_that_need_torch(
    bench: Bench, pin: str, reason: str
) -> None:
    stack = bench.stack("cpu", None, pin)
    assert stack.accelerator_text() == "cpu"
    assert missing(stack.torch_text) == (
        f"the constraint torch{pin} {reason}: correct it, or set WHEEL_BUILD_TAG_TORCH_VERSION"
    )


def test_a_key_without_an_image_variable_is_never_detected() -> None:
    assert Machine().versions("accelerator_version") == ()
