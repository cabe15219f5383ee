"""This project, built from a copy of its tree: a build leaves files in the folder."""

from __future__ import annotations

import pathlib
import shutil
import tempfile

from .environment import clean_environment
from .venvs import uv
from .workspaces import REPOSITORY

_LEFT_OUT = (".*", "build", "dist", "*.egg-info", "__pycache__", "tests", "bench")


def copy_project(folder: pathlib.Path) -> pathlib.Path:
    """Copy what the package is made of into the new *folder*, and return it."""
    shutil.copytree(REPOSITORY, folder, ignore=shutil.ignore_patterns(*_LEFT_OUT))
    return folder


def build_wheel(folder: pathlib.Path) -> None:
    """Build the wheel of the project into the new *folder*."""
    with tempfile.TemporaryDirectory() as temporary:
        tree = copy_project(pathlib.Path(temporary, "tree"))
        command = ("build", "--quiet", "--wheel", "--out-dir", folder, tree)
        uv(*command, environ=clean_environment(), cwd=tree)
