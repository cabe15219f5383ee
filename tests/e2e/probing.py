"""Ask for build tags in a fresh process."""

from __future__ import annotations

import json
import pathlib
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from .stacks import ExampleStack
from .venvs import Venv
from .workspaces import SETTINGS

_PROBE: Final = pathlib.Path(__file__).with_name("probe.py")


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """The output of a process.

    Attributes:
        build_tags: one mapping for each different answer of its threads.
        plugins: the modules of the global hooks, in the order of their load.
    """

    build_tags: list[dict[str, str]]
    plugins: list[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Probe:
    """Asks for the build tags of platlib wheels of a stack's packages."""

    venv: Venv
    stack: ExampleStack
    environ: Mapping[str, str]
    cwd: pathlib.Path

    def ask(self, *options: str, variables: Mapping[str, str] | None = None) -> Answer:
        """Return what a fresh process prints, with *variables* added to its environment."""
        done = self._run(*options, variables=variables or {}, status=0)
        output = json.loads(done.stdout)
        tags = [json.loads(answer) for answer in output["answers"]]
        return Answer(build_tags=tags, plugins=output["plugins"])

    def fail(self) -> str:
        """Return the traceback of a fresh process that cannot answer."""
        return self._run(variables={}, status=1).stderr

    def _run(
        self, *options: str, variables: Mapping[str, str], status: int
    ) -> subprocess.CompletedProcess[str]:
        distro = {"WHEEL_BUILD_TAG_DISTRO": self.stack.distro}
        return self.venv.run(
            "python",
            _PROBE,
            SETTINGS,
            self.stack.variant,
            *self.stack.requirements,
            *options,
            environ={**self.environ, **distro, **variables},
            cwd=self.cwd,
            status=status,
        )
