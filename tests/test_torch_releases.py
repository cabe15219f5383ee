"""The table of what Torch exports: how it is made, and that it agrees with the registry."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from evidence import torch_releases
from evidence.__main__ import main
from fromager_build_tags.errors import InputError
from fromager_build_tags.wheel.torch.torch_table import FILE, TorchTable, digest, shipped_table

from .wheel.torch_samples import build, torch_wheel

PLAN = torch_releases.Releases(
    python="3.12",
    platforms={"x86_64": ("linux_x86_64",), "aarch64": ("linux_aarch64",)},
    releases=("2.9.1", "2.10.0"),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "wheels"
    folder.mkdir()
    libraries = {"libc10.so": ["_ZN3c101aEv"], "libc10_cuda.so": ["_ZN3c104cuda1bEv"]}
    torch_wheel(folder, "2.9.1", libraries)
    torch_wheel(folder, "2.10.0", {"libc10.so": ["_ZN3c101bEv"]})
    return folder


def test_wheels_of_a_folder_are_read_and_the_others_fetched(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched = []

    @contextmanager
    def fetch(requirement: str, python: str, platforms: Collection[str]) -> Iterator[Path]:
        fetched.append((requirement, python, *platforms))
        yield torch_wheel(tmp_path, "2.9.1", {"libc10.so": ["_ZN3c101cEv"]}, machine="aarch64")

    monkeypatch.setattr(torch_releases, "fetched", fetch)

    found = list(torch_releases.read_builds(PLAN, ["2.9.1"], folder))

    assert fetched == [("torch==2.9.1", "3.12", "linux_aarch64")]
    expected = [
        build("2.9.1", "_ZN3c101aEv", "_ZN3c104cuda1bEv"),
        build("2.9.1", "_ZN3c101aEv", accelerator=None),
        build("2.9.1", "_ZN3c101cEv", accelerator=None, machine="aarch64"),
    ]
    assert [(each.release, each.exports) for each in found] == [
        (each.release, each.exports) for each in expected
    ]


def test_a_release_that_is_read_again_replaces_its_builds() -> None:
    old = TorchTable.of([build("2.9.1", "torch_a"), build("2.10.0", "torch_b")])

    new = torch_releases.updated(old, ["2.10"], iter([build("2.10.0", "torch_c")]))

    assert new == TorchTable.of([build("2.9.1", "torch_a"), build("2.10.0", "torch_c")])


@pytest.mark.parametrize("releases", [["2.10.0"], []])
def test_the_command_writes_the_table(
    releases: list[str], folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Named releases are added to the table; without a name it is made anew."""
    target, plan = tmp_path / FILE, PLAN.model_copy(update={"platforms": {"x86_64": ()}})
    monkeypatch.setattr(torch_releases, "TABLE", target)
    monkeypatch.setattr(torch_releases, "load", lambda: plan)
    known = TorchTable.of([build("2.8.0", "torch_a"), build("2.10.0", "torch_b")])
    monkeypatch.setattr("evidence.__main__.shipped_table", lambda: known)

    result = CliRunner().invoke(main, ["torch", *releases, "--from", str(folder)])

    assert result.exit_code == 0, result.output
    assert f"2.10.0 x86_64: 1 symbols\n{target.stat().st_size} bytes\n" in result.stderr
    written = TorchTable.parse(target.read_bytes())
    assert written.is_shipped
    versions = ["2.8.0", "2.10.0"] if releases else ["2.9.1", "2.9.1", "2.10.0"]
    assert [str(each.version) for each in written.releases] == versions
    assert written.exporting("_ZN3c101bEv")
    assert not written.exporting("torch_b")


def test_a_table_that_is_too_large_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch_releases, "TABLE", tmp_path / FILE)
    monkeypatch.setattr(torch_releases, "LIMIT", 100)

    with pytest.raises(InputError) as error:
        torch_releases.write(TorchTable.of([build("2.9.1", "torch_a")]))

    assert str(error.value).endswith(" bytes; 100 are shipped at most")
    assert not (tmp_path / FILE).exists()


@pytest.mark.parametrize(
    ("release", "machine", "python"),
    [
        pytest.param("2.4.0", "aarch64", "3.9", marks=pytest.mark.nightly),
        pytest.param("2.10.0", "aarch64", "3.14", marks=pytest.mark.realtorch),
        pytest.param("2.15.0", "x86_64", "3.12", marks=pytest.mark.realtorch),
    ],
)
def test_the_table_agrees_with_the_registry(release: str, machine: str, python: str) -> None:
    """They are fetched, read and deleted: 0.8 GB. Other versions of Python make no difference."""
    pytest.importorskip("pip", reason="pip is not installed here")
    plan = torch_releases.load()
    platforms = {machine: plan.platforms[machine]}
    plan = plan.model_copy(update={"python": python, "platforms": platforms})

    builds = list(torch_releases.read_builds(plan, [release]))

    parts = {part[0].key: set(part[1]) for part in shipped_table().parts()}
    assert builds
    for read in builds:
        assert parts[read.key] == {digest(name) for name in read.exports}
