"""A review of two locks is for every push: it imports, and asks git, no more than it needs."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys
from dataclasses import dataclass

from ..conftest import Cli
from ..repositories import Checkout
from ..trees import GOOD, ROCM, ROCM_FILE, TORCH, TORCH_FILE

_REVIEW = """\
import sys

before, git = {*sys.modules}, []
sys.addaudithook(lambda event, args: event == "subprocess.Popen" and git.append(args[1][9]))
from fromager_build_tags.commands import main

options = ["--settings-file", "settings/settings.yaml", "--settings-dir", "settings/packages"]
main([*options, "review", "HEAD~1", "HEAD", "--format", "markdown"], standalone_mode=False)
modules = sorted({*sys.modules} - before)
import json

print(json.dumps({"modules": modules, "git": git}))
"""
_DEMO = "annotations: {build-tags.depends-on: 'torch if version < 0.29 else none'}\n"
_HEAVY = ("fromager", "pydantic", "rich", "ruamel.yaml", "stevedore")


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """What a process imported, and which commands of git it ran."""

    output: str
    modules: frozenset[str]
    git: tuple[str, ...]


def cost(folder: pathlib.Path, cli: Cli, file: str, content: str) -> Cost:
    """Review a change of one file, in a process of its own; each side has a lock with spans."""
    checkout = Checkout.create(folder, {**GOOD, "settings/packages/demo.yaml": _DEMO})
    for changed in (GOOD, {file: content}):
        checkout.write(changed)
        cli("lock")
        checkout.commit({})
    done = subprocess.run(
        [sys.executable, "-c", _REVIEW], cwd=folder, capture_output=True, text=True, check=True
    )
    output, _, last = done.stdout.rstrip("\n").rpartition("\n")
    found = json.loads(last)
    return Cost(output=output, modules=frozenset(found["modules"]), git=tuple(found["git"]))


def test_a_changed_variant_file(cli: Cli, tmp_path: pathlib.Path) -> None:
    found = cost(tmp_path, cli, ROCM_FILE, ROCM.replace("2.9.1", "2.9.2"))
    assert "1 build tag changes from HEAD\\~1 to HEAD" in found.output
    assert "`demo <0.29`" in found.output
    assert "fromager_build_tags.stack.resolve" in found.modules
    assert found.modules.isdisjoint(_HEAVY), sorted(found.modules & {*_HEAVY})
    assert found.git == ("rev-parse", *("rev-parse", "ls-tree", "cat-file") * 2)


def test_a_changed_package_file_needs_no_stack(cli: Cli, tmp_path: pathlib.Path) -> None:
    found = cost(tmp_path, cli, TORCH_FILE, TORCH + "    - second\n")
    assert "1 build tag changes from HEAD\\~1 to HEAD" in found.output
    assert found.modules.isdisjoint(_HEAVY), sorted(found.modules & {*_HEAVY})
