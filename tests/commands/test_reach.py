"""What each command reaches: the table of docs/security.md is what an audit hook records."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pytest

from ..golden.scenes import library, wheel
from ..repositories import Checkout
from ..trees import GOOD, TORCH, TORCH_FILE, write_tree

ROOT: Final = pathlib.Path(__file__).parents[2]
PAGE: Final = pathlib.Path(__file__).parents[2] / "docs/security.md"

#: Runs each command in one process, and prints what it reached. Arguments: the commands as JSON.
AUDIT: Final = """\
import contextlib, json, os, pathlib, sys

from click.testing import CliRunner
from fromager import overrides

from fromager_build_tags.commands import main
from fromager_build_tags.plan import plugins

INSTALLED = [pathlib.Path(each).resolve() for each in json.loads(sys.argv[2])]
found = {}


def audit(event, args):
    if event == "subprocess.Popen":
        found.setdefault("starts", []).append([os.fsdecode(each) for each in args[1]])
    elif event in {"socket.connect", "socket.getaddrinfo"}:
        found.setdefault("network", []).append(repr(args[-2:]))
    elif event == "open" and isinstance(args[0], (str, bytes)):
        writes = args[2] & (os.O_WRONLY | os.O_RDWR)
        found.setdefault("writes" if writes else "reads", []).append(os.fsdecode(args[0]))


sys.addaudithook(audit)
for name, command in json.loads(sys.argv[1]).items():
    for module in ("acme_demo", "acme_hook"):
        sys.modules.pop(module, None)
    overrides._mgr = None
    plugins.global_hooks.cache_clear()
    found.clear()
    result = CliRunner().invoke(main, command.split())
    reached = dict(found, name=name, error=repr(result.exception), output=result.output)
    reached["imports"] = [each for each in ("acme_demo", "acme_hook") if each in sys.modules]
    print(json.dumps(reached))
files = [getattr(each, "__file__", None) for each in list(sys.modules.values())]
foreign = [
    each
    for each in filter(None, files)
    if not any(pathlib.Path(each).resolve().is_relative_to(top) for top in INSTALLED)
]
print(json.dumps({"foreign": foreign}))
"""

#: A row of the table, and a command that it is about.
COMMANDS: Final = {
    "`check`": "check --here",
    "`show`, `explain`": "show --all-variants",
    "`lock`": "lock",
    "`review` of two lock files": "review settings/build-tags.lock settings/build-tags.lock",
    "`review` of revisions": "review HEAD --no-lock",
    "`bump`": "bump HEAD -m x",
    "`add`": "add demo --depends-on torch",
    "`add --from-wheel NAME==VERSION` of a pure wheel": "add other --from-wheel other==1.0",
    "`add --from-index`": "add --from-index compiled",
    "`verify`": "verify index/demo-1.0-py3-none-any.whl",
    "`audit`": "audit rocm=index",
    "`prune`": "prune rocm=index",
    "`jobs`": "jobs --graph order.json --index rocm=index",
    "`which`": "which rocm=index",
    "`torch`": "torch rocm=index",
    "`merge`": "merge pool rocm=index cuda=published",
    "`merge --variants`": "merge pool rocm=index --variants",
    "`init`": "init new",
}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A checkout with settings, an index, and modules that must not be imported."""
    tree = tmp_path_factory.mktemp("reach") / "tree"
    checkout = Checkout.create(tree, {**GOOD, "evil.py": "", "yaml.py": ""})
    checkout.write({TORCH_FILE: TORCH.replace("2.9.1", "2.9.2")})
    (tree / "order.json").write_text('[{"dist": "demo", "version": "1.0"}]')
    write_wheel(tree / "index", "demo")
    write_wheel(tree / "published", "other")
    (tree / "compiled").mkdir()
    name = "kernels-1.0-cp312-cp312-linux_x86_64.whl"
    wheel(tree / "compiled" / name, library(needs=["libcudart.so.13"]))
    return tree


@pytest.fixture(scope="module")
def reached(tree: pathlib.Path) -> list[dict[str, Any]]:
    """What each command reached."""
    acme = tree.parent / "acme"
    entry_points = (
        "[fromager.project_overrides]\ndemo = acme_demo\n"
        "[fromager.hooks]\nwheel_build_tag = acme_hook:tag\n"
    )
    write_tree(
        acme,
        {
            "acme-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n",
            "acme-1.0.dist-info/entry_points.txt": entry_points,
            "acme_demo.py": "",
            "acme_hook.py": "def tag(**_):\n    return []\n",
        },
    )
    environ = os.environ | {
        "FROMAGER_SETTINGS_FILE": "settings/settings.yaml",
        "FROMAGER_SETTINGS_DIR": "settings/packages",
        "FROMAGER_VARIANT": "rocm",
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(tree / "published"),
        "PYTHONPATH": str(acme),
        "XDG_CACHE_HOME": str(tree.parent / "cache"),
    }
    roots = [sys.prefix, sys.base_prefix, str(acme), str(ROOT / "src"), str(ROOT / "overrides")]
    command = [sys.executable, "-P", "-c", AUDIT, json.dumps(COMMANDS), json.dumps(roots)]
    run = subprocess.run(
        command, cwd=tree, env=environ, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    return [json.loads(line) for line in run.stdout.splitlines()]


def write_wheel(folder: pathlib.Path, name: str) -> None:
    folder.mkdir()
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as archive:
        info, metadata = f"{name}-1.0.dist-info", "Metadata-Version: 2.1\nName: {}\nVersion: 1.0\n"
        archive.writestr(f"{info}/METADATA", metadata.format(name))
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")


def row(reached: Mapping[str, Any], tree: str) -> str:
    """Return what a command reached as a row of the table."""
    starts = {pathlib.Path(each[0]).name for each in reached.get("starts", ())}
    if any("pip" in each for each in reached.get("starts", ())):
        starts = {"pip"}
    if any("fromager_build_tags.index.scan.reader" in each for each in reached.get("starts", ())):
        starts = {"itself"}
    below = [pathlib.Path(each) for each in reached.get("writes", ()) if each.startswith(tree)]
    cells = (
        ", ".join(KINDS[each] for each in reached["imports"]),
        ", ".join(sorted(starts)),
        ", ".join(sorted({written(each) for each in below})),
    )
    return f"| {reached['name']} | {' | '.join(cell or '-' for cell in cells)} |"


KINDS: Final = {"acme_demo": "overrides", "acme_hook": "plugins"}
WRITTEN: Final = {"settings": "the lock", "packages": "package settings"} | dict.fromkeys(
    ("overrides", "variants"), "a new tree"
)


def written(path: pathlib.Path) -> str:
    return "the pool" if ".pool.tmp" in path.parts else WRITTEN[path.parent.name]


def test_the_table_is_true(reached: Sequence[Mapping[str, Any]], tree: pathlib.Path) -> None:
    rows = [row(each, str(tree)) for each in reached[:-1]]
    table = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    assert table[2:] == rows


def test_only_installed_modules_are_imported_and_no_host_is_reached(
    reached: Sequence[Mapping[str, Any]],
) -> None:
    assert reached[-1] == {"foreign": []}
    assert [each["name"] for each in reached if each.get("network")] == []


def test_no_file_outside_of_the_tree_is_read(
    reached: Sequence[Mapping[str, Any]], tree: pathlib.Path
) -> None:
    """Besides modules, metadata and what the machine reports."""
    allowed = (
        str(tree.parent),
        sys.prefix,
        sys.base_prefix,
        str(ROOT),
        f"{tempfile.gettempdir()}/build-tags-",
    )
    system = {"/etc/os-release", "/usr/lib/os-release", "/dev/null"}
    outside = {
        path
        for each in reached
        for path in each.get("reads", ())
        if path.startswith("/") and not path.startswith((*allowed, "/proc/"))
    }
    assert outside <= system
