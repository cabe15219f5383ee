"""``new``: the smallest right thing, and never over what is there."""

from __future__ import annotations

import importlib.util
import os
import pathlib
import subprocess
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from fromager_build_tags import fetch
from fromager_build_tags.cli import main
from fromager_build_tags.errors import InputError

from .wheel_reader.craft import Shape, elf_without_sections

ANNOTATION = "build-tags.depends-on"
CXX = "_ZN3c104warnEv"
STABLE = "aoti_torch_empty_strided"

type Run = Callable[..., Result]


@pytest.fixture
def packages(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """An empty settings tree, in the current folder."""
    path = tmp_path / "settings" / "packages"
    path.mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    return path


@pytest.fixture
def run(packages: pathlib.Path) -> Run:
    def invoke(*args: str, status: int = 0) -> Result:
        options = ["--settings-file", "settings/settings.yaml", "--settings-dir", str(packages)]
        result = CliRunner().invoke(main, [*options, "new", *args])
        assert result.exit_code == status, result.output
        return result

    return invoke


def make_wheel(
    folder: pathlib.Path,
    *,
    needed: Sequence[str] = (),
    imports: Sequence[str] = (),
    tag: str = "cp312-cp312-linux_x86_64",
    machine: int = 62,
) -> pathlib.Path:
    """Write a wheel of demo-kernels 1.0 with one library."""
    path = folder / f"demo_kernels-1.0-{tag}.whl"
    shape = Shape(machine=machine)
    with zipfile.ZipFile(path, "w") as archive:
        library = elf_without_sections(shape, needed=list(needed), imports=list(imports))
        archive.writestr("demo_kernels/_C.so", library)
        info = "demo_kernels-1.0.dist-info"
        metadata = "Metadata-Version: 2.1\nName: demo-kernels\nVersion: 1.0\n"
        archive.writestr(f"{info}/METADATA", metadata)
        archive.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nTag: {tag}\n")
    return path


def test_the_annotation_is_written_once(run: Run, packages: pathlib.Path) -> None:
    file = packages / "demo_kernels.yaml"
    assert run("demo-kernels").stdout == f"{file}: {ANNOTATION}: 'accelerator torch'\n"
    text = f'annotations:\n  {ANNOTATION}: "accelerator torch"\n'
    assert file.read_text() == text
    assert run("demo-kernels", "--depends-on", "torch accelerator").stdout == (
        f"{file} says it already: {ANNOTATION}: 'accelerator torch'\n"
    )
    assert file.read_text() == text


def test_what_is_there_is_kept(run: Run, packages: pathlib.Path) -> None:
    file = packages / "Demo-Kernels.yaml"  # fromager takes it as well
    file.write_bytes(b"# why\r\nenv: {A: '1'}\r\nannotations:\r\n  'x.y':   z # their\r\n")
    run("demo-kernels", "--depends-on", "accelerator if version < 2 else none")
    assert file.read_bytes() == (
        b"# why\r\nenv: {A: '1'}\r\nannotations:\r\n  'x.y':   z # their\r\n"
        b'  build-tags.depends-on: "accelerator if version < 2 else none"\r\n'
    )
    assert [path.name for path in packages.iterdir()] == ["Demo-Kernels.yaml"]


def test_another_annotation_is_shown_and_left(run: Run, packages: pathlib.Path) -> None:
    file = packages / "demo_kernels.yaml"
    file.write_text(f"annotations: {{{ANNOTATION}: none}}\n")
    assert run("demo-kernels", status=1).stderr == (
        f"Error: {file} says {ANNOTATION}: 'none', not 'accelerator torch'; "
        "nothing is changed: edit it there if it is wrong\n"
    )
    assert file.read_text() == f"annotations: {{{ANNOTATION}: none}}\n"


def test_a_shipped_override_is_enough(run: Run, packages: pathlib.Path) -> None:
    assert run("flash-attn").stdout == (
        "nothing to write: the shipped override of flash_attn says 'accelerator torch'\n"
    )
    assert list(packages.iterdir()) == []
    run("flash-attn", "--depends-on", "none")
    assert yaml.safe_load((packages / "flash_attn.yaml").read_text()) == {
        "annotations": {ANNOTATION: "none"}
    }


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["Demo_Kernels"], "'Demo_Kernels' is not a canonical name; write 'demo-kernels'"),
        (["-demo"], None),
        (["a/b"], "'a/b' is not the name of a package, such as flash-attn"),
        (["../x"], "'../x' is not the name of a package, such as flash-attn"),
        ([""], "'' is not the name of a package, such as flash-attn"),
        (
            ["demo", "--depends-on", "torhc"],
            "'torhc' in 'torhc' is nothing to depend on; did you mean 'torch'?",
        ),
        (
            ["demo", "--from-wheel", "nowhere.whl"],
            "cannot read the wheel 'nowhere.whl': No such file or directory",
        ),
        (["demo", "--from-wheel", "x.whl", "--depends-on", "torch"], None),
        (["demo", "--module", "--directory", "nowhere"], None),
    ],
)
def test_bad_input_is_one_clear_error(
    run: Run, packages: pathlib.Path, args: list[str], message: str | None
) -> None:
    result = run(*args, status=2 if message is None else 1)
    assert message is None or result.stderr == f"Error: {message}\n"
    assert list(packages.iterdir()) == []


def test_a_file_that_cannot_be_added_to(run: Run, packages: pathlib.Path) -> None:
    file = packages / "demo.yaml"
    file.write_text("annotations: ~\n")
    assert run("demo", status=1).stderr == (
        f"Error: {file} is left as it is: its YAML is written in a way that nothing can be added "
        "to; add it by hand\n"
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_that_cannot_be_written(run: Run, packages: pathlib.Path) -> None:
    packages.chmod(0o555)
    assert "cannot be written: Permission denied" in run("demo", status=1).stderr


def test_a_folder_that_is_not_there(run: Run, packages: pathlib.Path) -> None:
    packages.rmdir()
    assert run("demo", status=1).stderr == (
        f"Error: {packages}/demo.yaml cannot be written: No such file or directory\n"
    )


@pytest.mark.parametrize("machine", [62, 183], ids=["x86_64", "aarch64"])
@pytest.mark.parametrize(
    ("needed", "imports", "expression", "reasons"),
    [
        (
            ["libcudart.so.13", "libtorch.so"],
            [CXX],
            "accelerator torch",
            [
                "cuda: demo_kernels/_C.so needs libcudart.so.13",
                "Torch, unstable ABI: demo_kernels/_C.so imports 1 C++ symbols of Torch, "
                "as c10::warn",
                "Torch, unstable ABI: demo_kernels/_C.so needs libtorch.so",
            ],
        ),
        (
            ["libamdhip64.so.7", "libtorch.so"],
            [STABLE],
            "accelerator",
            [
                "rocm: demo_kernels/_C.so needs libamdhip64.so.7",
                "Torch, stable ABI: demo_kernels/_C.so imports 1 functions of Torch's stable ABI, "
                f"as {STABLE}",
                "Torch, stable ABI: demo_kernels/_C.so needs libtorch.so",
            ],
        ),
        ([], [CXX], "torch", None),
        (
            ["libtorch.so"],
            ["malloc"],
            "none",
            ["Torch, linked, no symbol of it: demo_kernels/_C.so needs libtorch.so"],
        ),
        (
            ["libc.so.6"],
            ["malloc"],
            "none",
            ["none of its 1 libraries needs an accelerator or Torch"],
        ),
    ],
)  # fmt: skip
def test_a_wheel_tells_what_it_depends_on(
    run: Run,
    tmp_path: pathlib.Path,
    packages: pathlib.Path,
    needed: list[str],
    imports: list[str],
    expression: str,
    reasons: list[str] | None,
    machine: int,
) -> None:
    wheel = make_wheel(tmp_path, needed=needed, imports=imports, machine=machine)
    result = run("demo-kernels", "--from-wheel", str(wheel))
    assert reasons is None or result.stderr.splitlines() == reasons
    written = yaml.safe_load((packages / "demo_kernels.yaml").read_text())
    assert written == {"annotations": {ANNOTATION: expression}}


def test_many_proofs_are_counted(run: Run, tmp_path: pathlib.Path) -> None:
    names = ("cudart.so.13", "cublas.so.13", "cufft.so.12", "nccl.so.2", "curand.so.10")
    wheel = make_wheel(tmp_path, needed=[f"lib{name}" for name in names])
    lines = run("demo-kernels", "--from-wheel", str(wheel)).stderr.splitlines()
    assert len(lines) == 4
    assert lines[-1].endswith(" more like these")


def test_a_purelib_wheel_gets_nothing(
    run: Run, tmp_path: pathlib.Path, packages: pathlib.Path
) -> None:
    wheel = make_wheel(tmp_path, needed=["libcudart.so.13"], imports=[CXX], tag="py3-none-any")
    result = run("demo-kernels", "--from-wheel", str(wheel))
    assert "it is a purelib wheel, which gets no segment, whatever it carries" in result.stderr
    assert result.stdout.endswith(f"{ANNOTATION}: 'none'\n")


def test_a_wheel_of_another_package_is_refused(run: Run, tmp_path: pathlib.Path) -> None:
    wheel = make_wheel(tmp_path)
    assert run("other", "--from-wheel", str(wheel), status=1).stderr == (
        f"Error: {str(wheel)!r} is a wheel of demo-kernels, not of other\n"
    )


def test_a_module_is_written_once(run: Run, tmp_path: pathlib.Path) -> None:
    assert run("demo-kernels", "--module", "--depends-on", "torch").stdout == (
        "demo_kernels.py: register it in your pyproject.toml:\n\n"
        '[project.entry-points."fromager.project_overrides"]\n'
        'demo_kernels = "my_plugin.demo_kernels"\n'
    )
    file = tmp_path / "demo_kernels.py"
    text = file.read_text()
    spec = importlib.util.spec_from_file_location("demo_kernels", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.wheel_build_tag.expression == "torch"
    assert run("demo-kernels", "--module", status=1).stderr == (
        "Error: demo_kernels.py is there already; nothing is changed\n"
    )
    assert file.read_text() == text


def test_a_module_of_a_wheel_states_the_evidence(run: Run, tmp_path: pathlib.Path) -> None:
    wheel = make_wheel(tmp_path, needed=["libcudart.so.13"])
    run("demo-kernels", "--module", "--from-wheel", str(wheel))
    assert (tmp_path / "demo_kernels.py").read_text() == (
        '"""What the wheels of demo-kernels depend on.\n\n'
        "- cuda: demo_kernels/_C.so needs libcudart.so.13\n"
        '"""\n\n'
        "from fromager_build_tags.needs import depends_on\n\n"
        'wheel_build_tag = depends_on("accelerator")\n'
    )


def pip(monkeypatch: pytest.MonkeyPatch, *, wheel: pathlib.Path | None, stderr: str = "") -> None:
    """Let pip download *wheel*, or fail; no test talks to a package index."""

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        folder = pathlib.Path(command[command.index("--dest") + 1])
        if wheel is not None:
            (folder / wheel.name).write_bytes(wheel.read_bytes())
        return subprocess.CompletedProcess(command, 0 if wheel else 1, "", stderr)

    monkeypatch.setattr(importlib.util, "find_spec", lambda _: object())
    monkeypatch.setattr(subprocess, "run", run)


def test_a_published_wheel_is_fetched(
    run: Run, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pip(monkeypatch, wheel=make_wheel(tmp_path, needed=["libcudart.so.13"]))
    result = run("demo-kernels", "--from-wheel", "demo-kernels==1.0")
    assert result.stdout.endswith(f"{ANNOTATION}: 'accelerator'\n")


@pytest.mark.parametrize(
    ("stderr", "reason"),
    [("notice\nERROR: No matching distribution\n", "ERROR: No matching distribution"),
     ("", "pip says nothing")],
)  # fmt: skip
def test_pip_gives_no_wheel(
    run: Run, monkeypatch: pytest.MonkeyPatch, stderr: str, reason: str
) -> None:
    pip(monkeypatch, wheel=None, stderr=stderr)
    assert run("demo", "--from-wheel", "demo==1", status=1).stderr == (
        f"Error: pip gives no wheel for 'demo==1': {reason}\n"
    )


def test_pip_is_not_there(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(InputError, match="pip, which fetches 'demo==1', is not installed"):
        fetch.fetch_wheel("demo==1", tmp_path)
