"""The first wheel of a new user, as a ratio to the same with fromager alone.

``fromager-build-tags init`` and ``fromager bootstrap markupsafe==3.0.3`` are timed as processes, by
turns with the second one alone, in virtualenvs made by ``uv`` that differ in nothing else. Both
begin in an empty folder, and use the package index. Run it from the root as
``python -m bench.first_wheel``; the aim is a ratio of at most 1.3.
"""

from __future__ import annotations

import os
import pathlib
import statistics
import subprocess
import tempfile
import time
from collections.abc import Sequence

from .startup import make_venv

PAIRS = 7
BOOTSTRAP = ("fromager", "bootstrap", "markupsafe==3.0.3")


def run() -> None:
    """Print the ratio."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        without = make_venv(folder / "without", "fromager", "pydantic-settings").parent
        with_ours = make_venv(folder / "with", "fromager", "pydantic-settings", ".").parent
        ratios = []
        for _ in range(PAIRS):
            seconds = _seconds(with_ours, folder, ("fromager-build-tags", "init"), BOOTSTRAP)
            ratios.append(seconds / _seconds(without, folder, BOOTSTRAP))
    print(
        f"init and bootstrap: {statistics.median(ratios):.2f} x bootstrap without this package "
        f"(min {min(ratios):.2f}, max {max(ratios):.2f}, {PAIRS} pairs)"
    )


def _seconds(bin_: pathlib.Path, folder: pathlib.Path, *commands: Sequence[str]) -> float:
    environ = {name: value for name, value in os.environ.items() if "PYTHON" not in name}
    environ["PATH"] = f"{bin_}{os.pathsep}{environ['PATH']}"  # fromager calls uv by its name
    with tempfile.TemporaryDirectory(dir=folder) as cwd:
        start = time.perf_counter()
        for program, *arguments in commands:
            command = [str(bin_ / program), *arguments]
            subprocess.run(command, check=True, capture_output=True, cwd=cwd, env=environ)
        return time.perf_counter() - start


if __name__ == "__main__":
    run()
