"""``merge --variants``: the index of all accelerators, and what stops it."""

from __future__ import annotations

import hashlib
import json
import os
import pathlib
import re
import shutil
import zipfile
from collections.abc import Mapping, Sequence

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fromager_build_tags.commands import main

from ..golden.scenes import library, wheel
from ..wheel.craft import Shape, elf_without_sections, with_sections
from .test_merge import content
from .wheels import write_wheel

PLAT = "-cp312-cp312-linux_x86_64.whl"
STACKS = ("cpu", "cuda12.9", "cuda13.0", "rocm7.1")


@pytest.fixture(autouse=True)
def folder(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FROMAGER_SETTINGS_DIR", "settings/packages")
    monkeypatch.setenv("FROMAGER_SETTINGS_FILE", "settings/settings.yaml")
    return tmp_path


def merge(wheels: Mapping[str, Sequence[str]], *options: str, status: int = 0) -> Result:
    """Write wheels, by their view, and merge them."""
    for view, names in wheels.items():
        for name in names:
            if not pathlib.Path(view, f"{name}{PLAT}").exists():
                write_wheel(pathlib.Path(view, f"{name}{PLAT}"))
    inputs = [f"{view}={view}" for view in wheels]
    result = CliRunner().invoke(main, ["merge", "pool", *inputs, "--variants", *options])
    assert result.exit_code == status, f"{result.output}\n{result.exception!r}"
    return result


def codes(wheels: Mapping[str, Sequence[str]], *options: str) -> list[tuple[str, str]]:
    """Return the findings of a merge, without notes."""
    errors = r"error (BT431|BT432|BT435|BT311|BT313)"
    before = content(pathlib.Path("pool"))
    arguments = [*(f"{view}={view}" for view in wheels), "--variants", *options]
    for view, names in wheels.items():
        for name in names:
            write_wheel(pathlib.Path(view, f"{name}{PLAT}"))
    result = CliRunner().invoke(main, ["merge", "pool", *arguments])
    assert result.exit_code == bool(re.search(errors, result.stdout)), result.output
    assert not result.exit_code or content(pathlib.Path("pool")) == before
    return re.findall(r"((?:error|warning) BT\d+): ([\w-]+)", result.stdout)


TORCH = {stack: [f"torch-2.10.0-7_el9.6_{stack}"] for stack in STACKS}


@pytest.mark.parametrize(
    ("wheels", "expected"),
    [
        ({}, []),
        # one label, several distributions or Torch
        (
            {"cuda13.0": ["a-1-1_el9.6_cuda13.0", "a-1-2_el9.8_cuda13.0"]},
            ["error BT431", "error BT432", "warning BT433"],
        ),
        (
            {"cpu": ["a-1-1_el9.6_cpu_torch2.9.1", "a-1-2_el9.6_cpu_torch2.10.0"]},
            ["error BT431"],
        ),
        (
            {"cpu": ["a-1-1_el9.6_torch2.9.1"], "rocm7.1": ["a-1-1_el9.6_torch2.10.0"]},
            ["error BT431"],
        ),
        ({"cpu": ["a-1-1_el9.6", "a-1-1_el9.6_cpu", "a-1-2_el9.6", "a-2-1_el9.6"]}, []),
        ({"cpu": ["a-1-1_el9.6_torch2.9.1", "a-2-1_el9.6"]}, []),
        # a label that other projects have
        ({"cpu": ["a-1"], "cuda13.0": ["a-1-1_cuda13.0"]}, ["error BT432"]),
        ({"cpu": ["a-1"], "rocm7.1": ["a-1-1_rocm7.1"]}, []),
        ({"cpu": ["a-1"]}, []),
        (
            {
                "cpu": ["a-1", "a-2"],
                "cuda13.0": ["a-1-1_cuda13.0", "a-2-1_cuda13.0"],
                "cuda12.9": ["a-2-1_cuda12.9"],
            },
            [],
        ),
        (
            {
                "cpu": ["a-1", "a-2"],
                "cuda13.0": ["a-1-1_cuda13.0", "a-2-1_cuda13.0"],
                "cuda12.9": ["a-1-1_cuda12.9"],
            },
            ["error BT432"],
        ),
        (
            {
                "cpu": ["a-1", "a-2"],
                "cuda13.0": ["a-1-1_cuda13.0"],
                "cuda12.9": ["a-1-1_cuda12.9"],
            },
            ["error BT432"],
        ),
        # of a pre-release alone
        (
            {
                "cpu": ["a-1", "a-2rc1"],
                "cuda13.0": ["a-1-1_cuda13.0"],
                "cuda12.9": ["a-1-1_cuda12.9"],
            },
            [],
        ),
        # no plain wheel
        (
            {"cuda13.0": ["a-1-1_cuda13.0"], "cuda12.9": ["a-1-1_cuda12.9"]},
            ["warning BT433"],
        ),
        # no label is possible
        ({"gaudi": ["a-1-1_gaudi1.22"]}, ["warning BT435"]),
        ({"cuda13.0": ["a-1-1_cuda13.0.123456789"]}, ["warning BT435"]),
    ],
)
def test_findings(wheels: Mapping[str, Sequence[str]], expected: Sequence[str]) -> None:
    together = {**TORCH, **{view: [*TORCH.get(view, []), *wheels[view]] for view in wheels}}
    assert [each[0] for each in codes(together)] == expected


def test_a_hole_is_accepted() -> None:
    wheels = {
        **TORCH,
        "cpu": [*TORCH["cpu"], "a-1"],
        "cuda13.0": [*TORCH["cuda13.0"], "a-1-1_cuda13.0"],
    }
    assert ("warning BT432", "a") in codes(wheels, "--allow-holes")


@pytest.mark.parametrize(
    ("name", "needs", "expected"),
    [
        ("a-1-1_el9.6", "libcudart.so.13", ["BT311"]),
        ("a-1-1_el9.6_cpu", "libcudart.so.13", ["BT313"]),
        ("a-1-1_el9.6_cuda13.0", "libcudart.so.13", []),
        ("a-1-1_el9.6", "libm.so.6", []),
    ],
)
def test_a_plain_wheel_that_uses_an_accelerator(
    name: str, needs: str, expected: Sequence[str], folder: pathlib.Path
) -> None:
    (folder / "cpu").mkdir()
    wheel(folder / "cpu" / f"{name}{PLAT}", library(needs=[needs]))
    result = merge({"cpu": []}, status=bool(expected))
    assert re.findall(r"error (\w+)", result.stdout) == expected


def test_a_plain_wheel_that_may_load_an_accelerator_is_listed(folder: pathlib.Path) -> None:
    """``verify`` has a note for it."""
    (folder / "cpu").mkdir()
    elf = elf_without_sections(Shape(), needed=[], imports=["dlopen"])
    members = {"a/x.so": with_sections(Shape(), elf, ".rodata", b"\0libcuda.so.1\0")}
    wheel(folder / "cpu" / f"a-1-1_el9.6{PLAT}", members)
    assert "BT311" not in merge({"cpu": []}).stdout


def test_settings_exempt_a_plain_wheel(folder: pathlib.Path) -> None:
    (folder / "cpu").mkdir()
    (folder / "settings" / "packages").mkdir(parents=True)
    (folder / "settings" / "packages" / "a.yaml").write_text(
        "annotations:\n  build-tags.verify: 'BT311: plugins are optional'\n"
    )
    wheel(folder / "cpu" / f"a-1-1_el9.6{PLAT}", library(needs=["libcudart.so.13"]))
    merge({"cpu": []})


@pytest.mark.parametrize("options", [[], ["--dry-run"]])
def test_a_signed_wheel_is_an_error(options: Sequence[str], folder: pathlib.Path) -> None:
    name = f"a-1-1_el9.6_cuda13.0{PLAT}"
    write_wheel(folder / "cuda13.0" / name, {"a-1.dist-info/RECORD.jws": b"{}"})
    result = merge({"cuda13.0": []}, *options, status=1)
    assert (
        f"cuda13.0/{name}: error BT435: {name} cannot be copied with a label: its signature "
        "'RECORD.jws' does not match a changed RECORD\n"
    ) in result.stdout
    assert not (folder / "pool").exists()
    assert not (folder / ".pool.tmp").exists()


def test_only_two_members_of_a_labelled_wheel_differ(folder: pathlib.Path) -> None:
    merge(TORCH)
    files = folder / "pool" / "files"
    for stack in STACKS[1:]:
        name = TORCH[stack][0] + PLAT
        assert (files / name).read_bytes() == (folder / stack / name).read_bytes()
        copy = files / name.replace(".whl", f"-{stack}.whl")
        with zipfile.ZipFile(files / name) as plain, zipfile.ZipFile(copy) as labelled:
            one, two = ({each: of.read(each) for each in of.namelist()} for of in (plain, labelled))
        assert {each for each in two if one.get(each) != two[each]} == {
            "torch-2.10.0.dist-info/RECORD",
            "torch-2.10.0.dist-info/variant.json",
        }
        metadata = files / f"{copy.name}.metadata"
        assert metadata.read_bytes() == two["torch-2.10.0.dist-info/METADATA"]


def documents() -> Mapping[str, bytes]:
    return {
        path: text
        for path, text in content(pathlib.Path("pool")).items()
        if path.endswith("-variants.json")
    }


def test_old_files_of_labels_stay(folder: pathlib.Path) -> None:
    merge({view: TORCH[view] for view in ("cpu", "cuda12.9")})
    before = content(folder / "pool")
    old = documents()
    merge({"cuda13.0": TORCH["cuda13.0"]})
    after = content(folder / "pool")
    assert old.items() < documents().items()
    changed = {name for name in before if after[name] != before[name]}
    assert changed == {
        "pool.json",
        "simple/torch/index.html",
        "simple/torch/index.json",
    }
    page = json.loads(after["simple/torch/index.json"])
    assert {each["filename"] for each in page["files"]} == {
        f"torch-2.10.0-7_el9.6_cpu{PLAT}",
        f"torch-2.10.0-7_el9.6_cuda12.9{PLAT.replace('.whl', '-cuda12.9.whl')}",
        f"torch-2.10.0-7_el9.6_cuda13.0{PLAT.replace('.whl', '-cuda13.0.whl')}",
        "torch-2.10.0-variants.json",
    }
    for each in page["files"]:
        path = (folder / "pool" / "simple" / "torch" / each["url"]).resolve()
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        assert each["hashes"]["sha256"] == digest
        assert path.stat().st_size == each["size"]
        if path.name.endswith(".json"):
            assert path.parent.name == digest


def test_missing_and_edited_files_of_labels_are_written_again(folder: pathlib.Path) -> None:
    merge({"cpu": TORCH["cpu"], "cuda13.0": TORCH["cuda13.0"]})
    before = content(folder / "pool")
    files = folder / "pool" / "files"
    [document] = files.glob("*/*-variants.json")
    document.write_text("{}")
    [copy] = files.glob("*-cuda13.0.whl")
    copy.unlink()
    merge({"cpu": TORCH["cpu"]})
    assert content(folder / "pool") == before


def test_a_merge_without_variants_leaves_their_index(folder: pathlib.Path) -> None:
    merge({view: TORCH[view] for view in ("cpu", "cuda13.0")})
    before = content(folder / "pool" / "simple")
    write_wheel(folder / "cpu" / f"new-1.0{PLAT}")
    assert CliRunner().invoke(main, ["merge", "pool", "cpu=cpu"]).exit_code == 0
    assert content(folder / "pool" / "simple") == before
    merge({"cpu": []})
    assert (
        content(folder / "pool" / "simple").items()
        >= {name: text for name, text in before.items() if "torch" in name}.items()
    )
    assert (folder / "pool" / "simple" / "new").exists()


def test_a_dry_run_prints_what_machines_get(folder: pathlib.Path) -> None:
    machines = ["--machine", "cuda13.1", "--machine", "cuda12.9", "--machine", "cpu"]
    result = merge(TORCH, "--dry-run", "--format", "json", *machines)
    found = {
        machine: each["filename"]
        for each in json.loads(result.stdout)["machines"]
        for machine in each["machines"]
    }
    assert found == {
        "cuda13.1": f"torch-2.10.0-7_el9.6_cuda13.0{PLAT.replace('.whl', '-cuda13.0.whl')}",
        "cuda12.9": f"torch-2.10.0-7_el9.6_cuda12.9{PLAT.replace('.whl', '-cuda12.9.whl')}",
        "cpu": f"torch-2.10.0-7_el9.6_cpu{PLAT}",
    }
    assert not (folder / "pool").exists()


@given(order=st.permutations(STACKS))
@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_the_bytes_do_not_depend_on_the_order_of_inputs(
    order: Sequence[str], folder: pathlib.Path
) -> None:
    made = []
    for stacks in (order, STACKS):
        shutil.rmtree("pool", ignore_errors=True)
        merge({stack: TORCH[stack] for stack in stacks})
        made.append(content(folder / "pool"))
        for path in folder.glob("*/*.whl"):
            os.utime(path, (1, 1))
    assert made[0] == made[1]
