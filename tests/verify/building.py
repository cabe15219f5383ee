"""Wheels to verify: a build tag in the name, compiled libraries inside."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..wheel.building import CXX_SYMBOLS, STABLE_SYMBOLS, Compiler
from ..wheel.craft import Shape, elf_without_sections, with_sections

PLATFORM = "cp312-cp312-linux_x86_64"
PURE = "py3-none-any"


@dataclass(frozen=True, kw_only=True)
class Wheel:
    """What a wheel of demo-pkg 1.0 is made of.

    Attributes:
        tag: the build tag in the name.
        libraries: names of :func:`compile_libraries`; each becomes ``demo/NAME.so``.
        build: of the WHEEL file; as in the name by default, "" for none.
        stem: name and version in the file name.
        info: the dist-info folder.
        wheel_tags: of the WHEEL file; as in the name by default.
        label: the variant label in the file name.
    """

    tag: str = ""
    libraries: Sequence[str] = ()
    platform: str = PLATFORM
    build: str | None = None
    requires: Sequence[str] = ()
    metadata: str = "Metadata-Version: 2.1\nName: demo-pkg\nVersion: 1.0\n"
    members: Mapping[str, bytes | str] = field(default_factory=dict)
    stem: str = "demo_pkg-1.0"
    info: str = "demo_pkg-1.0.dist-info"
    wheel_tags: Sequence[str] | None = None
    label: str = ""

    @property
    def filename(self) -> str:
        parts = (self.stem, self.tag, self.platform, self.label)
        return "-".join(part for part in parts if part) + ".whl"

    def write(self, folder: Path, compiled: Mapping[str, bytes]) -> Path:
        path = folder / self.filename
        build = self.tag if self.build is None else self.build
        info = self.info
        tags = [self.platform] if self.wheel_tags is None else self.wheel_tags
        requires = "".join(f"Requires-Dist: {each}\n" for each in self.requires)
        files = {
            **{f"demo/{name}.so": compiled[name] for name in self.libraries},
            "demo/__init__.py": "",
            f"{info}/METADATA": self.metadata + requires,
            f"{info}/WHEEL": "Wheel-Version: 1.0\n"
            + (f"Build: {build}\n" if build else "")
            + "".join(f"Tag: {each}\n" for each in tags),
            **self.members,
        }
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        return path


RUNTIMES = (
    "libcudart.so.12",
    "libcudart.so.13",
    "libcuda.so.1",
    "libcufft.so.11",
    "libcusolver.so.12",
    "libcudnn.so.9",
    "libamdhip64.so.6",
    "libamdhip64.so.7",
    "libsycl.so.8",
)


def compile_libraries(compiler: Compiler) -> dict[str, bytes]:
    """Compile a library of each kind; ELF files for other machines are made byte by byte."""
    compiler.library("libtorch.so", exports=[*CXX_SYMBOLS, *STABLE_SYMBOLS])
    for runtime in RUNTIMES:
        compiler.library(runtime, exports=[f"f_{runtime.replace('.', '_')}"])
    paths = {
        "plain": compiler.library("plain.so"),
        "unstable": compiler.library("unstable.so", imports=CXX_SYMBOLS, needs=["libtorch.so"]),
        "stable": compiler.library("stable.so", imports=STABLE_SYMBOLS, needs=["libtorch.so"]),
        "linked": compiler.library("linked.so", needs=["libtorch.so"]),
        "own": compiler.library("own.so", imports=CXX_SYMBOLS, needs=["libtorch.so"]),
        "libtorch": compiler.folder / "libtorch.so",
        "runtime": compiler.folder / "libcudart.so.12",
        "profiler": compiler.library("libcupti.so.12"),
        "renamed": compiler.library("libcudart-3eda8113.so.13.0.96"),
        "nv_fatbin": compiler.library("nv.so", sections=[".nv_fatbin"]),
        "hip_fatbin": compiler.library("hip.so", sections=[".hip_fatbin"]),
        **{
            runtime: compiler.library(f"with_{runtime}.so", needs=[runtime]) for runtime in RUNTIMES
        },
    }
    crafted = {
        "aarch64": Shape(machine=183),
        "i386": Shape(machine=3, bits=32),
        "bpf": Shape(machine=247),
        "cubin": Shape(machine=190),
        "amdgpu": Shape(machine=224),
        "ppc64": Shape(machine=21, order=">"),
        "ppc64le": Shape(machine=21),
        "riscv32": Shape(machine=243, bits=32),
        "x32": Shape(bits=32),
    }
    bare = {
        name: elf_without_sections(shape, needed=[], imports=[]) for name, shape in crafted.items()
    }
    return {
        **{name: path.read_bytes() for name, path in paths.items()},
        **{name: with_sections(crafted[name], elf) for name, elf in bare.items()},
        "sectionless": elf_without_sections(Shape(), needed=[], imports=[]),
    }
