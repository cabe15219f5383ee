"""``fromager --version`` with this package installed, as a ratio to without it.

Both are timed as processes, by turns, in virtualenvs made by ``uv`` that differ in nothing else.
Run it from the root as ``python -m bench.startup``; the aim is a ratio of at most 1.03.
"""

from __future__ import annotations

import os
import pathlib
import statistics
import subprocess
import tempfile
import time

RUNS = 41
CONSTRAINTS = ["--constraint", "constraints.txt"]


def run() -> None:
    """Print the ratio."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        without = make_venv(folder / "without", "fromager", "pydantic-settings")
        with_ours = make_venv(folder / "with", "fromager", "pydantic-settings", ".")
        ratios = [_seconds(with_ours, folder) / _seconds(without, folder) for _ in range(RUNS)]
    quartiles = statistics.quantiles(ratios)
    print(
        f"fromager --version: {quartiles[1]:.3f} x the same without this package "
        f"(quartiles {quartiles[0]:.3f} and {quartiles[2]:.3f}, {RUNS} pairs)"
    )


def make_venv(path: pathlib.Path, *requirements: str) -> pathlib.Path:
    """Make a virtualenv of the pinned versions, and return its fromager."""
    subprocess.run(["uv", "venv", "-q", "--python", "3.12", path], check=True)
    install = ["uv", "pip", "install", "-q", "--compile-bytecode", "--python", str(path)]
    subprocess.run([*install, *CONSTRAINTS, *requirements], check=True)
    fromager = path / "bin" / "fromager"
    _seconds(fromager, path.parent)  # fills the caches
    return fromager


def _seconds(fromager: pathlib.Path, cwd: pathlib.Path) -> float:
    environ = {name: value for name, value in os.environ.items() if "PYTHON" not in name}
    start = time.perf_counter()
    subprocess.run([fromager, "--version"], check=True, capture_output=True, cwd=cwd, env=environ)
    return time.perf_counter() - start


if __name__ == "__main__":
    run()
