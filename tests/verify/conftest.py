"""What the tests of verify share."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from ..wheel.building import Compiler
from .building import Wheel, compile_libraries

type Write = Callable[[Wheel], Path]


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, bytes]:
    if shutil.which("gcc") is None:
        pytest.skip("no gcc here")
    return compile_libraries(Compiler(tmp_path_factory.mktemp("verified")))


@pytest.fixture
def write(tmp_path: Path, compiled: Mapping[str, bytes]) -> Write:
    return lambda wheel: wheel.write(tmp_path, compiled)
