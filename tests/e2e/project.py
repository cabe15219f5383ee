"""This project, built from a copy of its tree: a build leaves files in the folder."""

from __future__ import annotations

import pathlib
import shutil

from .environment import clean_environment
from .venvs import uv
from .workspaces import REPOSITORY

_LEFT_OUT = (".*", "build", "dist", "*.egg-info", "__pycache__", "tests", "bench")


def copy_project(folder: pathlib.Path) -> pathlib.Path:
    """Copy what the package is made of into the new *folder*, and return it."""
    shutil.copytree(REPOSITORY, folder, ignore=shutil.ignore_patterns(*_LEFT_OUT))
    return folder


def build_wheel(tree: pathlib.Path) -> pathlib.Path:
    """Build the wheel of the project in *tree*."""
    folder = tree.parent / "dist"
    command = ("build", "--quiet", "--wheel", "--out-dir", folder, tree)
    uv(*command, environ=clean_environment(), cwd=tree)
    (wheel,) = folder.glob("*.whl")
    return wheel
