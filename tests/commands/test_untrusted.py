"""Settings of a stranger: no command imports, runs or follows anything that they name."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
from collections.abc import Callable

import pytest
from click.testing import CliRunner
from fromager.__main__ import main as fromager_main

from fromager_build_tags.commands import main

from ..conftest import Cli
from ..repositories import Checkout
from ..trees import GOOD, ROCM_FILE, SETTINGS, SETTINGS_FILE, TORCH_FILE, write_tree

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
        "add demo --depends-on torch",
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
    result = run_module(tmp_path, *settings, "add", "demo", "--from-wheel", "demo==0.0.dev0")
    assert "pip provides no wheel for 'demo==0.0.dev0'" in result.stderr
    assert not (tmp_path / "ran").exists()


def link_to_secret(path: pathlib.Path, outside: pathlib.Path) -> None:
    path.unlink()
    path.symlink_to(outside / "secret")


def link_to_endless(path: pathlib.Path, outside: pathlib.Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


def make_fifo(path: pathlib.Path, outside: pathlib.Path) -> None:
    path.unlink()
    os.mkfifo(path)


def make_folder(path: pathlib.Path, outside: pathlib.Path) -> None:
    path.unlink()
    path.mkdir()


def link_folder(path: pathlib.Path, outside: pathlib.Path) -> None:
    path.parent.rename(outside / "moved")
    path.parent.symlink_to(outside / "moved")


LINK = "is a symbolic link: not followed"
#: What stands for a file, and what the message about it has to contain.
ODD = [
    (link_to_secret, LINK),
    (link_to_endless, LINK),
    (make_fifo, "is not a regular file"),
    (make_folder, "is a directory, not a file"),
    (link_folder, LINK),
]
COMMANDS = ["check", "lock", "show --all-variants", "explain torch==2.9.1", "review old ."]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(("make", "message"), ODD)
@pytest.mark.parametrize("name", [SETTINGS_FILE, TORCH_FILE, ROCM_FILE])
def test_only_regular_files_of_the_tree_are_read(
    cli: Cli,
    tmp_path: pathlib.Path,
    tmp_path_factory: pytest.TempPathFactory,
    name: str,
    make: Callable[[pathlib.Path, pathlib.Path], None],
    message: str,
    command: str,
) -> None:
    """One error with the file, and nothing of what a link leads to."""
    if make is make_folder and name == SETTINGS_FILE:
        return  # of the wrong kind for the option, as below
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret").write_text("password: hunter2\n")
    write_tree(tmp_path, GOOD)
    write_tree(tmp_path / "old", {**GOOD, ROCM_FILE: "distro: el9.5\n"})
    make(tmp_path / name, outside)
    output = cli("--variant=rocm", *command.split(), status=1).output
    shown = pathlib.Path(name).parent if make is link_folder else name
    assert f"{shown} {message}" in output
    assert "hunter2" not in output


@pytest.mark.parametrize("args", [["lock", "--check"], ["lock"], ["bump", "HEAD", "-mx"]])
def test_a_lock_is_no_link(
    cli: Cli, tmp_path: pathlib.Path, tmp_path_factory: pytest.TempPathFactory, args: list[str]
) -> None:
    """Nothing is read from, and nothing written to, a file outside of the tree."""
    Checkout.create(tmp_path, GOOD)
    secret = tmp_path_factory.mktemp("outside") / "secret"
    secret.write_text("hunter2\n")
    (tmp_path / "settings/build-tags.lock").symlink_to(secret)
    result = cli(*args, status=1)
    assert "settings/build-tags.lock is a symbolic link: not followed" in result.stderr
    assert "hunter2" not in result.output
    assert secret.read_text() == "hunter2\n"


@pytest.mark.parametrize("command", ["check", "show", "lock", "review old ."])
@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--settings-dir=settings/settings.yaml", "Directory 'settings/settings.yaml' is a file."),
        ("--settings-file=settings", "File 'settings' is a directory."),
        ("--patches-dir=settings/settings.yaml", "Directory 'settings/settings.yaml' is a file."),
    ],
)
def test_options_of_the_wrong_kind(
    cli: Cli, tmp_path: pathlib.Path, option: str, message: str, command: str
) -> None:
    write_tree(tmp_path, GOOD)
    assert message in cli(option, *command.split(), status=2).stderr


@pytest.mark.parametrize("option", ["settings-dir", "patches-dir"])
def test_options_of_the_wrong_kind_behind_fromager(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    """fromager itself reads no file in what is no folder, without a word."""
    monkeypatch.chdir(tmp_path)
    write_tree(tmp_path, {**GOOD, "file": ""})
    args = [f"--{option}=file", "build-tags", "check"]
    result = CliRunner().invoke(fromager_main, args)
    assert result.stderr.endswith(f"Error: --{option} file is not a directory\n")
