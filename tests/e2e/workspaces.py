"""The folder that fromager works in, with a copy of the repository's settings tree."""

from __future__ import annotations

import dataclasses
import pathlib
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from .processes import run
from .stacks import ExampleStack
from .venvs import Venv

REPOSITORY: Final = pathlib.Path(__file__).parents[2]
SETTINGS: Final = REPOSITORY / "settings"


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """The output of one run of fromager, and what it compiled.

    Attributes:
        stdout: the results.
        stderr: the log.
        compiled: the wheels that stand-ins built in this run, sorted: ``torch 2.10.0``.
    """

    stdout: str
    stderr: str
    compiled: list[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Workspace:
    """A folder in which fromager builds for one stack.

    Attributes:
        folder: its current folder.
        venv: where fromager and its plugins are installed.
        environ: of its processes.
    """

    folder: pathlib.Path
    stack: ExampleStack
    venv: Venv
    environ: Mapping[str, str]

    @property
    def settings(self) -> pathlib.Path:
        """Its own copy of the settings tree."""
        return self.folder / "settings"

    @property
    def downloads(self) -> pathlib.Path:
        """Where fromager puts finished wheels."""
        return self.folder / "wheels-repo" / "downloads"

    def wheel_names(self) -> set[str]:
        """Return the file names of everything in the downloads folder."""
        return {path.name for path in self.downloads.iterdir()}

    def wheel_times(self) -> dict[str, int]:
        """Return when each wheel was written, in nanoseconds, by file name."""
        return {path.name: path.stat().st_mtime_ns for path in self.downloads.iterdir()}

    def fromager(self, *arguments: str | pathlib.Path, status: int = 0, **variables: str) -> Run:
        """Run fromager with the settings tree; *variables* are added to the environment.

        Raises:
            AssertionError: it ends with another status than *status*.
        """
        before = len(self.compiled())
        done = run(
            self.command(*arguments),
            environ=self.variables() | variables,
            cwd=self.folder,
            status=status,
        )
        compiled = sorted(self.compiled()[before:])
        return Run(stdout=done.stdout, stderr=done.stderr, compiled=compiled)

    def command(self, *arguments: str | pathlib.Path) -> list[str | pathlib.Path]:
        """Return the command line of fromager with the settings tree and *arguments*."""
        return [
            self.venv.program("fromager"),
            *("--settings-file", self.settings / "settings.yaml"),
            *("--settings-dir", self.settings / "packages"),
            *("--variant", self.stack.variant),
            *arguments,
        ]

    def variables(self) -> dict[str, str]:
        """Return the environment of its processes: the machine is declared to be the stack's."""
        return self.venv.activate(self.environ) | {
            "WHEEL_BUILD_TAG_DISTRO": self.stack.distro,
            "STANDIN_LOG": str(self._log),
        }

    def copy(self, folder: pathlib.Path) -> Workspace:
        """Return a copy of it in the new *folder*; its wheels keep their times."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return dataclasses.replace(self, folder=folder)

    @property
    def _log(self) -> pathlib.Path:
        return self.folder / "compiled.log"

    def compiled(self) -> list[str]:
        """Return every wheel that a stand-in built in it, in order: ``torch 2.10.0``."""
        return self._log.read_text(encoding="utf-8").splitlines() if self._log.exists() else []


def copy_settings(folder: pathlib.Path, names: Iterable[str], index_url: str) -> None:
    """Copy the repository's settings tree, the sources of the packages *names* redirected.

    Nothing else in it is changed: what is tested is the tree that is shipped.
    """
    shutil.copytree(SETTINGS, folder)
    for name in names:
        path = folder / "packages" / f"{name}.yaml"
        shipped = path.read_text(encoding="utf-8") if path.exists() else ""
        assert "resolver_dist" not in shipped, path
        redirect = f"resolver_dist:\n  sdist_server_url: {index_url}\n"
        path.write_text(f"{shipped}\n{redirect}", encoding="utf-8")
