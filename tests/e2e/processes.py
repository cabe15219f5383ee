"""Run a command to its end, and show its output if it fails."""

from __future__ import annotations

import pathlib
import subprocess
from collections.abc import Mapping, Sequence


def run(
    command: Sequence[str | pathlib.Path],
    *,
    environ: Mapping[str, str],
    cwd: pathlib.Path,
    status: int = 0,
) -> subprocess.CompletedProcess[str]:
    """Run *command* and return what it wrote.

    Raises:
        AssertionError: it ends with another status than *status*.
    """
    done = subprocess.run(
        command,
        env=environ,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    shown = f"{' '.join(map(str, command))}\n{done.stdout}\n{done.stderr}"
    assert done.returncode == status, f"status {done.returncode} of {shown}"
    return done
