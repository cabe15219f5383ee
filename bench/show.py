"""``show --all-variants`` of 1,200 packages x 12 variants, as a ratio to one load of its settings.

The baseline is ``fromager.packagesettings.Settings.from_files`` of the same tree, in the same
process. Run it as ``python -m bench.show``; the aim is a ratio of at most 2.
"""

from __future__ import annotations

import functools
import pathlib
import statistics
import tempfile

from fromager_build_tags.commands import main

from .settings_tree import load_settings, write_settings_tree
from .timing import wall_seconds

RUNS = 7


def run() -> None:
    """Print the ratio for each format."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        write_settings_tree(root)
        for format_ in ("table", "json"):
            show = functools.partial(_show, root, format_)
            load = functools.partial(load_settings, root)
            ratios = [wall_seconds(show) / wall_seconds(load) for _ in range(RUNS)]
            print(
                f"show --all-variants --format {format_}: {statistics.median(ratios):.2f} x "
                f"Settings.from_files (min {min(ratios):.2f}, max {max(ratios):.2f}, {RUNS} pairs)"
            )


def _show(root: pathlib.Path, format_: str) -> None:
    options = ["--settings-file", f"{root}/settings.yaml", "--settings-dir", f"{root}/packages"]
    command = ["show", "--all-variants", "--format", format_, "--output", f"{root}/out"]
    main([*options, *command], standalone_mode=False)


if __name__ == "__main__":
    run()
