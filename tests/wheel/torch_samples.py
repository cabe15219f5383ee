"""Builds of Torch and imports of wheels, for tests of how they are compared."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from packaging.version import Version

from fromager_build_tags.wheel.libraries import Accelerator
from fromager_build_tags.wheel.torch.torch_exports import TorchBuild
from fromager_build_tags.wheel.torch.torch_imports import TorchImports
from fromager_build_tags.wheel.torch.torch_table import TorchTable

from .craft import Shape, elf_without_sections

_MACHINES = {"x86_64": 62, "aarch64": 183}
_METADATA = "Metadata-Version: 2.1\nName: torch\nVersion: {}\n"


def build(
    version: str,
    *exports: str,
    machine: str = "x86_64",
    accelerator: Accelerator | None = Accelerator.CUDA,
    source: str = "",
) -> TorchBuild:
    return TorchBuild(
        version=Version(version),
        machine=machine,
        accelerator=accelerator,
        exports=frozenset(exports),
        source=source,
    )


def torch_wheel(
    folder: Path,
    version: str,
    libraries: Mapping[str, Sequence[str]],
    *,
    machine: str = "x86_64",
) -> Path:
    """Write a Torch wheel of libraries with exports; return its path."""
    path = folder / f"torch-{version}-cp312-cp312-linux_{machine}.whl"
    shape = Shape(machine=_MACHINES[machine])
    info = f"torch-{version}.dist-info"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, exports in libraries.items():
            data = elf_without_sections(shape, needed=[], imports=[], exports=exports)
            archive.writestr(f"torch/lib/{name}", data)
        archive.writestr(f"{info}/METADATA", _METADATA.format(version))
        archive.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nTag: cp312-cp312-linux_{machine}\n")
    return path


def table(builds: Mapping[str, set[str]]) -> TorchTable:
    """Return the table of builds for CUDA on x86_64, by version."""
    return TorchTable.of(build(version, *exports) for version, exports in builds.items())


def imports(
    *symbols: str,
    member: str = "demo/_C.so",
    machine: str = "x86_64",
    accelerator: Accelerator | None = None,
    linked: bool = True,
    others: tuple[str, ...] = (),
) -> TorchImports:
    return TorchImports(
        member=member,
        machine=machine,
        symbols=frozenset(symbols),
        accelerator=accelerator,
        linked=linked,
        others=others,
    )
