"""Real extensions of the real Torch, which fromager builds as the page shows.

``pytest -m realtorch`` runs these tests alone. They download 10 GB from the package index and need
20 GB of disk and half an hour, so that neither ``pytest`` nor CI runs them.
"""

from __future__ import annotations

import json
import pathlib
import re
import shutil
import tempfile
from collections.abc import Iterator
from typing import Final

import pytest

from ..environment import clean_environment
from ..index import serve
from ..processes import run
from ..venvs import Venv
from .reader import NVCC, Reader, has_toolkit

pytestmark = [pytest.mark.e2e, pytest.mark.realtorch]

BUILT_FOR: Final = "2.13.0"
#: Import the extension beside Torch, and let it compute and differentiate on the processor.
USE: Final = """\
import torch
import torch_demo

numbers = torch.ones(3, requires_grad=True)
doubled = torch_demo.twice(numbers)
doubled.sum().backward()
assert doubled.tolist() == numbers.grad.tolist() == [2, 2, 2]
"""


@pytest.fixture(scope="module")
def reader(base_venv: Venv, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """A reader who did all that the page shows; only the wheels are kept of it."""
    folder = tmp_path_factory.mktemp("reader")
    try:
        with serve(folder) as url:
            reader = Reader(folder=folder, venv=base_venv, url=url, has_toolkit=has_toolkit())
            reader.follow()
        shutil.rmtree(folder / "work-dir")
        yield reader
    finally:
        shutil.rmtree(folder)  # pytest keeps the folders of three runs


def accelerators(reader: Reader) -> list[str]:
    return ["cpu", "cuda13.0"] if reader.has_toolkit else ["cpu"]


def test_the_names_have_what_the_extensions_are_built_for(reader: Reader) -> None:
    tags = [wheel.name.split("-")[2].split("_") for wheel in reader.wheels]
    assert [(number, needs) for number, _, *needs in tags] == [
        ("1", [each, f"torch{BUILT_FOR}"]) for each in accelerators(reader)
    ]
    assert not any("BT3" in log.read_text("utf-8") for log in reader.folder.glob("*.log"))


@pytest.mark.parametrize(
    ("accelerator", "wrong", "codes"),
    [
        ("cpu", "cpu", {"BT301"}),
        ("cpu", "cpu_torch2.12.1", {"BT305"}),
        ("cpu", "cpu_torch2.14.1", {"BT305"}),
        ("cpu", "cuda13.0_torch2.13.0", {"BT312"}),
        ("cuda13.0", "torch2.13.0", {"BT311"}),
        ("cuda13.0", "cuda13.0", {"BT301"}),
        ("cuda13.0", "cpu_torch2.13.0", {"BT313"}),
        ("cuda13.0", "rocm7.1_torch2.13.0", {"BT313"}),
        ("cuda13.0", "cuda12.9_torch2.13.0", {"BT314"}),
    ],
)
def test_verify_finds_a_wrong_name(
    reader: Reader, tmp_path: pathlib.Path, accelerator: str, wrong: str, codes: set[str]
) -> None:
    built = dict(zip(accelerators(reader), reader.wheels, strict=True))
    if accelerator not in built:
        pytest.skip(f"no nvcc 13.0 as {NVCC}: the variant cuda is not built")
    wheel = built[accelerator]
    name = wheel.name.replace(f"{accelerator}_torch{BUILT_FOR}", wrong)
    shutil.copy(wheel, tmp_path / name)
    output = reader.run(f"fromager-build-tags verify {tmp_path}", status=1)
    found = set(re.findall(r" error (BT\d+): ", output))
    assert found == codes | {"BT321"}  # WHEEL has the right name


@pytest.fixture
def venv(tmp_path: pathlib.Path) -> Iterator[Venv]:
    """A new environment, which does not outlive the test: it takes 5 GB."""
    try:
        yield Venv.create(tmp_path / "venv")
    finally:
        shutil.rmtree(tmp_path)


@pytest.mark.parametrize(
    ("torch", "works"), [("2.12.1", False), ("2.13.0", True), ("2.14.1", False)]
)
def test_the_dynamic_linker_agrees_with_the_name_and_the_symbols(
    reader: Reader, venv: Venv, torch: str, works: bool
) -> None:
    built_with = reader.folder / "wheels-repo" / "prebuilt"
    venv.install("--no-cache", "--find-links", built_with, f"torch=={torch}")
    for wheel in reader.wheels:
        assert works is (f"torch{torch}-" in wheel.name)
        assert loads(reader, wheel, torch) == ("yes" if works else "no")
        venv.install("--no-deps", "--reinstall", wheel)
        done = run(
            [venv.python, "-c", USE],
            environ={**clean_environment(), "LD_BIND_NOW": "1"},
            cwd=venv.folder,
            status=0 if works else 1,
        )
        assert works or ("ImportError" in done.stderr and "undefined symbol" in done.stderr)


def loads(reader: Reader, wheel: pathlib.Path, torch: str) -> object:
    """Return what ``torch`` predicts of one wheel, alone: it reads the one that pip selects."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(wheel, folder)
        report = f"{folder}/report.json"
        reader.run(f"fromager-build-tags torch {folder} --torch {torch} --format json -o {report}")
        [found] = json.loads(pathlib.Path(report).read_text(encoding="utf-8"))["wheels"]
        return found["torch"][torch]["loads"]
