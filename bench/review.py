"""``review`` with locks of 1,200 packages x 12 variants, and ``lock`` of the same tree.

``review`` is timed as a process, as a ratio to ``git diff`` of the same two revisions plus
``python -c "import click, yaml"``: the aim is at most 3. ``lock`` is a ratio to one
``Settings.from_files`` of the tree, in one process: at most 2. Run it as
``python -m bench.review``.
"""

from __future__ import annotations

import functools
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence

from fromager_build_tags.commands import main

from .settings_tree import load_settings, write_settings_tree
from .timing import wall_seconds

RUNS = 11


def run() -> None:
    """Print both ratios."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        write_settings_tree(root / "settings")
        os.chdir(root)
        lock, load = (
            functools.partial(_lock, root),
            functools.partial(load_settings, root / "settings"),
        )
        _print(
            "lock",
            "Settings.from_files",
            [wall_seconds(lock) / wall_seconds(load) for _ in range(7)],
        )
        _two_revisions(root)
        _compare_reviews()


def _two_revisions(root: pathlib.Path) -> None:
    """Commit the tree and its lock, then another Torch for four variants."""
    _git("init", "-q", "-b", "main", ".")
    _git("config", "user.name", "bench")
    _git("config", "user.email", "bench@example.invalid")
    _lock(root)
    _git("add", "-A")
    _git("commit", "-qm", "base")
    for path in (root / "settings/variants").glob("rocm*.yaml"):
        path.write_text(path.read_text().replace("2.10.0", "2.11.0"))
    _lock(root)
    _git("commit", "-qam", "head")


def _compare_reviews() -> None:
    review = [
        *(sys.executable, "-m", "fromager_build_tags"),
        *("--settings-file", "settings/settings.yaml", "--settings-dir", "settings/packages"),
        *("review", "HEAD~1", "HEAD", "--exit-zero", "--format", "markdown"),
    ]
    diff = ["git", "diff", "HEAD~1", "HEAD"]
    imports = [sys.executable, "-c", "import click, yaml"]
    ratios: list[float] = []
    for command in (review, diff, imports):
        _process_seconds(command)  # fills the caches
    for _ in range(RUNS):
        baseline = _process_seconds(diff) + _process_seconds(imports)
        ratios.append(_process_seconds(review) / baseline)
    _print("review, as a process", 'git diff plus python -c "import click, yaml"', ratios)


def _process_seconds(command: Sequence[str]) -> float:
    # with bytecode, as everything is installed
    environ = {key: text for key, text in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    call = functools.partial(subprocess.run, command, check=True, capture_output=True, env=environ)
    return wall_seconds(call)


def _git(*args: str) -> None:
    subprocess.run(["git", *args], check=True)


def _lock(root: pathlib.Path) -> None:
    settings = root / "settings"
    options = ["--settings-file", f"{settings}/settings.yaml"]
    options += ["--settings-dir", f"{settings}/packages"]
    lock = settings / "build-tags.lock"
    lock.unlink(missing_ok=True)
    main([*options, "lock", "--lock", str(lock)], standalone_mode=False)


def _print(what: str, baseline: str, ratios: Sequence[float]) -> None:
    print(
        f"{what}: {statistics.median(ratios):.2f} x {baseline} "
        f"(min {min(ratios):.2f}, max {max(ratios):.2f}, {len(ratios)} pairs)"
    )


if __name__ == "__main__":
    run()
