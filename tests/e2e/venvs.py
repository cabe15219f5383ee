"""Virtual environments, made with the real uv."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata

from packaging.utils import canonicalize_name

from .environment import clean_environment
from .processes import run

PROJECT = "fromager-build-tags"


def uv(*arguments: str | pathlib.Path, environ: Mapping[str, str], cwd: pathlib.Path) -> None:
    """Run the uv that fromager depends on."""
    run([sys.executable, "-m", "uv", *arguments], environ=environ, cwd=cwd)


@dataclass(frozen=True, slots=True)
class Venv:
    """A virtual environment of the interpreter that runs the tests."""

    folder: pathlib.Path

    @classmethod
    def create(cls, folder: pathlib.Path) -> Venv:
        """Make an empty one."""
        uv(
            "venv",
            "--quiet",
            "--python",
            sys.executable,
            folder,
            environ=clean_environment(),
            cwd=_HERE,
        )
        return cls(folder)

    @property
    def python(self) -> pathlib.Path:
        """Its interpreter."""
        return self.program("python")

    def install(
        self, *arguments: str | pathlib.Path, environ: Mapping[str, str] | None = None
    ) -> None:
        """Run ``uv pip install`` in it, from the package index by default."""
        command = ("pip", "install", "--quiet", "--python", self.python, *arguments)
        uv(*command, environ=environ or clean_environment(), cwd=_HERE)

    def run(
        self,
        program: str,
        *arguments: str | pathlib.Path,
        environ: Mapping[str, str],
        cwd: pathlib.Path,
        status: int = 0,
    ) -> subprocess.CompletedProcess[str]:
        """Run one of its programs, as if it were activated."""
        command = [self.program(program), *arguments]
        return run(command, environ=self.activate(environ), cwd=cwd, status=status)

    def program(self, name: str) -> pathlib.Path:
        """Return the path of one of its programs."""
        return self.folder / "bin" / name

    def activate(self, environ: Mapping[str, str]) -> dict[str, str]:
        """Return *environ* with its programs first on the ``PATH``: fromager calls uv by name."""
        path = os.pathsep.join([str(self.folder / "bin"), environ.get("PATH", os.defpath)])
        return {**environ, "PATH": path}


def running_versions() -> str:
    """Return, as constraints, what is installed where the tests run.

    fromager under test is the one there: so the oldest and the newest are tested alike.
    """
    versions = {dist.name: dist.version for dist in metadata.distributions()}
    return "".join(
        f"{name}=={version}\n"
        for name, version in sorted(versions.items())
        if canonicalize_name(name) != PROJECT
    )


_HERE = pathlib.Path(__file__).parent
