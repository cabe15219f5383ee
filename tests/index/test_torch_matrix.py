"""``torch``: the releases of Torch that the wheels of an index load with."""

from __future__ import annotations

import dataclasses
import json
import pathlib
from collections.abc import Callable, Mapping
from typing import Final

import pytest
from click.testing import Result
from packaging.version import Version

from fromager_build_tags.commands import torch as command
from fromager_build_tags.wheel.libraries import Accelerator
from fromager_build_tags.wheel.torch.torch_exports import TorchBuild
from fromager_build_tags.wheel.torch.torch_table import TorchTable

from ..golden.scenes import PLAT, library, wheel
from .simple_server import Answer, html_index, serve
from .wheels import Files

type Run = Callable[..., Result]

#: The symbols that each release exports; the C++ ones of 2.9.0 and 2.9.1 differ.
EXPORTS: Final[Mapping[str, str]] = {
    "2.8.0": "_ZN3c101aEv torch_a",
    "2.9.0": "_ZN3c101bEv torch_a torch_b",
    "2.9.1": "_ZN3c101bEv _ZN3c101cEv torch_a torch_b",
    "2.10.0": "_ZN3c101dEv torch_a torch_b torch_c",
    "2.10.1": "_ZN3c101dEv torch_a torch_b torch_c",
}


VERSION: Final = "a version such as 2.13 or 2.13.0"


@pytest.fixture(autouse=True)
def table(monkeypatch: pytest.MonkeyPatch) -> None:
    builds = [
        TorchBuild(
            version=Version(version),
            machine="x86_64",
            accelerator=Accelerator.CUDA,
            exports=frozenset(symbols.split()),
        )
        for version, symbols in EXPORTS.items()
    ]
    table = dataclasses.replace(TorchTable.of(builds), source="")  # stands for the shipped one
    monkeypatch.setattr(command, "shipped_table", lambda: table)


def importing(*symbols: str, machine: int = 62) -> Files:
    """Return the content of a wheel whose library imports these symbols of Torch."""
    return library(needs=["libtorch.so"], imports=symbols, machine=machine)


def write(folder: pathlib.Path, **wheels: Files) -> None:
    for name, content in wheels.items():
        wheel(folder / f"{name}-1.0-1_el9.6-{PLAT}", content)


def table_of(result: Result) -> list[list[str]]:
    """Return the cells of the table, without its heading; a wheel by its project."""
    lines = [line.split() for line in result.stdout.splitlines() if line.endswith("_64.whl")]
    lines = [line for line in lines if len(line) < 5]
    return [[*cells, name.partition("-")[0]] for *cells, name in lines]


def test_a_column_is_a_run_of_releases_with_the_same_answers(run: Run) -> None:
    write(
        pathlib.Path("index"),
        late=importing("_ZN3c101cEv"),
        many=importing("torch_a"),
        stable=importing("torch_b"),
    )
    result = run("torch", "index")
    assert result.stdout.splitlines() == [
        "2.8  2.9.0  2.9.1  2.10  WHEEL",
        f"no   no     yes    no    late-1.0-1_el9.6-{PLAT}",
        f"yes  yes    yes    yes   many-1.0-1_el9.6-{PLAT}",
        f"no   yes    yes    yes   stable-1.0-1_el9.6-{PLAT}",
        "2 of 3 wheels load with Torch 2.10.1; 1 cannot",
        "by symbols alone: a wheel that lacks none may still fail, since layouts of types can "
        "differ",
    ]
    pathlib.Path("index", f"late-1.0-1_el9.6-{PLAT}").unlink()
    assert run("torch", "index").stdout.splitlines()[:2] == [
        "2.8  2.9 to 2.10  WHEEL",
        f"yes  yes          many-1.0-1_el9.6-{PLAT}",
    ]


@pytest.mark.parametrize(
    ("asked", "heading", "headlines"),
    [
        (["2.9"], "2.9.0 2.9.1", ["1 of 2 wheels loads with Torch 2.9.0; 1 cannot"]),
        (["2.9.1"], "2.9.1", ["2 of 2 wheels load with Torch 2.9.1"]),
        (["2.10", "2.8"], "2.10 2.8", ["1 of 2 wheels loads with Torch 2.10; 1 cannot"]),
        (["2.10.0", "2.10.0"], "2.10.0", ["1 of 2 wheels loads with Torch 2.10.0; 1 cannot"]),
    ],
)
def test_the_releases_that_are_asked_for(
    asked: list[str], heading: str, headlines: list[str], run: Run
) -> None:
    write(pathlib.Path("index"), late=importing("_ZN3c101cEv"), many=importing("torch_a"))
    options = [word for each in asked for word in ("--torch", each)]
    lines = run("torch", "index", *options).stdout.splitlines()
    assert lines[0].split() == [*heading.split(), "WHEEL"]
    assert lines[3:4] == headlines


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        *(
            (text, f"--torch {text!r} is neither {VERSION}, nor the path or URL of a Torch")
            for text in ("2", "2.13rc1", "2.9.0+cpu", "")
        ),
        (
            "2.11",
            "--torch 2.11: what Torch 2.11 exports is unknown; the known releases are 2.8.0 to "
            "2.10.1",
        ),
    ],
)
def test_releases_that_are_unknown(asked: str, error: str, run: Run) -> None:
    stderr = run("torch", "index", "--torch", asked, status=2).stderr
    assert stderr.endswith(f"\n\nError: {error}\n")


def test_answers_that_are_not_yes_or_no(run: Run) -> None:
    """A library for each Torch; an old Torch; another machine; and what is no row."""
    one, other = importing("_ZN3c101aEv"), importing("_ZN3c101bEv")
    write(
        pathlib.Path("index"),
        arm=importing("torch_a", machine=183),
        both={"a.so": one["demo/_C.so"], "b.so": other["demo/_C.so"]},
        old=importing("_ZN3c103oldEv"),
        plain=library(),
        torch=importing("torch_a"),
    )
    wheel(pathlib.Path("index/pure-1.0-py3-none-any.whl"), importing("torch_a"))
    wheel(pathlib.Path("index/musl-1.0-cp312-cp312-musllinux_1_2_x86_64.whl"))
    result = run("torch", "index", "--torch", "2.9.1", "--torch", "2.10")
    assert table_of(result) == [["?", "?", "arm"], ["part", "no", "both"], ["no", "no", "old"]]
    assert result.stdout.splitlines()[4:] == [
        "0 of 3 wheels load with Torch 2.9.1; 1 cannot, 1 in part, 1 unknown",
        "0 of 3 wheels load with Torch 2.10; 2 cannot, 1 unknown",
        "1 wheel imports symbols that no Torch from 2.8.0 to 2.10.1 exports; another "
        f"Torch may export them: old-1.0-1_el9.6-{PLAT}",
        "not read: 1 wheel for other systems than Linux with glibc",
        "by symbols alone: a wheel that lacks none may still fail, since layouts of types can "
        "differ",
    ]


def test_a_torch_of_ones_own(run: Run) -> None:
    """Its symbols count, also instead of those of the same release."""
    write(pathlib.Path("index"), acme=importing("torch_a", "torch_acme"), late=importing("torch_c"))
    for version in ("2.9.1", "2.11.0+acme"):
        exporting = library(exports=["torch_acme", "torch_a"], member="torch/lib/libtorch_cpu.so")
        wheel(pathlib.Path(f"own/torch-{version}-{PLAT}"), exporting)
    options = ("--torch", "own", "--torch", "2.10")
    assert run("torch", "index", *options).stdout.splitlines()[:3] == [
        "2.9.1  2.11.0+acme  2.10  WHEEL",
        f"yes    yes          no    acme-1.0-1_el9.6-{PLAT}",
        f"no     no           yes   late-1.0-1_el9.6-{PLAT}",
    ]
    error = run("torch", "index", "--torch", "index", status=1).stderr
    assert error.startswith("Error: --torch 'index': it has no Torch wheel; give a Torch wheel, ")


def test_what_is_selected_is_read_or_each_version(run: Run) -> None:
    for name in (f"demo-1.0-{PLAT}", f"demo-2.0-1-{PLAT}", f"demo-2.0-2-{PLAT}"):
        wheel(pathlib.Path("index", name), importing("torch_a"))
    wheel(pathlib.Path(f"index/demo-2.0-2-{PLAT.replace('312', '313')}"), importing("torch_a"))
    assert wheels(run("torch", "index", "--format", "json")) == [
        f"demo-2.0-2-{PLAT}",
        f"demo-2.0-2-{PLAT.replace('312', '313')}",
    ]
    options = ("--format", "json", "--all-versions", "--python", "3.12")
    assert wheels(run("torch", "index", *options)) == [f"demo-1.0-{PLAT}", f"demo-2.0-2-{PLAT}"]


def wheels(result: Result) -> list[str]:
    return [each["filename"] for each in json.loads(result.stdout)["wheels"]]


def test_json_has_the_first_symbols_and_the_count(run: Run) -> None:
    symbols = ["torch_a", "torch_b", *(f"_ZN3c101{letter}Ev" for letter in "bcd")]
    write(pathlib.Path("index"), demo=importing(*symbols))
    found = json.loads(run("torch", "index", "--format", "json", "--torch", "2.8").stdout)
    [made] = found["wheels"]
    symbols = ["c10::b", "c10::c", "c10::d"]
    assert made["torch"] == {"2.8.0": {"loads": "no", "missing": 4, "symbols": symbols}}
    assert (made["stable_abi"], made["minimum"]) == (False, None)
    assert found["torch"] == [{"releases": ["2.8.0"], "yes": 0, "no": 1, "part": 0, "unknown": 0}]


def test_a_stable_wheel_has_a_minimum(run: Run) -> None:
    write(pathlib.Path("index"), demo=importing("torch_b"))
    [made] = json.loads(run("torch", "index", "--format", "json").stdout)["wheels"]
    assert (made["stable_abi"], made["minimum"]) == (True, "2.9.0")
    assert made["summary"] == "loads with Torch 2.9 and later; stable ABI, minimum 2.9"


def test_one_unreadable_wheel_hides_no_other(run: Run) -> None:
    write(pathlib.Path("index"), good=importing("torch_a"))
    pathlib.Path(f"index/bad-1.0-{PLAT}").write_bytes(b"PK")
    result = run("torch", "index", "none", status=1)
    assert [each[-1] for each in table_of(result)] == ["good"]
    assert result.stderr.splitlines() == [
        "Error: index 'none' does not exist: use a folder or an http(s) URL",
        f"Error: index/bad-1.0-{PLAT} cannot be read: not a zip archive, or truncated (File is "
        "not a zip file)",
    ]


def test_only_what_is_selected_is_downloaded(run: Run, tmp_path: pathlib.Path) -> None:
    names = [f"demo-1.0-{PLAT}", f"demo-2.0-{PLAT}", "pure-1.0-py3-none-any.whl"]
    files: dict[str, Answer] = {}
    for name in names:
        wheel(tmp_path / name, importing("torch_a"))
        files[f"/files/{name}"] = Answer(body=(tmp_path / name).read_bytes())
    pages = html_index({"demo": names[:2], "pure": names[2:]})
    with serve({**pages, **files}) as server:
        result = run("torch", f"{server.url}/simple")
        paths = [each for each in server.asked if each.startswith("/files/")]
    assert [each[-1] for each in table_of(result)] == ["demo"]
    assert paths == [f"/files/{names[1]}"]
