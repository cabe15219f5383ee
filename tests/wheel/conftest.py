"""What the tests of the reader share."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from .building import CXX_SYMBOLS, DIST_INFO, STABLE_SYMBOLS, Compiler, MakeWheel


@pytest.fixture(scope="session")
def compiler(tmp_path_factory: pytest.TempPathFactory) -> Compiler:
    if shutil.which("gcc") is None:
        pytest.skip("no gcc here")
    return Compiler(tmp_path_factory.mktemp("compiled"))


@pytest.fixture(scope="session")
def stand_ins(compiler: Compiler) -> Compiler:
    """A libtorch, a libc10 and the runtimes of CUDA and ROCm, as small as they can be."""
    compiler.library("libtorch.so", exports=[*CXX_SYMBOLS, *STABLE_SYMBOLS])
    compiler.library("libc10.so", exports=["_ZN3c104warnEv"])
    compiler.library("libcudart.so.13", exports=["cudaMalloc"])
    compiler.library("libamdhip64.so.7", exports=["hipMalloc"])
    return compiler


@pytest.fixture
def make_wheel(tmp_path: Path) -> MakeWheel:
    def make(members: Mapping[str, str | bytes | Path], *, plain: bool = False) -> Path:
        path = tmp_path / "demo_pkg-1.0-cp312-cp312-linux_x86_64.whl"
        everything = members if plain else {**members, **DIST_INFO, **members}
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in everything.items():
                data = content.read_bytes() if isinstance(content, Path) else content
                archive.writestr(name, data)
        return path

    return make
