"""pip and uv, each installing from a folder of wheels only."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Callable, Iterable, Mapping
from typing import Final, cast

from .venvs import Venv

type Install = Callable[[Venv, pathlib.Path, Iterable[str], Mapping[str, str]], None]

#: Import each package, and print the build tag in its WHEEL file.
_PRINT_BUILD_TAGS: Final = """\
import importlib, json, sys
from importlib import metadata

def build(name):
    assert importlib.import_module(name.replace("-", "_")).answer == 42
    lines = metadata.distribution(name).read_text("WHEEL").splitlines()
    return dict(line.split(": ", 1) for line in lines if line)["Build"]

print(json.dumps({name: build(name) for name in sys.argv[1:]}))
"""


def pip(
    venv: Venv, wheels: pathlib.Path, requirements: Iterable[str], environ: Mapping[str, str]
) -> None:
    """Install *requirements* with the pip in *venv*."""
    command = ("install", "--no-index", "--find-links", wheels)
    venv.run("pip", *command, *requirements, environ=environ, cwd=venv.folder)


def uv(
    venv: Venv, wheels: pathlib.Path, requirements: Iterable[str], environ: Mapping[str, str]
) -> None:
    """Install *requirements* into *venv* with uv."""
    venv.install("--no-index", "--find-links", wheels, *requirements, environ=environ)


INSTALLERS: Final = (pip, uv)


def installed_build_tags(
    venv: Venv, names: Iterable[str], environ: Mapping[str, str]
) -> dict[str, str]:
    """Import each of *names*, and return the build tag in its WHEEL file."""
    done = venv.run("python", "-c", _PRINT_BUILD_TAGS, *names, environ=environ, cwd=venv.folder)
    return cast(dict[str, str], json.loads(done.stdout))
