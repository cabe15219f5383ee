"""Builds of Torch and imports of wheels, for tests of how they are compared."""

from __future__ import annotations

from collections.abc import Mapping

from packaging.version import Version

from fromager_build_tags.wheel.libraries import Accelerator
from fromager_build_tags.wheel.torch_exports import TorchBuild
from fromager_build_tags.wheel.torch_imports import TorchImports
from fromager_build_tags.wheel.torch_table import TorchTable


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
