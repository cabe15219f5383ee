"""``show --all-variants`` of 1,200 packages x 12 variants, as a ratio to one load of its settings.

The baseline is ``fromager.packagesettings.Settings.from_files`` of the same tree, in the same
process. Run it as ``python -m bench.show``; the aim is a ratio of at most 2.
"""

from __future__ import annotations

import functools
import pathlib
import statistics
import tempfile
import time
from collections.abc import Callable

from fromager.packagesettings import Settings

from fromager_build_tags.commands import main

from .settings_tree import write_settings_tree

RUNS = 7


def run() -> None:
    """Print the ratio for each format."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        write_settings_tree(root)
        for format_ in ("table", "json"):
            show = functools.partial(_show, root, format_)
            load = functools.partial(_load, root)
            ratios = [_seconds(show) / _seconds(load) for _ in range(RUNS)]
            print(
                f"show --all-variants --format {format_}: {statistics.median(ratios):.2f} x "
                f"Settings.from_files (min {min(ratios):.2f}, max {max(ratios):.2f}, {RUNS} pairs)"
            )


def _load(root: pathlib.Path) -> None:
    Settings.from_files(
        settings_file=root / "settings.yaml",
        settings_dir=root / "packages",
        patches_dir=root / "patches",
        variant="cpu-ubi0",
        max_jobs=None,
    )


def _show(root: pathlib.Path, format_: str) -> None:
    options = ["--settings-file", f"{root}/settings.yaml", "--settings-dir", f"{root}/packages"]
    command = ["show", "--all-variants", "--format", format_, "--output", f"{root}/out"]
    main([*options, *command], standalone_mode=False)


def _seconds(function: Callable[[], object]) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


if __name__ == "__main__":
    run()
