"""Read crafted wheels with binutils: the reader that the shipped one is compared with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import pytest
from click.testing import CliRunner

from evidence import independent
from evidence.__main__ import main
from evidence.independent import Independent, read_independently

from .wheel.building import CXX_SYMBOLS, STABLE_SYMBOLS, Compiler

NAME = "demo_pkg-1.0-cp312-cp312-linux_x86_64.whl"
type Build = Callable[[Compiler], list[Path]]


def wheel(folder: Path, build: Build) -> Path:
    """Put what *build* compiles into a wheel, beside a file that is no library."""
    path = folder / NAME
    with ZipFile(path, "w") as archive:
        archive.writestr("demo/notes.so", "libcuda.so.1")
        for library in build(Compiler(folder)):
            archive.write(library, f"demo/{library.name}")
    return path


def needing(name: str, *, carried: bool = False) -> Build:
    def build(compiler: Compiler) -> list[Path]:
        needed = compiler.library(name)
        made = compiler.library("a.so", needs=[name])
        return [made, needed] if carried else [made]

    return build


def importing(*names: str) -> Build:
    return lambda compiler: [compiler.library("a.so", imports=names)]


def with_section(name: str) -> Build:
    return lambda compiler: [compiler.library("a.so", sections=[name])]


def carrying(name: str) -> Build:
    return lambda compiler: [compiler.library(name)]


def exported_inside(compiler: Compiler) -> list[Path]:
    own = compiler.library("libown.so", exports=CXX_SYMBOLS)
    return [own, compiler.library("a.so", imports=CXX_SYMBOLS, needs=[own.name])]


#: ``std::vector<at::Tensor>::~vector``, and a function of another namespace that takes a tensor.
NOT_TORCH = ("_ZNSt6vectorIN2at6TensorESaIS1_EED1Ev", "_ZN4mine3runERKN2at6TensorE")


@pytest.mark.parametrize(
    ("build", "stacks", "torch"),
    [
        (carrying("libplain.so"), (), "none"),
        (needing("libcudart.so.13"), ("cuda",), "none"),
        (needing("libcublasLt-3eda8113.so.12", carried=True), ("cuda",), "none"),
        (needing("libamdhip64.so.7"), ("rocm",), "none"),
        (needing("libsycl.so.8"), ("xpu",), "none"),
        (needing("libtorch_cuda.so"), ("cuda",), "linked"),
        (needing("libc10.so"), (), "linked"),
        (needing("libz.so.1"), (), "none"),
        (with_section(".nv_fatbin"), ("cuda",), "none"),
        (with_section(".hip_fatbin"), ("rocm",), "none"),
        (carrying("libnvJitLink.so.12"), ("cuda",), "none"),
        (importing(*CXX_SYMBOLS), (), "unstable"),
        (importing(*STABLE_SYMBOLS), (), "stable"),
        (importing(*STABLE_SYMBOLS, *CXX_SYMBOLS), (), "unstable"),
        (importing(*NOT_TORCH), (), "none"),
        (importing("THPVariableClass"), (), "unstable"),
        (exported_inside, (), "none"),
    ],
)
def test_what_it_finds(tmp_path: Path, build: Build, stacks: tuple[str, ...], torch: str) -> None:
    found = read_independently(wheel(tmp_path, build))

    assert (found.stacks, found.torch) == (stacks, torch)
    assert found.libraries >= 1


def test_a_text_that_dlopen_may_use_is_no_need(tmp_path: Path) -> None:
    found = read_independently(wheel(tmp_path, with_section("libcuda.so.1")))

    assert (found.names, found.stacks) == (("cuda",), ())


def test_the_command_reads_each_wheel_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel(tmp_path, needing("libcudart.so.13"))
    results = tmp_path / "independent.json"
    monkeypatch.setattr(independent, "RESULTS", results)

    first = CliRunner().invoke(main, ["independent", "--from", str(tmp_path)])
    second = CliRunner().invoke(main, ["independent", "--from", str(tmp_path)])

    assert (first.exit_code, first.stderr) == (0, f"{NAME}: cuda none\n")
    assert (second.exit_code, second.stderr) == (0, "")
    assert Independent.model_validate_json(results.read_text().strip()[1:-1]).stacks == ("cuda",)
