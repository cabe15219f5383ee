"""``add --from-index``: every package of indexes, measured and declared at once."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import pathlib
import platform
import re
import shutil
from collections.abc import Mapping
from typing import Any, Final

import pytest
from packaging.utils import NormalizedName

from fromager_build_tags.index.scan import readers
from fromager_build_tags.index.scan.cache import ScanCache, default_folder
from fromager_build_tags.index.scan.comparing import Comparison, ScanRow
from fromager_build_tags.index.scan.measuring import Measured
from fromager_build_tags.index.scan.readers import Readers
from fromager_build_tags.wheel.archive import WheelError

from ..golden.scenes import PLAIN, library, wheel
from . import killed_reader
from .conftest import Run
from .simple_server import Answer, html_page, serve

ROCM: Final = library(needs=["libamdhip64.so.7"])
CUDA: Final = library(needs=["libcudart.so.13"])
TORCH: Final = library(
    needs=["libamdhip64.so.7", "libtorch.so"], imports=["_ZN3c105ErrorC1Ev"], member="a/_C.so"
)
TAGS: Final = "cp312-cp312-linux_x86_64"
#: Each test starts processes that read wheels.
pytestmark = pytest.mark.once

PACKAGES: Final = pathlib.Path("settings/packages")


def fill(folder: pathlib.Path, wheels: Mapping[str, Mapping[str, bytes]]) -> pathlib.Path:
    folder.mkdir(exist_ok=True)
    for stem, content in wheels.items():
        wheel(folder / f"{stem}-{TAGS}.whl", content)
    return folder


@pytest.fixture
def index(tree: pathlib.Path) -> str:
    fill(
        tree.parent / "index",
        {
            "plain-1.0": PLAIN,
            "kernels-1.0": PLAIN,
            "kernels-2.0": ROCM,
            "ops-1.0": TORCH,
            "flash_attn-2.8.3": TORCH,
        },
    )
    wheel(tree.parent / "index" / "pure-1.0-py3-none-any.whl")
    return "index"


def scan(run: Run, index: str, *more: str, status: int = 0) -> Mapping[str, Any]:
    result = run("add", "--from-index", index, "--format", "json", *more, status=status)
    found: Mapping[str, Any] = json.loads(result.stdout)
    return found


def statuses(report: Mapping[str, Any]) -> dict[str, str]:
    return {each["package"]: each["status"] for each in report["packages"]}


def test_what_is_missing_is_written(run: Run, index: str) -> None:
    before = {each: each.read_text() for each in PACKAGES.iterdir()}
    report = scan(run, index)

    assert statuses(report) == {
        "flash-attn": "agrees",
        "kernels": "missing",
        "ops": "missing",
        "plain": "agrees",
    }
    assert report["wheels"] == {"read": 4, "pure": 1}
    assert report["annotations"] == {"kernels": "accelerator", "ops": "accelerator torch"}
    written = {each: each.read_text() for each in PACKAGES.iterdir() if each not in before}
    assert written == {
        PACKAGES / "kernels.yaml": 'annotations:\n  build-tags.depends-on: "accelerator"\n',
        PACKAGES / "ops.yaml": 'annotations:\n  build-tags.depends-on: "accelerator torch"\n',
    }
    assert {each: each.read_text() for each in before} == before
    assert set(statuses(scan(run, index)).values()) == {"agrees"}
    run("lock")
    run("check")


def test_other_commands_can_edit_during_a_scan(
    run: Run, index: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A scan takes minutes: it excludes others only while it writes, and keeps what they wrote."""
    compare, edited = Comparison.row, 'changelog:\n  "2.0": ["first build"]\n'

    def edit_kernels(self: Comparison, package: NormalizedName, measured: Measured) -> ScanRow:
        folder = os.open(PACKAGES.parent, os.O_RDONLY)
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        (PACKAGES / "kernels.yaml").write_text(edited)
        os.close(folder)
        return compare(self, package, measured)

    monkeypatch.setattr(Comparison, "row", edit_kernels)
    scan(run, index)
    assert (PACKAGES / "kernels.yaml").read_text() == (
        edited + 'annotations:\n  build-tags.depends-on: "accelerator"\n'
    )


def test_a_wheel_is_read_once(run: Run, index: str, tree: pathlib.Path) -> None:
    assert scan(run, index, "--dry-run")["wheels"] == {"read": 4, "pure": 1}
    assert scan(run, index, "--dry-run")["wheels"] == {"known": 4, "pure": 1}
    shutil.copytree("index", "copied")  # other files with the same content
    assert scan(run, "copied", "--dry-run")["wheels"] == {"known": 4, "pure": 1}
    fill(tree.parent / "index", {"plain-1.0": ROCM})
    report = scan(run, index, "--dry-run")
    assert report["wheels"] == {"known": 3, "pure": 1, "read": 1}
    assert statuses(report)["plain"] == "missing"


def test_no_reader_is_asked_again(run: Run, index: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The content of a file that has not changed is not even hashed."""
    scan(run, index, "--dry-run")
    monkeypatch.delattr(Readers, "ask")
    assert scan(run, index, "--dry-run")["wheels"] == {"known": 4, "pure": 1}


def test_a_file_that_was_written_again_is_another(tmp_path: pathlib.Path) -> None:
    cache, path = ScanCache(tmp_path / "cache"), tmp_path / "a.whl"
    path.write_bytes(b"one")
    cache.remember(path, "ab12")
    assert cache.sha256_of(path) == "ab12"
    path.write_bytes(b"two")
    os.utime(path, ns=(0, 1))
    assert cache.sha256_of(path) == ""


def test_a_wheel_is_compared_with_the_stacks_of_its_accelerator(run: Run, index: str) -> None:
    expression = "accelerator if accelerator == cuda else accelerator torch"
    text = f'annotations:\n  build-tags.depends-on: "{expression}"\n'
    (PACKAGES / "ops.yaml").write_text(text)
    assert statuses(scan(run, index, "--dry-run"))["ops"] == "agrees"


def test_a_wheel_for_an_accelerator_without_a_stack_is_not_compared_with_others(
    run: Run, index: str, tree: pathlib.Path
) -> None:
    """Settings for CUDA and ROCm do not show whether an expression gives enough on XPU."""
    fill(tree.parent / "index", {"sycl_ops-1.0": library(needs=["libsycl.so.8"])})
    expression = "none if accelerator == cuda else accelerator"
    text = f'annotations:\n  build-tags.depends-on: "{expression}"\n'
    (PACKAGES / "sycl_ops.yaml").write_text(text)
    result = run("add", "--from-index", index, "--dry-run")
    assert re.search("no stack +sycl-ops", result.stdout)
    assert "no stack: no stack has the accelerator of the wheel" in result.stdout


def test_a_dry_run_writes_nothing(run: Run, index: str) -> None:
    before = {each: each.read_text() for each in PACKAGES.iterdir()}
    result = run("add", "--from-index", index, "--dry-run")
    assert {each: each.read_text() for each in PACKAGES.iterdir()} == before
    assert "+++ b/" in result.stdout
    assert '+  build-tags.depends-on: "accelerator torch"' in result.stdout
    assert "2 annotations would be written: kernels.yaml, ops.yaml" in result.stderr
    assert "no longer uses the package index's metadata for them: kernels, ops" in result.stderr


def test_other_settings_of_a_package_stay(run: Run, index: str) -> None:
    (PACKAGES / "ops.yaml").write_text("# ours\nchangelog:\n  '1.0': [x]  # why\n")
    result = run("add", "--from-index", index)
    assert (PACKAGES / "ops.yaml").read_text() == (
        "# ours\nchangelog:\n  '1.0': [x]  # why\n"
        'annotations:\n  build-tags.depends-on: "accelerator torch"\n'
    )
    assert "no longer uses the package index's metadata for them: kernels\n" in result.stderr


@pytest.mark.parametrize(
    ("declared", "status"),
    [
        ("accelerator", "too little"),
        ("none", "too little"),
        ("accelerator torch", "agrees"),
        ("accelerator if version < 2 else accelerator torch", "too little"),
    ],
)
def test_what_is_declared_is_compared_and_stays(
    declared: str, status: str, run: Run, index: str
) -> None:
    text = f'annotations:\n  build-tags.depends-on: "{declared}"\n'
    (PACKAGES / "ops.yaml").write_text(text)
    assert statuses(scan(run, index))["ops"] == status
    assert (PACKAGES / "ops.yaml").read_text() == text


def test_too_much_is_no_error(run: Run, index: str) -> None:
    text = 'annotations:\n  build-tags.depends-on: "torch"\n'
    (PACKAGES / "plain.yaml").write_text(text)
    result = run("add", "--from-index", index, "--dry-run")
    assert "too much  plain" in result.stdout
    assert "too much: a build for another accelerator may need it" in result.stdout


def test_an_annotation_of_one_variant_leaves_the_others_with_too_little(
    run: Run, index: str
) -> None:
    text = 'variants:\n  rocm:\n    annotations:\n      build-tags.depends-on: "none"\n'
    (PACKAGES / "kernels.yaml").write_text(text)
    assert statuses(scan(run, index, "--dry-run"))["kernels"] == "too little"


def test_an_annotation_of_another_variant_hides_no_missing_one(run: Run, index: str) -> None:
    fill(pathlib.Path(index), {"cuda_ops-1.0": CUDA})
    text = 'variants:\n  rocm:\n    annotations:\n      build-tags.depends-on: "none"\n'
    (PACKAGES / "cuda_ops.yaml").write_text(text)
    assert statuses(scan(run, index))["cuda-ops"] == "missing"
    assert (PACKAGES / "cuda_ops.yaml").read_text() == (
        text + 'annotations:\n  build-tags.depends-on: "accelerator"\n'
    )
    assert statuses(scan(run, index, "--dry-run"))["cuda-ops"] == "agrees"


def test_where_it_changed(run: Run, index: str, tree: pathlib.Path) -> None:
    fill(tree.parent / "index", {"kernels-2.5": ROCM, "kernels-3.0": TORCH})
    report = scan(run, index, "--all-versions")
    found = [
        (each["version"], each["wheels"])
        for each in report["packages"]
        if each["package"] == "kernels"
    ]
    assert found == [
        ("1.0", "none"),
        ("2.0", "accelerator"),
        ("2.5", "accelerator"),
        ("3.0", "accelerator torch"),
    ]
    expression = "none if version < 2.0 else accelerator if version < 3.0 else accelerator torch"
    assert f'build-tags.depends-on: "{expression}"' in (PACKAGES / "kernels.yaml").read_text()
    assert set(statuses(scan(run, index, "--all-versions")).values()) == {"agrees"}


def test_the_newest_release_of_each_kind_is_read(run: Run, tree: pathlib.Path) -> None:
    fill(
        tree.parent / "some",
        {
            "a-1.0": PLAIN,
            "a-2.0+cpu": PLAIN,
            "a-2.0+rocm7.1": ROCM,
            "a-3.0rc1": TORCH,
            "b-1.0rc1": TORCH,
        },
    )
    report = scan(run, "some", "--dry-run")
    found = {each["package"]: (each["version"], each["wheels"]) for each in report["packages"]}
    assert found == {"a": ("2.0", "accelerator"), "b": ("1.0rc1", "accelerator torch")}
    assert report["wheels"]["read"] == 3


def test_the_name_of_a_wheel_decides_whether_it_gets_segments(run: Run, tree: pathlib.Path) -> None:
    """openmm-cuda-12 8.6.1 has a name for manylinux, and ``Tag: py3-none-any`` in WHEEL."""
    (tree.parent / "some").mkdir()
    wheel(tree.parent / "some" / f"a-1.0-{TAGS}.whl", CUDA, tag="py3-none-any")
    assert statuses(scan(run, "some")) == {"a": "missing"}


def test_spellings_are_one_package(run: Run, tree: pathlib.Path) -> None:
    fill(tree.parent / "some", {"My_Ops-1.0": PLAIN, "my.ops-1.1": PLAIN, "my_ops-1.2": ROCM})
    assert statuses(scan(run, "some")) == {"my-ops": "missing"}
    assert [each.name for each in PACKAGES.glob("*ops*")] == ["my_ops.yaml"]


def test_indexes_are_measured_together(run: Run, tree: pathlib.Path) -> None:
    fill(tree.parent / "one", {"a-1.0": PLAIN})
    fill(tree.parent / "two", {"a-1.0": ROCM})
    result = run("add", "--from-index", "one", "--from-index", "two", "--format", "json")
    (found,) = json.loads(result.stdout)["packages"]
    assert (found["status"], found["wheels"], len(found["read"])) == ("missing", "accelerator", 2)


def test_damaged_wheels_stop_nothing(run: Run, tree: pathlib.Path) -> None:
    folder = fill(tree.parent / "many", {f"p{number}-1.0": ROCM for number in range(30)})
    for number in range(0, 30, 3):
        path = folder / f"p{number}-1.0-{TAGS}.whl"
        path.write_bytes(path.read_bytes()[:200])
    result = run("add", "--from-index", "many", "--format", "json", status=1)
    report = json.loads(result.stdout)
    assert list(statuses(report).values()).count("missing") == 20
    assert list(statuses(report).values()).count("not read") == 10
    assert len([*PACKAGES.glob("p*.yaml")]) == 20
    assert result.stderr.count("Error: ") == 10
    assert scan(run, "many", status=1)["wheels"] == {"known": 20}


def test_nothing_is_written_that_rests_on_a_part(run: Run, tree: pathlib.Path) -> None:
    """A damaged wheel beside another of the same version, and a damaged library in a wheel."""
    unstable = library(needs=["libtorch.so"], imports=["_ZN3c105ErrorC1Ev"], member="a/_C.so")
    folder = fill(
        tree.parent / "some",
        {
            "a-1.0+cpu": PLAIN,
            "a-1.0+rocm7.1": ROCM,
            "b-1.0": {**unstable, "b/_C.so": unstable["a/_C.so"][:100]},
            "c-1.0": {**TORCH, "b/_C.so": unstable["a/_C.so"][:100]},
        },
    )
    (folder / f"a-1.0+rocm7.1-{TAGS}.whl").write_bytes(b"PK")
    report = scan(run, "some", status=1)
    assert statuses(report) == {"a": "not read", "b": "not read", "c": "missing"}
    reasons = {each["package"]: each["reason"] for each in report["packages"]}
    assert "not a zip archive" in reasons["a"]
    assert "b/_C.so could not be read" in reasons["b"]
    assert [each.name for each in PACKAGES.glob("[abc].yaml")] == ["c.yaml"]


def test_a_stable_wheel_needs_a_torch_that_is_not_above_the_lowest(
    run: Run, tree: pathlib.Path
) -> None:
    stable = library(needs=["libtorch.so"], imports=["torch_call_dispatcher"], member="a/_C.so")
    fill(tree.parent / "some", {"a-1.0": stable})
    lowest = 'distro: el9.6\nrocm_version: "7.1"\ntorch_version: "{}"\n'
    for torch, needs in (("2.10.0", "none"), ("2.9.0", "torch")):
        for each in (tree / "variants").iterdir():
            each.unlink()
        (tree / "variants/rocm.yaml").write_text(lowest.format(torch))
        (found,) = scan(run, "some", "--dry-run")["packages"]
        assert found["wheels"] == needs


def test_torch_does_not_depend_on_itself(run: Run, tree: pathlib.Path) -> None:
    fill(tree.parent / "some", {"torch-2.10.0": TORCH})
    (found,) = scan(run, "some", "--dry-run")["packages"]
    assert (found["status"], found["wheels"]) == ("agrees", "accelerator")


def test_a_yanked_wheel_is_not_read(run: Run, index: str) -> None:
    body = pathlib.Path(f"index/kernels-2.0-{TAGS}.whl").read_bytes()
    name = f"kernels-2.0-{TAGS}.whl"
    page = f'<a href="/files/{name}" data-yanked="bad">{name}</a>'
    answers = {
        "/simple/": html_page({"kernels/": "kernels"}),
        "/simple/kernels/": Answer(body=page.encode()),
        f"/files/{name}": Answer(body=body),
    }
    with serve(answers) as server:
        assert scan(run, f"{server.url}/simple/", "--dry-run")["packages"] == []


def test_the_newest_python_for_this_machine_is_read(run: Run, tree: pathlib.Path) -> None:
    (tree.parent / "some").mkdir()
    other = "aarch64" if platform.machine() == "x86_64" else "x86_64"
    names = ("cp39-cp39-linux_{}", "cp312-cp312-linux_{}", "cp310-cp310-linux_{}")
    for tags in (
        *(each.format(platform.machine()) for each in names),
        f"cp314-cp314-linux_{other}",
    ):
        wheel(tree.parent / "some" / f"a-1.0-{tags}.whl")
    (found,) = scan(run, "some", "--dry-run")["packages"]
    assert found["read"] == [f"some/a-1.0-cp312-cp312-linux_{platform.machine()}.whl"]


def test_a_pre_built_package_is_not_compared(run: Run, index: str, tree: pathlib.Path) -> None:
    settings = "".join(
        f"  {each.stem}:\n    pre_built: true\n" for each in (tree / "variants").iterdir()
    )
    (PACKAGES / "kernels.yaml").write_text(f"variants:\n{settings}")
    assert statuses(scan(run, index, "--dry-run"))["kernels"] == "pre-built"


def test_a_reader_that_is_killed_takes_its_wheel_only(
    run: Run, index: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readers, "_MODULE", killed_reader.__name__)
    monkeypatch.setenv("PYTHONPATH", str(pathlib.Path(__file__).parents[2]))
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0})  # one reader, for all of them
    result = run("add", "--from-index", index, status=1)
    assert result.stdout.count("the process that read it ended with status -9") == 1
    assert (PACKAGES / "kernels.yaml").exists()
    assert (PACKAGES / "ops.yaml").exists()


def test_a_url_is_downloaded_once(run: Run, index: str) -> None:
    wheels = {path.name: path.read_bytes() for path in pathlib.Path(index).iterdir()}
    projects: dict[str, dict[str, str]] = {}
    for name, body in wheels.items():
        project = name.partition("-")[0].replace("_", "-")
        url = f"/files/{name}#sha256={hashlib.sha256(body).hexdigest()}"
        projects.setdefault(project, {})[url] = name
    answers = {
        "/simple/": html_page({f"{name}/": name for name in projects}),
        **{f"/simple/{name}/": html_page(links) for name, links in projects.items()},
        **{f"/files/{name}": Answer(body=body) for name, body in wheels.items()},
    }
    with serve(answers) as server:
        url = f"{server.url}/simple/"
        assert scan(run, url, "--dry-run")["wheels"] == {"read": 4, "pure": 1}
        first = [path for path in server.asked if path.startswith("/files/")]
        assert scan(run, url, "--dry-run")["wheels"] == {"known": 4, "pure": 1}
        assert len(first) == 4
        assert [path for path in server.asked if path.startswith("/files/")] == first
        server.answers[f"/files/ops-1.0-{TAGS}.whl"] = Answer(body=b"other")
    shutil.rmtree("cache")
    answers[f"/files/ops-1.0-{TAGS}.whl"] = Answer(body=b"other")
    with serve(answers) as server:
        result = run("add", "--from-index", f"{server.url}/simple/", "--dry-run", status=1)
    assert "its SHA-256 is " in result.stderr
    assert "; the index lists " in result.stderr


@pytest.mark.parametrize("problem", ["a file", "damaged", "other", "read-only"])
def test_a_cache_that_fails_changes_no_result(problem: str, run: Run, index: str) -> None:
    scan(run, index, "--dry-run")
    entries = [*pathlib.Path("cache").rglob("*.json")]
    match problem:
        case "a file":
            shutil.rmtree("cache")
            pathlib.Path("cache").write_text("")
        case "damaged":
            for each in entries:
                each.write_bytes(each.read_bytes()[:-5])
        case "other":
            for each in entries:
                each.write_text('{"sha256": [], "needs": 3}')
        case "read-only":
            for each in entries:
                each.write_text("{}")
                each.chmod(0o400)
    result = run("add", "--from-index", index, "--dry-run", "--format", "json")
    report = json.loads(result.stdout)
    assert report["wheels"] == {"read": 4, "pure": 1}
    assert statuses(report)["ops"] == "missing"
    notes = [line for line in result.stderr.splitlines() if "reads these wheels again" in line]
    assert len(notes) == (problem in {"a file", "read-only"})


def test_the_cache_of_another_release_is_not_used(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ScanCache(tmp_path).put("ab12", {"a": 1})
    assert ScanCache(tmp_path).get("ab12") == {"a": 1}
    monkeypatch.setattr("importlib.metadata.version", lambda _: "0.0.1")
    assert ScanCache(tmp_path).get("ab12") is None


@pytest.mark.parametrize(("given", "expected"), [("", ".cache"), ("rel", ".cache"), ("/x", "/x")])
def test_the_folder_of_the_cache(
    given: str, expected: str, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", given)
    assert default_folder() == tmp_path / expected / "fromager-build-tags"


def test_a_file_that_cannot_be_written_changes_none(
    run: Run, index: str, tree: pathlib.Path
) -> None:
    (PACKAGES / "ops.yaml").write_text("{}\n")
    (PACKAGES / "ops.yaml").chmod(0o444)
    result = run("add", "--from-index", index, status=1)
    assert "ops.yaml is read-only" in result.stderr
    assert not (PACKAGES / "kernels.yaml").exists()
    assert [*PACKAGES.glob(".*.tmp")] == []


def test_two_files_of_a_package_change_none(run: Run, index: str) -> None:
    (PACKAGES / "ops.yaml").write_text("{}\n")
    (PACKAGES / "Ops.yaml").write_text("{}\n")
    result = run("add", "--from-index", index, status=1)
    assert "merge them" in result.stderr
    assert not (PACKAGES / "kernels.yaml").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("ops", "--from-index", "index"),
        ("--from-index", "index", "--module"),
        ("--from-index", "index", "--depends-on", "none"),
        ("--all",),
        ("ops", "--dry-run"),
        (),
    ],
)
def test_options_that_exclude_each_other(arguments: tuple[str, ...], run: Run, index: str) -> None:
    result = run("add", *arguments, status=2)
    assert "--from-index" in result.stderr


def test_readers_of_a_missing_file(tmp_path: pathlib.Path) -> None:
    with Readers(1) as some:
        with pytest.raises(WheelError, match="No such file"):
            some.ask({"hash": str(tmp_path / "none")}, "none.whl")
        with pytest.raises(WheelError):
            some.ask({"read": str(tmp_path / "none")}, "none.whl")
    with pytest.raises(readers.ReadersEndedError):
        some.ask({"hash": "x"}, "x")


def test_the_working_folder_is_not_imported(run: Run, index: str, tree: pathlib.Path) -> None:
    for name in ("json", "hashlib", "packaging", "zipfile", "fromager_build_tags"):
        (tree.parent / f"{name}.py").write_text("open('ran', 'w')\n")
    scan(run, index)
    assert not pathlib.Path("ran").exists()
