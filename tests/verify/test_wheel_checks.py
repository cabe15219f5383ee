"""Every rule of BT3: wheels on which it fires, and wheels on which it must not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fromager_build_tags.errors import SettingsError
from fromager_build_tags.findings.finding import Finding
from fromager_build_tags.findings.rules import RULES
from fromager_build_tags.verify import examine
from fromager_build_tags.verify.checks import CHECKS
from fromager_build_tags.verify.exemptions import NO_EXEMPTIONS, Exemptions, parse_exemptions
from fromager_build_tags.verify.run import WheelSource, verify_wheel
from fromager_build_tags.wheel.facts import WheelFacts

from ..wheel.craft import Shape, elf_without_sections, with_sections
from ..wheel.hostile import overlapping_needs
from .building import PLATFORM, PURE, Wheel
from .conftest import Write

EL = "8_el9.6"
CUDA = f"{EL}_cuda13.0"
TORCH = f"{CUDA}_torch2.10.0"
CUDART = "libcudart.so.13"
WINDOWS, MACOS = "cp312-cp312-win_amd64", "cp312-cp312-macosx_11_0_arm64"
MACH_O = b"\xcf\xfa\xed\xfe"
NOTE = "fromager-elf-requires.txt"


def findings(write: Write, wheel: Wheel, exemptions: Exemptions = NO_EXEMPTIONS) -> list[Finding]:
    return list(verify_wheel(WheelSource(text=str(write(wheel))), lambda _: exemptions))


def noted(*libraries: str) -> dict[str, str]:
    lines = "".join(f"{library}()(64bit)\n" for library in libraries)
    return {f"demo_pkg-1.0.dist-info/{NOTE}": lines}


def needing(*libraries: str) -> dict[str, bytes]:
    elf = elf_without_sections(Shape(), needed=[*libraries], imports=[])
    return {"demo/crafted.so": with_sections(Shape(), elf)}


def containing(text: str, section: str = ".rodata") -> dict[str, bytes]:
    elf = elf_without_sections(Shape(), needed=[], imports=["dlopen"])
    return {"demo/text.so": with_sections(Shape(), elf, section, f"\0{text}\0".encode())}


def compiled_by(rocm: str) -> dict[str, bytes]:
    return containing(f"AMD clang version 20.0.0git (x roc-{rocm} 25444 2768)", ".comment")


LOADS_CUDA = containing("libcuda.so.1")
PTX = containing(".version 8.0\n.target sm_75\n")


def named(name: str, **wheel: Any) -> Wheel:
    stem = f"{name.replace('-', '_')}-1.0"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
    return Wheel(stem=stem, info=f"{stem}.dist-info", metadata=metadata, **wheel)


RIGHT = {
    "everything": Wheel(tag=TORCH, libraries=["unstable", CUDART]),
    "accelerator": Wheel(tag=CUDA, libraries=[CUDART]),
    "stable ABI": Wheel(tag=CUDA, libraries=["stable", CUDART]),
    "link without a symbol": Wheel(tag=EL, libraries=["linked"]),
    "link without a symbol, tied": Wheel(tag=TORCH, libraries=["linked", CUDART]),
    "distribution": Wheel(tag=EL, libraries=["plain"]),
    "Fedora": Wheel(tag="8_fc43_cuda13.0", libraries=[CUDART]),
    "no build tag": Wheel(libraries=["plain"]),
    "number alone": Wheel(tag="8", libraries=["plain"]),
    "pure": Wheel(tag="8", platform=PURE),
    "cpu": Wheel(tag="8_el9.6_cpu_torch2.10.0", libraries=["unstable"]),
    "labelled by its accelerator": Wheel(tag=CUDA, libraries=[CUDART], label="cuda13.0"),
    "a label that names no accelerator": Wheel(tag=EL, libraries=["plain"], label="x86_64_v3"),
    "rocm": Wheel(tag="8_el9.6_rocm7.1", libraries=["libamdhip64.so.7"]),
    "ROCm 10 has the HIP of ROCm 7": Wheel(
        tag="8_el9.6_rocm10.1", members=needing("libamdhip64.so.7", "libhipblas.so.3")
    ),
    "CUPTI with the year of its release": Wheel(
        tag=CUDA, libraries=["nv_fatbin"], members=needing("libcupti.so.2025.1.0")
    ),
    "cusolver 11 is CUDA 11": Wheel(
        tag="8_el9.6_cuda11.8", members=needing("libcusolver.so.11", "libcusparse.so.11")
    ),
    "cusolver 11 is CUDA 12, too": Wheel(
        tag="8_el9.6_cuda12.9", members=needing("libcusolver.so.11", "libcusparse.so.12")
    ),
    "oneCCL for CPUs": Wheel(tag="8_el9.6_cpu", members=needing("libccl.so.1")),
    "compiled by its ROCm": Wheel(
        tag="8_el9.6_rocm7.1", libraries=["hip_fatbin"], members=compiled_by("7.1.1")
    ),
    "compiled by its ROCm, with a patch version": Wheel(
        tag="8_el9.6_rocm7.1.0", libraries=["hip_fatbin"], members=compiled_by("7.1.1")
    ),
    "a name for dlopen in a cpu wheel": Wheel(tag=f"{EL}_cpu", members=LOADS_CUDA),
    "a name for dlopen beside its library": Wheel(
        tag=CUDA, libraries=[CUDART], members=LOADS_CUDA
    ),
    "rocm, static": Wheel(tag="8_el9.6_rocm7.1", libraries=["hip_fatbin"]),
    "cuda, static": Wheel(tag=CUDA, libraries=["nv_fatbin"]),
    "cuda, only the driver": Wheel(tag=CUDA, libraries=["libcuda.so.1"]),
    "cuda, only a cubin": Wheel(tag=CUDA, libraries=["plain", "cubin"]),
    "a major of its own": Wheel(tag=CUDA, libraries=[CUDART, "libcudnn.so.9"]),
    "cufft 11 is CUDA 12": Wheel(tag="8_el9.6_cuda12.9", libraries=["libcufft.so.11"]),
    "cusolver 12 is CUDA 13": Wheel(tag=CUDA, libraries=["libcusolver.so.12"]),
    "xpu": Wheel(tag="8_el9.6_xpu2025.2", libraries=["libsycl.so.8"]),
    "an accelerator that shows nothing": Wheel(tag="8_el9.6_gaudi1.22", libraries=["plain"]),
    "carries its own Torch": Wheel(tag=EL, libraries=["own", "libtorch"]),
    "pin": Wheel(tag=TORCH, libraries=["unstable", CUDART], requires=["torch==2.10.0"]),
    "pin with local part": Wheel(
        tag=TORCH, libraries=["unstable", CUDART], requires=["torch==2.10.0+cu130"]
    ),
    "range": Wheel(tag=TORCH, libraries=["unstable", CUDART], requires=["torch>=2.9,<2.11"]),
    "minor": Wheel(
        tag=f"{CUDA}_torch2.10", libraries=["unstable", CUDART], requires=["torch==2.10.1"]
    ),
    "pin of an extra": Wheel(
        tag=TORCH, libraries=["unstable", CUDART], requires=["torch==2.9; extra == 'old'"]
    ),
    "a pin for each machine": Wheel(
        tag=TORCH,
        libraries=["unstable", CUDART],
        requires=[
            "torch==2.9; platform_machine == 'aarch64'",
            "torch==2.10.0; platform_machine == 'x86_64'",
        ],
    ),
    "requires the same CUDA": Wheel(
        tag=CUDA,
        libraries=[CUDART],
        requires=[
            "cupy-cuda13x[ctk]>=13",
            "numba-cuda[cu13]",
            "cuda-bindings>=12.9",
            "cuda-python<14,>=13",
            "cuda-toolkit<13.5",
            "nvidia-cuda-runtime==13.0.96",
            "nvidia-nvjitlink",
            "cuda-core<2",
            "nvidia-cufft==12.0.0.61",
            "nvidia-nccl-cu12; extra == 'old'",
            "cuda-toolkit===nightly",
        ],
    ),
    "requires a release before the end of a CUDA": Wheel(
        tag=f"{EL}_cuda12.9", libraries=["libcufft.so.11"], requires=["cuda-bindings<13.0a0,>12.8"]
    ),
    "requires a CUDA for each machine": Wheel(
        tag=CUDA,
        libraries=[CUDART],
        requires=[
            "nvidia-nccl-cu12; platform_machine == 'aarch64'",
            "nvidia-nccl-cu13; platform_machine == 'x86_64'",
        ],
    ),
    "a name with its CUDA": named("demo-cu130", tag=CUDA, libraries=[CUDART]),
    "a name with its ROCm": named(
        "demo-rocm60", tag=f"{EL}_rocm6.4", libraries=["libamdhip64.so.6"]
    ),
    "a name with two stacks": named(
        "demo-cuda12-rocm7", tag=f"{EL}_rocm7.1", libraries=["libamdhip64.so.7"]
    ),
    "a name that is no CUDA": named("facu95-cuda2mlu-rocks12", tag=CUDA, libraries=[CUDART]),
    "requires with more parts than are compared": Wheel(
        tag=CUDA,
        libraries=[CUDART],
        requires=[",".join(["cuda-python<13", *(f"!=12.{number}" for number in range(60))])],
    ),
    "requires the same ROCm": Wheel(
        tag=f"{EL}_rocm7.1",
        libraries=["libamdhip64.so.7"],
        requires=["rocm[libraries]==7.1.*", "rocm-sdk-core==7.1.0", "nvidia-nccl-cu12"],
    ),
    "requires CUDA, for the CPU": Wheel(
        tag=f"{EL}_cpu", libraries=["plain"], requires=["nvidia-nccl-cu12"]
    ),
    "Build with zeros": Wheel(tag=EL, build="08_el9.6", libraries=["plain"]),
    "aarch64": Wheel(tag=EL, platform="cp312-cp312-manylinux_2_28_aarch64", libraries=["aarch64"]),
    "ppc64le": Wheel(tag=EL, platform="cp312-cp312-linux_ppc64le", libraries=["ppc64le"]),
    "ppc64": Wheel(tag=EL, platform="cp312-cp312-linux_ppc64", libraries=["ppc64"]),
    "i686": Wheel(tag=EL, platform="cp312-cp312-manylinux2014_i686", libraries=["i386"]),
    "kernel code": Wheel(tag=EL, libraries=["plain", "bpf"]),
    "noted": Wheel(tag=TORCH, libraries=["unstable", CUDART], members=noted("libtorch.so", CUDART)),
    "noted, and not of interest": Wheel(tag=EL, libraries=["plain"], members=noted("libz.so.1")),
    "noted, then bundled": Wheel(
        tag=CUDA, libraries=[CUDART], members=noted("libcudart-0a1b2c3d.so.13.0.96")
    ),
    "a folder spelled otherwise": Wheel(
        tag=EL, libraries=["plain"], info="Demo.Pkg-1.0.0.dist-info"
    ),
    "several tags": Wheel(
        tag=EL,
        libraries=["plain"],
        platform="cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64",
        wheel_tags=[
            "cp312-cp312-manylinux2014_x86_64",
            "cp312-cp312-manylinux_2_17_x86_64",
        ],
    ),
    "compressed tags in WHEEL": Wheel(
        tag="8", platform="py2.py3-none-any", wheel_tags=["py3.py2-none-any"]
    ),
    "a CUDA runtime by itself": Wheel(tag="8_el9.6_cuda12.9", libraries=["runtime"]),
    "a mangled helper of CUDA alone": Wheel(tag=CUDA, libraries=["plain", "renamed"]),
    "a carried runtime beside device code": Wheel(
        tag="8_el9.6_cuda12.9", libraries=["nv_fatbin", "runtime"]
    ),
    "a segment of another hook": Wheel(tag="8_el9.6_abi3", libraries=["plain"]),
    "renamed to manylinux": Wheel(
        tag=EL,
        libraries=["plain"],
        platform="cp312-cp312-manylinux_2_28_x86_64",
        wheel_tags=[PLATFORM],
    ),
    "another distribution": Wheel(tag="8_ubuntu24.04", libraries=["plain"]),
}  # fmt: skip


@pytest.mark.parametrize("wheel", RIGHT.values(), ids=RIGHT)
def test_right_wheels_have_no_finding(write: Write, wheel: Wheel) -> None:
    assert findings(write, wheel) == []


WRONG = {
    "no Torch segment": (Wheel(tag=CUDA, libraries=["unstable", CUDART]), ["BT301 error"]),
    "no Torch segment, cpu": (Wheel(tag="8_el9.6_cpu", libraries=["unstable"]), ["BT301 error"]),
    "nothing in the name": (
        Wheel(libraries=["unstable", CUDART]),
        ["BT301 error", "BT311 error"],
    ),
    "stable ABI": (Wheel(tag=TORCH, libraries=["stable", CUDART]), ["BT302 warning"]),
    "no Torch": (Wheel(tag=TORCH, libraries=[CUDART]), ["BT303 error"]),
    "its own Torch": (
        Wheel(tag="8_el9.6_torch2.10.0", libraries=["own", "libtorch"]),
        ["BT303 error"],
    ),
    "no Torch, as far as one can see": (
        Wheel(tag=TORCH, libraries=[CUDART], members={"x.so": b"\x7fELF"}),
        ["BT303 warning", "BT342 warning"],
    ),
    "other pin": (
        Wheel(tag=TORCH, libraries=["unstable", CUDART], requires=["torch==2.9.1"]),
        ["BT304 error"],
    ),
    "other range": (
        Wheel(tag=TORCH, libraries=["unstable", CUDART], requires=["torch<2.10,>=2"]),
        ["BT304 error"],
    ),
    "other minor": (
        Wheel(tag=f"{CUDA}_torch2.10", libraries=["unstable", CUDART], requires=["torch~=2.9.0"]),
        ["BT304 error"],
    ),
    "other pins, each with a marker": (
        Wheel(
            tag=TORCH,
            libraries=["unstable", CUDART],
            requires=[f"torch==2.9; platform_machine == '{m}'" for m in ("arm64", "x86_64")],
        ),
        ["BT304 error"],
    ),
    "no accelerator segment": (Wheel(tag=EL, libraries=[CUDART]), ["BT311 error"]),
    "no accelerator segment, static": (Wheel(tag=EL, libraries=["nv_fatbin"]), ["BT311 error"]),
    "a runtime, and no segment": (Wheel(tag=EL, libraries=["runtime"]), ["BT311 error"]),
    "a runtime for dlopen": (Wheel(tag=EL, libraries=["plain", "runtime"]), ["BT311 error"]),
    "a profiler among others": (
        Wheel(tag=EL, libraries=["plain", "linked", "profiler"]),
        ["BT311 warning"],
    ),
    "a profiler in a cpu wheel": (
        Wheel(tag=f"{EL}_cpu", libraries=["plain", "linked", "profiler"]),
        ["BT313 warning"],
    ),
    "a profiler in a rocm wheel": (
        Wheel(tag=f"{EL}_rocm7.1", libraries=["plain", "linked", "profiler"]),
        ["BT313 error"],
    ),
    "a profiler of another major": (
        Wheel(tag=CUDA, libraries=["plain", "linked", "profiler"]),
        ["BT314 warning"],
    ),
    "a carried runtime of another major": (
        Wheel(tag=CUDA, libraries=["nv_fatbin", "runtime"]),
        ["BT314 error"],
    ),
    "a mangled helper of another major": (
        Wheel(tag=f"{EL}_cuda12.9", libraries=["plain", "renamed"]),
        ["BT314 error"],
    ),
    "no accelerator": (Wheel(tag=CUDA, libraries=["plain"]), ["BT312 error"]),
    "no accelerator, pure": (Wheel(tag="8_cuda13.0", platform=PURE), ["BT312 error"]),
    "no ROCm": (Wheel(tag="8_el9.6_rocm7.1", libraries=["plain"]), ["BT312 error"]),
    "no accelerator, as far as one can see": (
        Wheel(tag=CUDA, libraries=["sectionless"]),
        ["BT312 warning"],
    ),
    "no accelerator, as far as Windows binaries show": (
        Wheel(tag="8_cuda13.0", platform=WINDOWS, members={"x.pyd": b"MZ"}),
        ["BT312 warning", "BT342 note"],
    ),
    "no Torch, as far as macOS binaries show": (
        Wheel(tag="8_torch2.10.0", platform=MACOS, members={"x.dylib": MACH_O}),
        ["BT303 warning", "BT342 note"],
    ),
    "no Torch, and a linker script": (
        Wheel(tag="8_torch2.10.0", members={"x.so": b"GROUP ( libx.so.1 )"}),
        ["BT303 error", "BT342 note"],
    ),
    "ROCm inside": (Wheel(tag=CUDA, libraries=["libamdhip64.so.7"]), ["BT313 error"]),
    "CUDA in cpu": (Wheel(tag="8_el9.6_cpu", libraries=[CUDART]), ["BT313 error"]),
    "CUDA in gaudi": (Wheel(tag="8_el9.6_gaudi1.22", libraries=[CUDART]), ["BT313 error"]),
    "CUDA 12": (Wheel(tag=CUDA, libraries=["libcudart.so.12"]), ["BT314 error"]),
    "CUDA 12, with a soname of several majors": (
        Wheel(tag=CUDA, libraries=["libcudart.so.12"], members=needing("libcusparse.so.12")),
        ["BT314 error"],
    ),
    "CUDA 12 and 13": (
        Wheel(tag=CUDA, libraries=["libcudart.so.12"], members=needing("libcufft.so.12")),
        ["BT314 warning"],
    ),
    "CUDA 12 by cufft": (Wheel(tag=CUDA, libraries=["libcufft.so.11"]), ["BT314 error"]),
    "CUDA 13 by cusolver": (
        Wheel(tag="8_el9.6_cuda12.9", libraries=["libcusolver.so.12"]),
        ["BT314 error"],
    ),
    "ROCm 6": (Wheel(tag="8_el9.6_rocm7.1", libraries=["libamdhip64.so.6"]), ["BT314 error"]),
    "ROCm 7 or later by HIP": (
        Wheel(tag="8_el9.6_rocm6.4", libraries=["libamdhip64.so.7"]),
        ["BT314 error"],
    ),
    "ROCm 6 by hipBLAS": (
        Wheel(tag="8_el9.6_rocm7.1", libraries=["hip_fatbin"], members=needing("libhipblas.so.2")),
        ["BT314 error"],
    ),
    "compiled by another ROCm": (
        Wheel(tag=f"{EL}_rocm10.1", libraries=["hip_fatbin"], members=compiled_by("7.1.1")),
        ["BT314 error"],
    ),
    "compiled by another minor version of ROCm": (
        Wheel(tag=f"{EL}_rocm7.2", libraries=["hip_fatbin"], members=compiled_by("7.1.1")),
        ["BT314 warning"],
    ),
    "compiled by several ROCm": (
        Wheel(
            tag=f"{EL}_rocm7.1",
            libraries=["hip_fatbin"],
            members=compiled_by("6.4.0") | {"demo/b.so": compiled_by("7.1.1")["demo/text.so"]},
        ),
        ["BT314 warning"],
    ),
    "needs the HIP of another ROCm than it was compiled by": (
        Wheel(tag=f"{EL}_rocm7.1", libraries=["libamdhip64.so.6"], members=compiled_by("7.1.1")),
        ["BT314 error"],
    ),
    "may load CUDA": (Wheel(tag=CUDA, members=LOADS_CUDA), ["BT312 warning"]),
    "has PTX": (Wheel(tag=CUDA, members=PTX), ["BT312 warning"]),
    "may load CUDA, for ROCm": (Wheel(tag=f"{EL}_rocm7.1", members=LOADS_CUDA), ["BT312 error"]),
    "may load CUDA, and no segment": (Wheel(tag=EL, members=LOADS_CUDA), ["BT311 note"]),
    "has PTX, and no segment": (Wheel(tag=EL, members=PTX), ["BT311 note"]),
    "may load CUDA, pure": (
        Wheel(tag="8", platform=PURE, members=LOADS_CUDA),
        ["BT332 error"],
    ),
    "two majors": (Wheel(tag=CUDA, libraries=["libcudart.so.12", CUDART]), ["BT314 warning"]),
    "labelled by another version": (
        Wheel(tag=CUDA, libraries=[CUDART], label="cuda12.9"),
        ["BT318 error"],
    ),
    "labelled by no accelerator": (
        Wheel(tag=CUDA, libraries=[CUDART], label="x86_64_v3"),
        ["BT318 error"],
    ),
    "a plain wheel with the label of an accelerator": (
        Wheel(tag=f"{EL}_cpu", libraries=["plain"], label="cuda13.0"),
        ["BT318 error"],
    ),
    "requires another CUDA by a bound": (
        Wheel(tag=CUDA, libraries=[CUDART], requires=['cuda-bindings<13.0,>=12.9.2']),
        ["BT316 error"],
    ),
    "requires another CUDA by a bound before a pre-release": (
        Wheel(tag=CUDA, libraries=[CUDART], requires=['cuda-bindings<13.0a0']),
        ["BT316 error"],
    ),
    "requires another CUDA by a prefix": (
        Wheel(tag=CUDA, libraries=[CUDART], requires=['cuda-toolkit==12.*']),
        ["BT316 error"],
    ),
    "requires another CUDA by a pin": (
        Wheel(tag=CUDA, libraries=[CUDART], requires=['nvidia-cuda-runtime==12.9.79']),
        ["BT316 error"],
    ),
    "requires another CUDA by a name": (
        Wheel(tag=CUDA, libraries=[CUDART], requires=['nvidia-nccl-cu12']),
        ["BT316 error"],
    ),
    "requires another CUDA by another name": (
        Wheel(tag=CUDA, libraries=[CUDART], requires=['cupy-cuda12x[ctk]!=14.1.0,>=14.0.1']),
        ["BT316 error"],
    ),
    "requires another CUDA by a name with a minor": (
        Wheel(tag=CUDA, libraries=[CUDART], requires=['foo-cu128==1']),
        ["BT316 error"],
    ),
    "requires another CUDA by an extra": (
        Wheel(tag=CUDA, libraries=[CUDART], requires=['numba-cuda[cu12]>=0.22']),
        ["BT316 error"],
    ),
    "requires another CUDA by a marker": (
        Wheel(
            tag=CUDA,
            libraries=[CUDART],
            requires=["nvidia-nccl-cu12; platform_machine != 'aarch64'"],
        ),
        ["BT316 error"],
    ),
    "requires another CUDA by torch": (
        Wheel(tag=CUDA, libraries=[CUDART], requires=['torch==2.9.1+cu128']),
        ["BT316 error"],
    ),
    "requires another CUDA by a next CUDA": (
        Wheel(tag=CUDA, libraries=[CUDART], requires=['cuda-python>=14']),
        ["BT316 error"],
    ),
    "requires another ROCm": (
        Wheel(
            tag=f"{EL}_rocm7.1", libraries=["libamdhip64.so.7"], requires=["rocm[libraries]==10.1"]
        ),
        ["BT316 error"],
    ),
    "a name of another CUDA": (
        named("jax-cuda13-plugin", tag=f"{EL}_cuda12.8", libraries=["nv_fatbin"]),
        ["BT316 error"],
    ),
    "a name of ROCm 10, whose HIP is that of ROCm 7": (
        named("jax-rocm10-plugin", tag=f"{EL}_rocm7.1", libraries=["libamdhip64.so.7"]),
        ["BT316 error"],
    ),
    "a local version of another CUDA": (
        Wheel(
            tag=CUDA,
            libraries=[CUDART],
            stem="demo_pkg-1.0+cu128",
            info="demo_pkg-1.0+cu128.dist-info",
            metadata="Metadata-Version: 2.1\nName: demo-pkg\nVersion: 1.0+cu128\n",
        ),
        ["BT316 error"],
    ),
    "two accelerators": (
        Wheel(tag=CUDA, libraries=[CUDART, "libamdhip64.so.7"]),
        ["BT315 warning"],
    ),
    "two hidden accelerators": (
        Wheel(tag=EL, libraries=["nv_fatbin", "hip_fatbin"]),
        ["BT311 error", "BT315 warning"],
    ),
    "other Build": (Wheel(tag=EL, build="7_el9.6", libraries=["plain"]), ["BT321 error"]),
    "Build without a tag": (Wheel(build="7", libraries=["plain"]), ["BT321 error"]),
    "no Build": (Wheel(tag=EL, build="", libraries=["plain"]), ["BT321 warning"]),
    "two Builds": (Wheel(tag="8", build="8\nBuild: 8", libraries=["plain"]), ["BT321 error"]),
    "other name": (
        Wheel(stem="other-1.0", tag=EL, libraries=["plain"]),
        ["BT322 error"],
    ),
    "other version": (Wheel(stem="demo_pkg-1.1", tag=EL, libraries=["plain"]), ["BT322 error"]),
    "a folder of another name": (
        Wheel(tag=EL, libraries=["plain"], info="other-1.0.dist-info"),
        ["BT322 error"],
    ),
    "a folder of another version": (
        Wheel(tag=EL, libraries=["plain"], info="demo_pkg-1.1.dist-info"),
        ["BT322 error"],
    ),
    "a folder without a version": (
        Wheel(tag=EL, libraries=["plain"], info="demo_pkg.dist-info"),
        ["BT322 error"],
    ),
    "misspelled accelerator": (Wheel(tag="8_el9.6_cud13.0", libraries=[CUDART]), ["BT311 error"]),
    "misspelled Torch": (
        Wheel(tag=f"{CUDA}_Torch2.10.0", libraries=["unstable", CUDART]),
        ["BT301 error"],
    ),
    "noted and gone": (
        Wheel(tag=EL, libraries=["plain"], members=noted("libtorch.so", "libz.so.1")),
        ["BT325 warning"],
    ),
    "no binary": (Wheel(tag=EL), ["BT331 warning"]),
    "binary in pure": (Wheel(tag="8", platform=PURE, libraries=["plain"]), ["BT332 error"]),
    "Torch in pure": (Wheel(tag="8", platform=PURE, libraries=["unstable"]), ["BT332 error"]),
    "device code in pure": (
        Wheel(tag="8", platform=PURE, libraries=["cubin", "amdgpu"]),
        ["BT315 warning", "BT332 warning"],
    ),
    "distribution on pure": (Wheel(tag=EL, platform=PURE), ["BT333 warning"]),
    "other machine": (Wheel(tag=EL, libraries=["aarch64"]), ["BT334 error"]),
    "32 bit": (Wheel(tag=EL, libraries=["i386"]), ["BT334 error"]),
    "big-endian": (
        Wheel(tag=EL, platform="cp312-cp312-linux_ppc64le", libraries=["ppc64"]),
        ["BT334 error"],
    ),
    "32-bit RISC-V": (
        Wheel(tag=EL, platform="cp312-cp312-linux_riscv64", libraries=["riscv32"]),
        ["BT334 error"],
    ),
    "x32": (Wheel(tag=EL, libraries=["x32"]), ["BT334 error"]),
    "x32 too": (Wheel(tag=EL, libraries=["plain", "x32"]), ["BT334 warning"]),
    "two machines": (Wheel(tag=EL, libraries=["plain", "aarch64"]), ["BT334 warning"]),
    "truncated": (
        Wheel(tag=EL, libraries=["plain"], members={"x.so": b"\x7fELF\2\1"}),
        ["BT342 warning"],
    ),
    "empty": (Wheel(tag=EL, libraries=["plain"], members={"x.so": b""}), ["BT342 warning"]),
    "linker script": (
        Wheel(tag=EL, libraries=["plain"], members={"x.so": b"GROUP ( libx.so.1 )"}),
        ["BT342 note"],
    ),
    "too large": (
        Wheel(tag=EL, libraries=["plain"], members={"x.so": overlapping_needs()}),
        ["BT342 warning"],
    ),
    "device code cannot be seen": (Wheel(tag=EL, libraries=["sectionless"]), ["BT342 note"]),
    "Mach-O": (
        Wheel(tag=EL, libraries=["plain"], members={"x.dylib": MACH_O}),
        ["BT342 note"],
    ),
    "Mach-O alone": (
        Wheel(tag=EL, members={"x.dylib": MACH_O}),
        ["BT342 note"],
    ),
    "not a wheel's name": (Wheel(stem="demo_pkg-1.0-x", tag=EL), ["BT341 error"]),
    "no name in METADATA": (Wheel(tag=EL, metadata="Version: 1.0\n"), ["BT341 error"]),
    "two dist-infos": (Wheel(tag=EL, members={"x-1.dist-info/WHEEL": ""}), ["BT341 error"]),
    "outside": (Wheel(tag=EL, members={"../x.py": ""}), ["BT341 error"]),
}  # fmt: skip


@pytest.mark.parametrize(("wheel", "expected"), WRONG.values(), ids=WRONG)
def test_wrong_wheels_have_exactly_these(write: Write, wheel: Wheel, expected: list[str]) -> None:
    found = findings(write, wheel)
    assert sorted(f"{each.code} {each.severity.value}" for each in found) == expected


def test_every_rule_fires_somewhere() -> None:
    fired = {each.partition(" ")[0] for _, expected in WRONG.values() for each in expected}
    of_symbols = {"BT305", "BT306", "BT307", "BT308"}  # test_torch_symbols.py
    of_archs = {"BT317"}  # test_architectures.py
    assert fired | of_symbols | of_archs == {code for code in RULES if code.startswith("BT3")}
    # BT341 has no check, BT311 and BT342 have two, and the rules of symbols have one
    assert len(CHECKS) == len(fired | of_archs) + 2


def test_a_finding_names_evidence_and_the_exact_remedy(write: Write) -> None:
    [found] = findings(write, Wheel(tag=CUDA, libraries=["unstable", CUDART]))
    assert found.message == (
        "the name has no Torch segment, but demo/unstable.so imports 4 C++ symbols of Torch, "
        "as c10::Error"
    )
    assert found.remedy == (
        "set build-tags.depends-on of demo-pkg to 'accelerator torch', or change its override, or "
        "build it with Torch's stable ABI"
    )
    assert (found.subject, found.place.inside) == ("demo-pkg", "demo/unstable.so")


@pytest.mark.parametrize("accelerator", ["cpu", "gaudi1.20", "cann8.0", "spyre"])
@pytest.mark.parametrize(
    ("segments", "library", "needs"),
    [
        ("{}", "unstable", "accelerator torch"),
        ("{}_torch2.10.0", "stable", "accelerator"),
        ("{}_torch2.10.0", "plain", "accelerator"),
    ],
)
def test_the_remedy_keeps_an_accelerator_that_content_cannot_show(
    write: Write, accelerator: str, segments: str, library: str, needs: str
) -> None:
    wheel = Wheel(tag=f"{EL}_{segments.format(accelerator)}", libraries=[library])
    [found] = findings(write, wheel)
    assert f"set build-tags.depends-on of demo-pkg to '{needs}', or" in found.remedy


def test_another_major_in_metadata_is_listed_with_the_name_first(write: Write) -> None:
    wheel = named(
        "demo-cu12",
        tag=CUDA,
        libraries=["nv_fatbin"],
        requires=["cuda-bindings<13", "nvidia-nccl-cu12; platform_machine != 'aarch64'"],
    )
    [found] = findings(write, wheel)
    assert found.message == (
        "the name contains cuda13.0, but METADATA has the name demo-cu12; requires "
        'cuda-bindings<13; requires nvidia-nccl-cu12; platform_machine != "aarch64"'
    )
    assert found.remedy == (
        "build it for the cuda that METADATA is for, or change METADATA to cuda 13"
    )


def test_hints_are_listed_and_no_proof(write: Write) -> None:
    [without] = findings(write, Wheel(tag=EL, members=LOADS_CUDA))
    assert (without.message, without.remedy) == (
        "the name has no accelerator segment, and the wheel may load an accelerator's library at "
        "run time: demo/text.so contains libcuda.so.1",
        "nothing to do if it works without; else declare it: "
        'build-tags.verify: "accelerator: REASON"',
    )
    [named_cuda] = findings(write, Wheel(tag=CUDA, members=PTX))
    assert named_cuda.message == (
        "the name contains cuda13.0, but no library in the wheel needs a library of cuda or "
        "contains device code; it may load one at run time: demo/text.so contains PTX for sm_75"
    )
    declared = parse_exemptions("accelerator: loads it with dlopen", "x")
    [missing] = findings(write, Wheel(tag=EL, members=LOADS_CUDA), declared)
    assert (missing.code, missing.severity.value) == ("BT311", "error")


def test_of_many_builds_three_are_shown(write: Write) -> None:
    builds = "\nBuild: ".join(str(number) for number in range(12))
    [found] = findings(write, Wheel(tag="8", build=builds, libraries=["plain"]))
    assert found.message == (
        "the name has the build tag '8', but WHEEL has Build: 0; 1; 2 and 9 more"
    )


def test_a_folder_of_another_package_is_named(write: Write) -> None:
    [found] = findings(write, Wheel(tag=EL, libraries=["plain"], info="x-2.dist-info"))
    assert found.message == (
        "the file name is for demo-pkg 1.0, but METADATA is in the folder 'x-2.dist-info'"
    )
    assert found.place.inside == "x-2.dist-info"


def test_unread_files_are_named(write: Write) -> None:
    wheel = Wheel(tag="8_cuda13.0", platform=WINDOWS, members={"x.pyd": b"MZ"})
    found, _ = findings(write, wheel)
    assert found.message == (
        "the name contains cuda13.0, but no library in the wheel needs a library of cuda or "
        "contains device code; not completely read: x.pyd"
    )


def test_a_carried_library_is_evidence_by_its_soname(write: Write) -> None:
    [found] = findings(write, Wheel(tag=EL, libraries=["plain", "linked", "runtime", "renamed"]))
    assert (found.message, found.remedy) == (
        "the name has no accelerator segment, but demo/runtime.so is libcudart.so.12, a library "
        "of cuda; demo/renamed.so is libcudart-3eda8113.so.13.0.96, a library of cuda",
        "set build-tags.depends-on of demo-pkg to 'accelerator', or change its override, or build "
        "it without cuda",
    )
    [found] = findings(write, Wheel(tag=EL, libraries=["plain", "linked", "profiler"]))
    assert found.remedy == (
        "set build-tags.depends-on of demo-pkg to 'accelerator', or change its override, or build "
        "it without cuda; if it works with any accelerator, declare it: build-tags.verify: "
        '"BT311: REASON"'
    )


@pytest.mark.parametrize(
    ("platform", "library", "what"),
    [
        ("linux_x86_64", "aarch64", "aarch64"),
        ("linux_x86_64", "x32", "32-bit little-endian x86_64"),
        ("linux_ppc64le", "ppc64", "64-bit big-endian ppc64"),
    ],
)
def test_what_another_machine_is(write: Write, platform: str, library: str, what: str) -> None:
    """Word size and byte order are shown if the name of the machine is the same."""
    wheel = Wheel(tag=EL, platform=f"cp312-cp312-{platform}", libraries=[library])
    [found] = findings(write, wheel)
    assert found.message == f"the name is for {platform}, but demo/{library}.so is for {what}"
    assert found.place.inside == f"demo/{library}.so"


NINES = "9" * 5_000


@pytest.mark.parametrize(
    ("wheel", "codes"),
    [
        (Wheel(tag=TORCH, libraries=["unstable", CUDART], requires=[f"torch=={NINES}"]), []),
        (Wheel(tag=TORCH, libraries=["unstable", CUDART], requires=[f"torch=={NINES}.*"]), []),
        (Wheel(tag=TORCH, libraries=["unstable", CUDART], requires=["torch===x+y"]), ["BT304"]),
        (Wheel(tag=EL, metadata=f"Name: demo-pkg\nVersion: {NINES}\n"), ["BT341"]),
        (Wheel(tag=EL, build=NINES, libraries=["plain"]), ["BT321"]),
    ],
)
def test_numbers_that_python_does_not_read(write: Write, wheel: Wheel, codes: list[str]) -> None:
    assert [each.code for each in findings(write, wheel)] == codes


def test_a_url_with_a_number_that_python_does_not_read() -> None:
    url = f"http://127.0.0.1:9/demo-1.0-{NINES}-py3-none-any.whl"
    [found] = verify_wheel(WheelSource(text=url), lambda _: NO_EXEMPTIONS)
    assert found.code == "BT341"
    assert len(found.message) < 1_000


def test_unread_binaries_have_a_reason(write: Write) -> None:
    large, empty = {"a.so": overlapping_needs()}, {"b.so": b""}
    found = findings(write, Wheel(tag=EL, libraries=["sectionless"], members=large | empty))
    assert [(each.message, each.remedy) for each in found] == [
        ("not read: b.so (empty)", "find out how the file got into the wheel: it is damaged"),
        (
            "not read: a.so (too large: more than 33554432 bytes of names)",
            "report it if the wheel works: published wheels have smaller tables",
        ),
        (
            "device code cannot be detected without section headers: demo/sectionless.so",
            "keep the section headers; nothing to do if the files have no device code",
        ),
    ]


def test_at_most_three_pieces_of_evidence_and_a_count(
    write: Write, compiled: dict[str, bytes]
) -> None:
    members = {f"m{number}.so": compiled[CUDART] for number in range(12)}
    [found] = findings(write, Wheel(tag=EL, members=members))
    assert found.message == (
        "the name has no accelerator segment, but m0.so needs libcudart.so.13; "
        "m1.so needs libcudart.so.13; m2.so needs libcudart.so.13 and 9 more"
    )


JIT = "nvcc compiles the kernels at first use"
ATEN = "its extension is compiled against ATen on ROCm"
DECLARED = f"accelerator: {JIT}\ntorch: {ATEN}\nBT332: attached to other processes\n"


@pytest.mark.parametrize(
    ("wheel", "what", "reason"),
    [
        (Wheel(tag=CUDA, libraries=["plain"]), "accelerator", JIT),
        (Wheel(tag="8_cuda13.0", platform=PURE), "accelerator", JIT),
        (Wheel(tag=TORCH, libraries=[CUDART]), "torch", ATEN),
        (Wheel(tag=TORCH, libraries=["stable", CUDART]), "torch", ATEN),
        (Wheel(tag="8", platform=PURE, libraries=["plain"]), "BT332", "attached to others"),
    ],
)
def test_a_declared_exemption_suppresses_with_its_reason(
    write: Write, wheel: Wheel, what: str, reason: str
) -> None:
    [found] = findings(write, wheel, parse_exemptions(f"{what}: {reason}", "here"))
    assert found.suppression == reason


def test_a_platform_wheel_without_binary_is_right_where_something_is_declared(
    write: Write,
) -> None:
    wheel = Wheel(tag=CUDA, platform="py3-none-linux_x86_64")
    found = findings(write, wheel, parse_exemptions(f"accelerator: {JIT}", "here"))
    assert [(each.code, each.suppression) for each in found] == [("BT312", JIT), ("BT331", JIT)]


PLATLIB_REMEDY = (
    "set build-tags.depends-on of demo-pkg to {}, or change its override, or declare it only for "
    "the variants that need it"
)
PURE_REMEDY = "build a platform wheel (Root-Is-Purelib: false), whose name has the segment"


@pytest.mark.parametrize(
    ("wheel", "what", "code", "message", "remedy"),
    [
        (
            Wheel(tag=EL, libraries=["plain"]),
            "accelerator",
            "BT311 error",
            f"the settings declare a dependency on an accelerator ({JIT}), but the name has no "
            "accelerator segment",
            PLATLIB_REMEDY.format("'accelerator'"),
        ),
        (
            Wheel(tag=CUDA, libraries=[CUDART]),
            "torch",
            "BT301 error",
            f"the settings declare a dependency on Torch ({JIT}), but the name has no Torch "
            "segment",
            PLATLIB_REMEDY.format("'accelerator torch'"),
        ),
        (
            Wheel(tag="8", platform=PURE),
            "accelerator",
            "BT311 warning",
            f"the settings declare a dependency on an accelerator ({JIT}), but the name has no "
            "accelerator segment",
            PURE_REMEDY,
        ),
        (
            Wheel(platform=PURE),
            "torch",
            "BT301 warning",
            f"the settings declare a dependency on Torch ({JIT}), but the name has no Torch "
            "segment",
            PURE_REMEDY,
        ),
    ],
)
def test_what_is_declared_has_to_be_in_the_name(
    write: Write, wheel: Wheel, what: str, code: str, message: str, remedy: str
) -> None:
    [found] = findings(write, wheel, parse_exemptions(f"{what}: {JIT}", "here"))
    assert f"{found.code} {found.severity.value}" == code
    assert (found.message, found.remedy, found.suppression) == (message, remedy, "")


def test_what_is_declared_hides_nothing_else(write: Write) -> None:
    wheel = Wheel(tag=EL, libraries=["unstable", CUDART])
    found = findings(write, wheel, parse_exemptions(DECLARED, "here"))
    assert [(each.code, each.suppression) for each in found] == [("BT301", ""), ("BT311", "")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "acelerator: JIT",
            "here: unknown exemption 'acelerator'; use accelerator, torch or the code of a rule, "
            "such as 'accelerator: nvcc compiles the kernels at first use'",
        ),
        ("BT101: x", None),
        ("BT341: never mind", None),
        ("torch", "here: 'torch' has no reason; write 'torch: REASON'"),
        ("torch: ", "here: 'torch' has no reason; write 'torch: REASON'"),
        (" \n", "here is empty; write 'accelerator: REASON', or remove it"),
    ],
)
def test_an_exemption_needs_a_known_word_and_a_reason(text: str, message: str | None) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_exemptions(text, "here")
    assert message is None or str(caught.value) == message


def test_an_invalid_exemption_is_a_finding_and_suppresses_nothing(write: Write) -> None:
    def fail(_: object) -> Exemptions:
        raise SettingsError("no")

    path = write(Wheel(tag=CUDA, libraries=["plain"]))
    found = verify_wheel(WheelSource(text=str(path)), fail)
    assert [each.code for each in found] == ["BT106", "BT312"]


@pytest.mark.parametrize(
    ("err", "message"),
    [
        (
            RecursionError("maximum\n depth"),
            "the wheel cannot be read: RecursionError: maximum depth",
        ),
        (MemoryError(), "the wheel cannot be read: MemoryError"),
    ],
)
def test_an_unexpected_error_is_a_finding(
    write: Write, monkeypatch: pytest.MonkeyPatch, err: Exception, message: str
) -> None:
    def fail(_: object, *, device_code: bool) -> WheelFacts:
        raise err

    path = write(Wheel(tag=EL, libraries=["plain"]))
    monkeypatch.setattr(examine, "read_wheel", fail)
    [found] = verify_wheel(WheelSource(text=str(path)), lambda _: NO_EXEMPTIONS)
    assert (found.code, found.severity.value, found.message) == ("BT341", "error", message)
    assert found.remedy == (
        "report it to fromager-build-tags, with the wheel: its findings may be incomplete"
    )


def test_an_error_in_a_check_keeps_what_was_found_before(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> Exemptions:
        raise LookupError

    path = write(Wheel(tag=CUDA, libraries=["plain"]))
    [found] = verify_wheel(WheelSource(text=str(path)), fail)
    assert found.message == "the wheel cannot be read: LookupError"
    monkeypatch.setattr(Exemptions, "applied_to", _second_fails())
    found, last = verify_wheel(
        WheelSource(text=str(write(Wheel(libraries=["unstable", CUDART])))), lambda _: NO_EXEMPTIONS
    )
    assert (found.code, last.message) == ("BT301", "the wheel cannot be read: LookupError")


def _second_fails() -> Callable[[Exemptions, Finding], Finding]:
    seen: list[Finding] = []

    def applied_to(_: Exemptions, finding: Finding) -> Finding:
        seen.append(finding)
        if len(seen) > 1:
            raise LookupError
        return finding

    return applied_to
