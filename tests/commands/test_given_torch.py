"""``verify --torch``: wheels, an installed Torch and indexes instead of the shipped table."""

from __future__ import annotations

import pathlib
import zipfile
from collections.abc import Mapping, Sequence
from typing import Protocol

import pytest
from click.testing import CliRunner, Result

from fromager_build_tags.commands import main

from ..verify.building import Wheel
from ..verify.server import Served, serve
from ..wheel.craft import Shape, elf_without_sections, with_sections

OURS, THEIRS = "_ZN3c104oursEv", "_ZN3c106theirsEv"
X86_64, AARCH64 = 62, 183
LIMITS = (
    "by symbols alone: a wheel that lacks none may still fail, since layouts of types can differ"
)


class Run(Protocol):
    """Run ``verify`` for the wheel."""

    def __call__(self, *options: str | pathlib.Path, status: int = 0) -> Result: ...


def torch(
    folder: pathlib.Path,
    version: str,
    *exports: str,
    tags: str = "cp312-cp312-linux_x86_64",
    machine: int = X86_64,
) -> pathlib.Path:
    """Write a Torch wheel."""
    info = f"torch-{version}.dist-info"
    library = elf_without_sections(
        Shape(machine=machine), needed=[], imports=[], exports=["_ZTIN3c105ErrorE", *exports]
    )
    members: Mapping[str, str | bytes] = {
        "torch/lib/libc10.so": library,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: torch\nVersion: {version}\n",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nTag: {tags}\n",
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"torch-{version}-{tags}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def lines(text: str) -> Sequence[str]:
    return text.splitlines()


@pytest.fixture
def wheel(tmp_path: pathlib.Path) -> pathlib.Path:
    """A wheel that imports what only our Torch exports."""
    library = elf_without_sections(Shape(), needed=["libtorch.so"], imports=[OURS])
    named = Wheel(tag="8_el9.6_torch2.9.1", members={"demo/_C.so": with_sections(Shape(), library)})
    return named.write(tmp_path, {})


@pytest.fixture
def run(tmp_path: pathlib.Path, wheel: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("no_proxy", "127.0.0.1")

    def invoke(*options: str | pathlib.Path, status: int = 0) -> Result:
        result = CliRunner().invoke(main, ["verify", wheel.name, *map(str, options)])
        assert result.exit_code == status, result.output
        return result

    return invoke


def test_the_shipped_table_does_not_have_it(run: Run) -> None:
    assert "error BT307: no Torch from 2.4.0 to " in run(status=1).stdout


def test_a_torch_wheel(run: Run, wheel: pathlib.Path, tmp_path: pathlib.Path) -> None:
    given = torch(tmp_path, "2.9.1+ours", OURS)
    result = run("--torch", given.name)
    assert lines(result.stdout) == [
        f"{wheel.name}: loads with Torch 2.9.1+ours",
        LIMITS,
        "",
        "All checks passed: 1 wheel",
    ]
    assert result.stderr == f"compared with Torch 2.9.1+ours of {given.name}\n"


def test_a_torch_wheel_that_lacks_a_symbol(run: Run, tmp_path: pathlib.Path) -> None:
    given = torch(tmp_path, "2.9.1+theirs", THEIRS)
    assert (
        "error BT305: the name contains torch2.9.1, but Torch 2.9.1+theirs in "
        f"{given.name} lacks 1 symbol that the wheel imports: c10::ours\n"
    ) in run("--torch", given.name, status=1).stdout


def test_another_torch_than_that_of_the_name(run: Run, tmp_path: pathlib.Path) -> None:
    """The user asks about that one: it has to load the wheel."""
    torch(tmp_path, "2.12.0", THEIRS)
    found = run("--torch", torch(tmp_path, "2.12.0", THEIRS).name, status=1).stdout
    assert "error BT305: the wheel is compared with torch-2.12.0-" in found
    run("--torch", torch(tmp_path, "2.13.0", OURS).name)


def test_several(run: Run, tmp_path: pathlib.Path) -> None:
    options = [f"--torch={torch(tmp_path, *each).name}" for each in (("2.9.0",), ("2.9.1", OURS))]
    result = run(*options)
    assert "loads with Torch 2.9.1\n" in result.stdout
    assert result.stderr.startswith("compared with Torch 2.9.0, 2.9.1 of torch-2.9.0-")


def test_an_installed_torch(run: Run, tmp_path: pathlib.Path) -> None:
    library = elf_without_sections(Shape(), needed=[], imports=[], exports=[OURS])
    folder = tmp_path / "site-packages" / "torch"
    (folder / "lib").mkdir(parents=True)
    (folder / "lib" / "libc10.so").write_bytes(library)
    (folder / "version.py").write_text("__version__ = '2.9.1+installed'\n")
    assert "loads with Torch 2.9.1+installed\n" in run("--torch", "site-packages").stdout
    assert "loads with Torch 2.9.1+installed\n" in run("--torch", "site-packages/torch").stdout


def test_an_index_gives_each_version_for_the_machine_and_python_of_the_wheel(
    run: Run, tmp_path: pathlib.Path
) -> None:
    folder = tmp_path / "index" / "torch"
    torch(folder, "2.9.1", OURS)
    torch(folder, "2.9.1", THEIRS, tags="cp313-cp313-linux_x86_64")
    torch(folder, "2.9.1", THEIRS, tags="cp312-cp312-linux_aarch64", machine=AARCH64)
    torch(folder, "2.10.0", THEIRS)
    torch(folder, "2.11.0", OURS, tags="cp313-cp313-linux_x86_64")
    (folder / "torch-2.9.1-cp312-cp312-win_amd64.whl").write_text("")
    (folder / "torch-2.9.1.whl").write_text("")
    result = run("--torch", "index")
    assert "loads with Torch 2.9.1, 2.11.0\n" in result.stdout
    assert result.stderr == "compared with Torch 2.9.1, 2.10.0, 2.11.0 of index\n"


def test_urls(run: Run, tmp_path: pathlib.Path) -> None:
    given = torch(tmp_path, "2.9.1", OURS)
    with serve(Served(body=given.read_bytes())) as served:
        result = run("--torch", f"{served.url.replace('//', '//user:secret@')}/{given.name}")
    assert "loads with Torch 2.9.1\n" in result.stdout
    assert "secret" not in result.output


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("none", "--torch 'none': no such file or folder; give a Torch wheel, the site-packages"),
        ("ftp://u:secret@h/", "--torch 'ftp:"),
        ("empty", "--torch 'empty': it has no Torch wheel for the machine of a verified wheel"),
        ("text", "cannot read the wheel 'text': not a zip archive"),
    ],
)
def test_no_torch(run: Run, tmp_path: pathlib.Path, given: str, message: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text").write_text("")
    shown = run("--torch", given, status=1).stderr
    assert message in shown
    assert "secret" not in shown


def test_an_empty_argument(run: Run) -> None:
    assert "an argument is empty: is a variable unset?" in run("--torch", "", status=2).stderr
