"""BT317: the device code of each library against the declared GPU architectures."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping, Sequence

import pytest
from packaging.requirements import Requirement

from fromager_build_tags.findings.finding import Finding
from fromager_build_tags.settings.environment import declare
from fromager_build_tags.stack.gpu_arch import GpuArch
from fromager_build_tags.stack.resolve import declared_stacks
from fromager_build_tags.tag.filename import parse_wheel_name
from fromager_build_tags.verify import post_build
from fromager_build_tags.verify.declared_archs import archs_for
from fromager_build_tags.verify.examine import examine_wheel
from fromager_build_tags.verify.exemptions import Exemptions, parse_exemptions
from fromager_build_tags.verify.run import WheelSource, verify_wheel
from fromager_build_tags.wheel import elf

from ..conftest import Cli, MakeContext
from ..trees import GOOD, ROCM, ROCM_FILE, write_tree
from ..wheel.device_samples import bundle, container, entry, library
from .building import PLATFORM, Wheel
from .conftest import Write

CUDA, ROCM_TAG = "8_el9.6_cuda13.0", "8_el9.6_rocm7.1"


def cuda(*codes: str) -> bytes:
    return library(".nv_fatbin", container(*map(entry, codes)))


def rocm(*codes: str) -> bytes:
    return library(".hip_fatbin", bundle(*codes))


def holding(tag: str = CUDA, **libraries: bytes) -> Wheel:
    return Wheel(tag=tag, members={f"demo/{name}.so": data for name, data in libraries.items()})


def findings(
    path: pathlib.Path, archs: Sequence[str], exemptions: Exemptions | None = None
) -> list[Finding]:
    parsed = [*map(GpuArch.parse, archs)]
    found = verify_wheel(
        WheelSource(text=str(path)),
        lambda _: exemptions or Exemptions(),
        lambda location, shown: examine_wheel(location, shown, lambda _: parsed),
    )
    return [each for each in found if each.code == "BT317"]


RIGHT = {
    "every architecture": (holding(a=cuda("sm_90", "sm_100")), ["sm_90", "sm_100"]),
    "PTX": (holding(a=cuda("sm_80", "compute_80")), ["sm_90", "sm_120"]),
    "a later minor version": (holding(a=cuda("sm_80")), ["sm_86"]),
    "architecture-specific": (holding(a=cuda("sm_90a")), ["sm_90"]),
    "no device code": (Wheel(tag=CUDA, libraries=["libcudart.so.13"]), ["sm_90"]),
    "no code that runs anywhere": (
        holding(a=library(".nv_fatbin", container(entry("sm_90", kind=8)))),
        ["sm_90"],
    ),
    "nothing is declared": (holding(a=cuda("sm_80")), []),
    "ROCm": (holding(ROCM_TAG, a=rocm("gfx942", "gfx90a:xnack-")), ["gfx942", "gfx90a"]),
    "code of another accelerator": (holding(a=cuda("sm_90"), b=rocm("gfx906")), ["sm_90"]),
    # what cannot be read does not matter, if what can be read is enough
    "damaged, and enough": (
        holding(a=library(".nv_fatbin", container(entry("sm_90")) + b"x")),
        ["sm_90"],
    ),
}


@pytest.mark.parametrize(("wheel", "archs"), RIGHT.values(), ids=RIGHT)
def test_wheels_with_the_code(write: Write, wheel: Wheel, archs: list[str]) -> None:
    assert findings(write(wheel), archs) == []


DAMAGED = library(".nv_fatbin", container(entry("sm_80")) + b"x")
WRONG = {
    "one of two": (
        holding(a=cuda("sm_80", "sm_90a")),
        ["sm_80", "sm_90", "sm_120"],
        ["warning: demo/a.so has no code for sm_120 of gpu_archs: it has sm_80, sm_90a"],
    ),
    "older machine code": (
        holding(a=cuda("sm_90", "compute_90a")),
        ["sm_100", "sm_120a"],
        ["warning: demo/a.so has no code for sm_100, sm_120a of gpu_archs: it has sm_90, "
         "compute_90a"],
    ),
    "two libraries": (
        holding(a=cuda("sm_80"), b=cuda("sm_90")),
        ["sm_80", "sm_90"],
        [
            "warning: demo/a.so has no code for sm_90 of gpu_archs: it has sm_80",
            "warning: demo/b.so has no code for sm_80 of gpu_archs: it has sm_90",
        ],
    ),
    "ROCm": (
        holding(ROCM_TAG, a=rocm("gfx942:xnack+")),
        ["gfx942:xnack-", "gfx950"],
        ["warning: demo/a.so has no code for gfx942:xnack-, gfx950 of gpu_archs: it has "
         "gfx942:xnack+"],
    ),
    "damaged": (
        holding(a=DAMAGED),
        ["sm_80", "sm_90"],
        ["note: whether demo/a.so has code for sm_90 of gpu_archs is unknown: .nv_fatbin is "
         "truncated: 16 bytes at 120 of 121; it has sm_80"],
    ),
    "damaged at the start": (
        holding(a=library(".hip_fatbin", b"\1" * 8)),
        ["gfx942"],
        ["note: whether demo/a.so has code for gfx942 of gpu_archs is unknown: .hip_fatbin is "
         "broken: no bundle at 0"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("wheel", "archs", "messages"), WRONG.values(), ids=WRONG)
def test_wheels_without_the_code(
    write: Write, wheel: Wheel, archs: list[str], messages: list[str]
) -> None:
    found = findings(write(wheel), archs)
    assert [f"{each.severity.value}: {each.message}" for each in found] == messages
    assert [each.place.inside in each.message for each in found] == [True] * len(found)


def test_the_remedies(write: Write) -> None:
    [found] = findings(write(holding(a=cuda("sm_80"))), ["sm_90"])
    assert found.remedy == (
        "add them to TORCH_CUDA_ARCH_LIST or CMAKE_CUDA_ARCHITECTURES of the build, or remove them "
        'from gpu_archs; if it works without, declare it: build-tags.verify: "BT317: REASON"'
    )
    [found] = findings(write(holding(a=DAMAGED)), ["sm_90"])
    assert found.remedy == "list its architectures with cuobjdump --list-elf"


def test_an_exemption(write: Write) -> None:
    exemptions = parse_exemptions("BT317: the CPU does it there", "here")
    [found] = findings(write(holding(a=cuda("sm_80"))), ["sm_90"], exemptions)
    assert found.suppression == "the CPU does it there"


FAMILY = """\
distro: el9.6
gpu_archs: [sm_80]
stacks:
  - {cuda_version: "12.9", torch_version: "2.9.1"}
  - {cuda_version: "13.0", torch_version: "2.9.1", gpu_archs: [sm_90]}
  - {cuda_version: "13.0", torch_version: "2.10.0", gpu_archs: [sm_90, sm_120]}
"""


@pytest.mark.parametrize(
    ("name", "archs"),
    [
        ("demo-1.0-8_el9.6_cuda12.9", "sm_80"),
        ("demo-1.0-8_el9.6_cuda13.0_torch2.9.1", "sm_90"),
        ("demo-1.0-8_el9.6_cuda13.0_torch2.10.0", "sm_90 sm_120"),
        ("demo-1.0-8_el9.6_cuda13.0", "sm_90 sm_120"),
        ("demo-1.0+cu130", "sm_90 sm_120"),
        ("demo-1.0-8_el9.8_cuda13.0", ""),
        ("demo-1.0-8_el9.6_cuda13.1", ""),
        ("demo-1.0-8_el9.6_rocm7.1", ""),
        ("demo-1.0-8_el9.6_cpu", ""),
        ("demo-1.0-8_el9.6_torch2.9.1", ""),
        ("demo-1.0", ""),
    ],
)
def test_the_stack_of_a_wheel_is_that_of_its_name(
    tmp_path: pathlib.Path, name: str, archs: str
) -> None:
    (tmp_path / "cuda.yaml").write_text(FAMILY)
    stacks = declared_stacks(declare("cuda", tmp_path))
    found = archs_for(parse_wheel_name(f"{name}-{PLATFORM}.whl"), lambda: stacks)
    assert " ".join(map(str, found)) == archs


def test_the_stacks_of_a_wheel_without_an_accelerator_are_not_read() -> None:
    name = parse_wheel_name(f"demo-1.0-8_el9.6-{PLATFORM}.whl")
    assert archs_for(name, lambda: 1 / 0) == ()  # type: ignore[arg-type, return-value]


ARCHS: Mapping[str, str] = {**GOOD, ROCM_FILE: f"{ROCM}gpu_archs: [gfx942, gfx950]\n"}
MISSING = "demo/a.so has no code for gfx950 of gpu_archs: it has gfx942"


def test_the_command(cli: Cli, write: Write, tmp_path: pathlib.Path) -> None:
    path = write(holding(ROCM_TAG, a=rocm("gfx942")))
    assert "BT317" not in cli("verify", str(path)).stdout
    write_tree(tmp_path, ARCHS)
    assert f"warning BT317: {MISSING}\n" in cli("verify", str(path)).stdout
    write_tree(tmp_path, {ROCM_FILE: f"{ROCM}gpu_archs: [sm_90]\n"})
    result = cli("verify", str(path))
    assert "BT317" not in result.stdout
    assert (
        "gpu_archs of rocm are not compared: settings/variants/rocm.yaml: gpu_archs has 'sm_90', "
        "yet the accelerator is rocm (the name of variant 'rocm'): use those of rocm, such as "
        "gfx942\n"
    ) in result.stderr


def test_device_code_is_read_only_where_it_is_declared(
    cli: Cli, write: Write, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elf, "read_device_code", lambda elf: 1 / 0)
    path = str(write(holding(ROCM_TAG, a=rocm("gfx942"))))
    write_tree(tmp_path, GOOD)
    cli("verify", path)
    write_tree(tmp_path, ARCHS)
    assert "ZeroDivisionError" in cli("verify", path, status=1).stdout


@pytest.mark.parametrize(("archs", "count"), [("", 0), ("gpu_archs: [gfx942, gfx950]\n", 1)])
def test_the_post_build_check(
    make_context: MakeContext,
    write: Write,
    variants_dir: pathlib.Path,
    caplog: pytest.LogCaptureFixture,
    archs: str,
    count: int,
) -> None:
    (variants_dir / "rocm.yaml").write_text(ROCM + archs)
    ctx = make_context("rocm", hook="fromager_build_tags.hooks:build_tag_hook")
    path = write(holding(ROCM_TAG, a=rocm("gfx942")))
    post_build.verify_built(ctx, Requirement("demo-pkg"), path)
    found = [each for each in caplog.messages if "BT317" in each]
    assert len(found) == count
    assert all(f"BT317: {MISSING}" in each for each in found)
