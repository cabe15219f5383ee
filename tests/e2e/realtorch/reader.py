"""A reader of the page on Torch, who copies its blocks; what differs here is replaced in them."""

from __future__ import annotations

import pathlib
import subprocess
import sys
from dataclasses import dataclass
from typing import Final

from ...task_pages import Command, File, matches, steps
from ...trees import write_tree
from ..environment import clean_environment
from ..processes import run
from ..venvs import Venv

PAGE: Final = "how-to/build-against-torch.md"
#: The toolkit of the page.
NVCC: Final = pathlib.Path("/usr/local/cuda/bin/nvcc")
_PYTHON: Final = f"python{sys.version_info.major}.{sys.version_info.minor}"


def has_toolkit() -> bool:
    """Whether the toolkit of the page is here; the variant of CUDA is left out otherwise."""
    if not NVCC.exists():
        return False
    version = subprocess.run([NVCC, "--version"], capture_output=True, text=True, check=True)
    return "release 13.0," in version.stdout


@dataclass(frozen=True, kw_only=True, slots=True)
class Reader:
    """The reader's folder.

    Attributes:
        url: of the server in the other terminal.
    """

    folder: pathlib.Path
    venv: Venv
    url: str
    has_toolkit: bool

    def follow(self) -> None:
        """Write the files of the page, run its commands, and compare their output."""
        for step in steps(PAGE):
            if isinstance(step, File):
                write_tree(self.folder, {step.path: self._here(step.text)})
            elif self.has_toolkit or "--variant cuda" not in step.line:
                self._do(step)

    def run(self, line: str, status: int = 0) -> str:
        """Run a line of shell, with the logs of fromager if it fails; return all it printed."""
        script = f"exec 2>&1\n{line} || {{ status=$?; tail -qn 20 *.log; exit $status; }}"
        environ = self.venv.activate(clean_environment())
        return run(["bash", "-c", script], environ=environ, cwd=self.folder, status=status).stdout

    @property
    def wheels(self) -> list[pathlib.Path]:
        """The wheels that fromager built, sorted."""
        return sorted((self.folder / "wheels-repo" / "downloads").iterdir())

    def _do(self, step: Command) -> None:
        output = self.run(step.line)
        # without the toolkit there is one wheel, in each output that mentions two
        assert not self.has_toolkit or matches(self._here(step.output), output), output

    def _here(self, text: str) -> str:
        tag = _PYTHON.replace("python3.", "cp3")
        return (
            text.replace("http://127.0.0.1:8000", self.url)
            .replace("python3.12", _PYTHON)
            .replace("cp312", tag)
        )
