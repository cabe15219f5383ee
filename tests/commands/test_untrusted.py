"""Settings of a stranger: no command imports, runs or follows anything that they name."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

import pytest
from click.testing import CliRunner

from fromager_build_tags.commands import main

from ..conftest import Cli
from ..trees import GOOD, SETTINGS, SETTINGS_FILE, write_tree

HOSTILE = "open('ran', 'w').close()\nraise SystemExit(0)\n"


@pytest.mark.parametrize("hook", ["evil:f", " evil.f", "venv.__main__:main"])
@pytest.mark.parametrize(
    "command",
    [
        "check",
        "lock",
        "show --all-variants",
        "explain torch==2.9.1",
        "review old new",
        "review old new --no-lock",
        "new demo --depends-on torch",
        "verify demo-1.0-py3-none-any.whl",
        "audit rocm=index",
        "prune rocm=index",
    ],
)
def test_no_hook_of_the_settings_is_imported(
    cli: Cli, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, hook: str, command: str
) -> None:
    """Even if it could be: the working folder is on the path, as with ``python -m``."""
    hostile = {SETTINGS_FILE: SETTINGS.replace("fromager_build_tags.hooks:build_tag_hook", hook)}
    write_tree(tmp_path, {**GOOD, **hostile, "evil.py": HOSTILE})
    write_tree(tmp_path / "old", GOOD)
    write_tree(tmp_path / "new", {**GOOD, **hostile})
    (tmp_path / "index").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    before = {path.name for path in tmp_path.iterdir()}
    result = CliRunner().invoke(main, command.split())
    assert result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert {path.name for path in tmp_path.iterdir()} == before
    assert "evil" not in sys.modules


@pytest.mark.parametrize("hook", ["evil:f", "venv.__main__:main", "os:system", "\\e[2J"])
def test_another_hook_is_an_error(cli: Cli, tmp_path: pathlib.Path, hook: str) -> None:
    hostile = SETTINGS.replace("fromager_build_tags.hooks:build_tag_hook", hook)
    write_tree(tmp_path, {**GOOD, SETTINGS_FILE: hostile})
    shown = hook.replace("\\e", "\\x1b")
    assert cli("check", status=1).stdout.splitlines()[:1] == [
        f"{SETTINGS_FILE}:2: error BT113: another hook is configured, whose build tags are "
        f"unknown: {shown}"
    ]


def run_module(folder: pathlib.Path, *args: str) -> subprocess.CompletedProcess[str]:
    """Run the program with ``python -m`` in a folder."""
    command = [sys.executable, "-m", "fromager_build_tags", *args]
    environ = os.environ | {"PIP_NO_INDEX": "1"}
    return subprocess.run(
        command, cwd=folder, env=environ, capture_output=True, text=True, check=False
    )


SHADOWING = ("click", "fromager", "json", "packaging", "pip", "sitecustomize", "typing", "yaml")


def test_no_module_of_the_working_folder_is_imported(tmp_path: pathlib.Path) -> None:
    """``python -m`` and pip put the folder first on the path, unless they are kept from it."""
    hostile = {f"{name}.py": HOSTILE for name in SHADOWING}
    write_tree(tmp_path, {**GOOD, **hostile, "pip/__main__.py": HOSTILE})
    settings = "--settings-file=settings/settings.yaml", "--settings-dir=settings/packages"
    assert run_module(tmp_path, *settings, "check").stdout.startswith("All checks passed")
    result = run_module(tmp_path, *settings, "new", "demo", "--from-wheel", "demo==0.0.dev0")
    assert "pip provides no wheel for 'demo==0.0.dev0'" in result.stderr
    assert not (tmp_path / "ran").exists()
