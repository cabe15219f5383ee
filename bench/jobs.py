"""``jobs`` for 1,200 packages x 14 stacks, alone, and with an index of 50,000 wheels.

Both are ratios of processor time to one ``Settings.from_files`` of the tree, in the same process;
the aims are at most 5 and 7. Run it as ``python -m bench.jobs``.
"""

from __future__ import annotations

import functools
import json
import os
import pathlib
import statistics
import tempfile

from fromager_build_tags.commands import main

from .settings_tree import PACKAGES, load_settings, write_settings_tree
from .timing import processor_seconds

RUNS = 7
WHEELS = 50_000
#: With the other variants of the tree, 14 stacks.
FAMILY = """\
distro: el9.6
stacks:
- {cuda_version: "12.9", torch_version: "2.10.0"}
- {cuda_version: "13.0", torch_version: "2.10.0"}
- {cuda_version: "13.0", torch_version: "2.11.0"}
"""


def run() -> None:
    """Print both ratios."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        write_settings_tree(root / "settings")
        (root / "settings/variants/cuda-ubi0.yaml").write_text(FAMILY)
        (root / "graph.json").write_text(json.dumps(_graph()))
        _write_index(root / "index")
        os.chdir(root)
        load = functools.partial(load_settings, root / "settings")
        for what, arguments in {
            "jobs": [],
            f"with {WHEELS:,} wheels": ["--index", "index"],
        }.items():
            jobs = functools.partial(_jobs, root, arguments)
            jobs()  # imports
            ratios = [processor_seconds(jobs) / processor_seconds(load) for _ in range(RUNS)]
            print(
                f"{what}: {statistics.median(ratios):.2f} x Settings.from_files "
                f"(min {min(ratios):.2f}, max {max(ratios):.2f}, {RUNS} pairs)"
            )


def _graph() -> dict[str, object]:
    """Return a graph in which a package needs four others for its build, and six to run."""
    keys = [f"package-{number}==1.0" for number in range(PACKAGES)]
    edges = {
        number: [("build-system", max(0, number // 20 - n)) for n in range(1, 5)]
        + [("install", number - n) for n in range(1, 7)]
        for number in range(6, PACKAGES)
    }
    nodes = {
        key: [(kind, keys[other]) for kind, other in edges.get(number, [])]
        for number, key in enumerate(keys)
    }
    top = [("toplevel", key) for key in keys]
    return {key: _node(key, requirements) for key, requirements in {"": top, **nodes}.items()}


def _node(key: str, requirements: list[tuple[str, str]]) -> dict[str, object]:
    name, _, version = key.partition("==")
    return {
        "download_url": "",
        "pre_built": False,
        "version": version or "0",
        "canonicalized_name": name,
        "edges": [{"key": other, "req_type": kind, "req": other} for kind, other in requirements],
    }


def _write_index(folder: pathlib.Path) -> None:
    folder.mkdir()
    for number in range(WHEELS):
        version, package = divmod(number, PACKAGES)
        name = f"package_{package}-1.{version}-1_el9.6-cp312-cp312-linux_x86_64.whl"
        (folder / name).touch()


def _jobs(root: pathlib.Path, arguments: list[str]) -> None:
    settings = ["--settings-file", f"{root}/settings/settings.yaml"]
    settings += ["--settings-dir", f"{root}/settings/packages"]
    command = [*settings, "jobs", "--graph", "graph.json", "-o", "jobs.txt", *arguments]
    main(command, standalone_mode=False)


if __name__ == "__main__":
    run()
