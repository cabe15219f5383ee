"""Settings without a hook, or with another than ours: the build tags that fromager gives."""

from __future__ import annotations

import json
import pathlib

import pytest

from fromager_build_tags.settings.hook import HOOK

from ..conftest import Cli
from ..index.wheels import write_wheel
from ..trees import GOOD, SETTINGS, SETTINGS_FILE, write_tree

NO_HOOK = "no hook is configured, so wheels get no suffix"
ANOTHER = "another hook is configured, whose build tags are unknown: acme.hooks:tag"
NEXT = "Next: commit it with the settings\n"
LOCK = "settings/build-tags.lock"
PLATFORM = "-cp312-cp312-linux_x86_64.whl"


@pytest.fixture(params=["", "null", "acme.hooks:tag"])
def problem(tmp_path: pathlib.Path, request: pytest.FixtureRequest) -> str:
    """Write settings whose hook is not ours, and return what that means."""
    settings = SETTINGS.partition("changelog")[2] if not request.param else SETTINGS
    settings = (
        settings.replace(f'"{HOOK}"', request.param) if request.param else (f"changelog{settings}")
    )
    write_tree(tmp_path, {**GOOD, SETTINGS_FILE: settings})
    return ANOTHER if "acme" in request.param else NO_HOOK


def test_show(cli: Cli, problem: str) -> None:
    result = cli("--variant", "rocm", "show", "torch", "flash-attn", "--format", "json")
    assert result.stderr == f"{problem}\n"
    is_unknown = problem == ANOTHER
    suffix, note = ("_?", ANOTHER) if is_unknown else ("", "")
    assert [
        (each["package"], each["version"], each["build_tag"], each["platlib"], each["note"])
        for each in json.loads(result.stdout)["tags"]
    ] == [
        ("torch", "2.9.1", f"2{suffix}", "" if is_unknown else "torch-2.9.1-2", note),
        ("torch", "*", f"1{suffix}", "" if is_unknown else "torch-*-1", note),
        ("flash-attn", "*", f"1{suffix}", "" if is_unknown else "flash_attn-*-1", note),
    ]


@pytest.mark.parametrize("format_", ["table", "markdown"])
def test_show_begins_with_the_problem(cli: Cli, problem: str, format_: str) -> None:
    result = cli("--variant", "rocm", "show", "torch", "--format", format_)
    first, empty, *rest = result.stdout.splitlines()
    assert (first, empty) == (problem if format_ == "table" else f"**{problem}**", "")
    suffix = "_?" if problem == ANOTHER else ""
    words = [line.replace("|", " ").replace("`", "").split() for line in rest]
    assert ["torch", "2.9.1", f"2{suffix}"] in [each[:3] for each in words]
    assert result.stderr == ""


def test_explain(cli: Cli, problem: str) -> None:
    is_unknown = problem == ANOTHER
    result = cli("--variant", "rocm", "explain", "torch==2.9.1", status=int(is_unknown))
    assert result.stdout.startswith(f"{problem}\n\ntorch 2.9.1 on rocm: ")
    assert result.stderr == ""
    wheel = "unknown" if is_unknown else "torch-2.9.1-2"
    assert f"  platlib wheel  {wheel}\n  purelib wheel  {wheel}\n" in result.stdout
    assert "rocm7.1  the shipped override" not in result.stdout


def test_lock(cli: Cli, tmp_path: pathlib.Path, problem: str) -> None:
    assert cli("lock").stderr == f"{problem}\n{LOCK} is written\n{NEXT}"
    suffix, hook = ("_?", "Hook: acme.hooks:tag") if problem == ANOTHER else ("", "No hook")
    text = (tmp_path / LOCK).read_text()
    assert f"# {hook}\n\nrocm: el9.6 rocm7.1 torch2.9.1\n  * * 1{suffix}\n" in text
    assert f"  torch 2.9.1 2{suffix}\n" in text
    cli("lock", "--check")
    write_tree(tmp_path, {SETTINGS_FILE: SETTINGS})
    assert f"-# {hook}\n+# Hook: {HOOK}\n" in cli("lock", "--check", status=1).stdout
    cli("lock")
    assert cli("lock", "--check").stderr == f"{LOCK} is up to date: 1 variant, 1 stack\n"


def test_a_hook_that_is_replaced_after_the_lock(cli: Cli, tmp_path: pathlib.Path) -> None:
    """The build tags of both are unknown, yet they are not those of the lock."""
    for hook in ("acme.hooks:tag", "os:system"):
        write_tree(tmp_path, {**GOOD, SETTINGS_FILE: SETTINGS.replace(HOOK, hook)})
        difference = cli("lock", "--check", status=1).stdout
        cli("lock")
    assert difference.splitlines()[5:7] == ["-# Hook: acme.hooks:tag", "+# Hook: os:system"]


def test_check(cli: Cli, problem: str) -> None:
    found = json.loads(cli("check", "--format", "json", status=1).stdout)["findings"]
    assert [(each["code"], each["message"]) for each in found] == [("BT113", problem)]


def test_audit(cli: Cli, tmp_path: pathlib.Path, problem: str) -> None:
    """Without a hook, the wheels without a suffix are current."""
    for name in ("torch-2.9.1-2", "flash_attn-1-1"):
        write_wheel(tmp_path / f"index/{name}{PLATFORM}")
    is_unknown = problem == ANOTHER
    result = cli("audit", "rocm=index", "--format", "json", status=int(is_unknown))
    errors = [f"Error: build tags of 2 packages cannot be computed: {ANOTHER}"] * is_unknown
    assert result.stderr.splitlines() == [problem, *errors]
    found = json.loads(result.stdout)["findings"]
    assert [each["code"] for each in found] == ["BT419"] * is_unknown


def test_verify(cli: Cli, tmp_path: pathlib.Path, problem: str) -> None:
    write_wheel(tmp_path / f"demo-1-1{PLATFORM}")
    assert cli("verify", f"demo-1-1{PLATFORM}", "--exit-zero").stderr.startswith(f"{problem}\n")


def test_our_hook_is_not_noted(cli: Cli, tmp_path: pathlib.Path) -> None:
    write_tree(tmp_path, {**GOOD, SETTINGS_FILE: SETTINGS.replace(HOOK, HOOK.replace(":", "."))})
    assert cli("lock").stderr == f"{LOCK} is written\n{NEXT}"
    assert f"# Hook: {HOOK}\n" in (tmp_path / LOCK).read_text()
