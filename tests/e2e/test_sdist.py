"""The source distribution contains all files of a checkout, so that its tests can run."""

from __future__ import annotations

import pathlib
import shutil
import subprocess
import tarfile

import pytest

from .environment import clean_environment
from .venvs import uv
from .workspaces import REPOSITORY

pytestmark = [pytest.mark.e2e, pytest.mark.once]


def _tracked() -> list[str]:
    command = ["git", "-C", str(REPOSITORY), "ls-files", "-z"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.rstrip("\0").split("\0")


def _git(tree: pathlib.Path, *args: str) -> None:
    identity = ["-c", "user.name=T", "-c", "user.email=t@example.invalid"]
    subprocess.run(["git", "-C", str(tree), *identity, *args], check=True)


def _build_sdist(tree: pathlib.Path, folder: pathlib.Path) -> pathlib.Path:
    command = ("build", "--quiet", "--sdist", "--out-dir", folder, tree)
    uv(*command, environ=clean_environment(), cwd=tree)
    [sdist] = folder.glob("*.tar.gz")
    return sdist


@pytest.fixture
def tree(tmp_path: pathlib.Path) -> pathlib.Path:
    """Copy the tracked files into a repository of their own, whose commit has a tag."""
    tree = tmp_path / "tree"
    for name in _tracked():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(REPOSITORY / name, tree / name, follow_symlinks=False)
    _git(tree, "init", "--quiet")
    _git(tree, "add", "--all", "--force")
    _git(tree, "commit", "--quiet", "--message=all")
    _git(tree, "tag", "v9.8.7")
    return tree


@pytest.mark.skipif(not (REPOSITORY / ".git").exists(), reason="this is no checkout")
def test_the_sdist_holds_the_checkout(tmp_path: pathlib.Path, tree: pathlib.Path) -> None:
    sdist = _build_sdist(tree, tmp_path)
    assert sdist.name == "fromager_build_tags-9.8.7.tar.gz"
    with tarfile.open(sdist) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    assert [name for name in _tracked() if name not in held] == []
    assert [name for name in held if name.endswith(".pyc")] == []


@pytest.mark.nightly
@pytest.mark.skipif(not (REPOSITORY / ".git").exists(), reason="this is no checkout")
@pytest.mark.parametrize(
    ("attribute", "version"),
    [("export-subst", "9.8.7"), ("-export-subst", "0.0.0")],
    ids=["archive of a tag", "neither git nor an archive"],
)
def test_a_version_without_git(
    tmp_path: pathlib.Path, tree: pathlib.Path, attribute: str, version: str
) -> None:
    """GitHub gives the files of an action as an archive."""
    assert (tree / ".gitattributes").read_text() == ".git_archival.txt export-subst\n"
    (tree / ".git/info/attributes").write_text(f".git_archival.txt {attribute}\n")
    _git(tree, "archive", "--output", str(tmp_path / "tree.tar"), "v9.8.7")
    with tarfile.open(tmp_path / "tree.tar") as archive:
        archive.extractall(tmp_path / "plain", filter="data")
    sdist = _build_sdist(tmp_path / "plain", tmp_path)
    assert sdist.name == f"fromager_build_tags-{version}.tar.gz"
