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

pytestmark = pytest.mark.e2e


def _tracked() -> list[str]:
    command = ["git", "-C", str(REPOSITORY), "ls-files", "-z"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.rstrip("\0").split("\0")


@pytest.mark.skipif(not (REPOSITORY / ".git").exists(), reason="this is no checkout")
def test_the_sdist_holds_the_checkout(tmp_path: pathlib.Path) -> None:
    tree = tmp_path / "tree"
    files = _tracked()
    for name in files:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(REPOSITORY / name, tree / name, follow_symlinks=False)
    command = ("build", "--quiet", "--sdist", "--out-dir", tmp_path, tree)
    uv(*command, environ=clean_environment(), cwd=tree)
    [sdist] = tmp_path.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    assert [name for name in files if name not in held] == []
    assert [name for name in held if name.endswith(".pyc")] == []
