"""What the GitHub action runs, with the real git, and a gh that writes down what it is asked."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import sys
from collections.abc import Callable

import pytest
import yaml

ROOT = pathlib.Path(__file__).parent.parent
MARKER = "<!-- fromager-build-tags review -->"

#: Stands in for GitHub's own client, which needs GitHub.
GH = """#!/bin/sh
echo "$@" >>"$GH_LOG"
case "$*" in *--paginate*) printf '%s' "$GH_COMMENT" ;; esac
"""

type RunAction = Callable[..., subprocess.CompletedProcess[str]]


def git(folder: pathlib.Path, *args: str) -> None:
    identity = ["-c", "user.name=T", "-c", "user.email=t@example.invalid"]
    subprocess.run(["git", "-C", str(folder), *identity, *args], check=True, capture_output=True)


@pytest.fixture
def checkout(tmp_path: pathlib.Path) -> pathlib.Path:
    """A clone with a branch of its own, on which nothing has changed yet."""
    origin, clone = tmp_path / "origin", tmp_path / "clone"
    shutil.copytree(ROOT / "settings", origin / "settings")
    (origin / "settings/build-tags.lock").unlink()
    git(tmp_path, "init", "-q", "-b", "main", str(origin))
    git(origin, "add", "-A")
    git(origin, "commit", "-qm", "base")
    git(tmp_path, "clone", "-q", f"file://{origin}", str(clone))
    git(clone, "checkout", "-q", "-b", "change")
    return clone


@pytest.fixture
def run_action(checkout: pathlib.Path, tmp_path: pathlib.Path) -> RunAction:
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    (bin_ / "gh").write_text(GH)
    (bin_ / "gh").chmod(0o755)
    (bin_ / "fromager-build-tags").write_text(
        f'#!/bin/sh\nexec "{sys.executable}" -m fromager_build_tags "$@"\n'
    )
    (bin_ / "fromager-build-tags").chmod(0o755)

    def run(**variables: str) -> subprocess.CompletedProcess[str]:
        environ = os.environ | {
            "PATH": f"{bin_}:{os.environ['PATH']}",
            "FROMAGER_SETTINGS_FILE": "settings/settings.yaml",
            "FROMAGER_SETTINGS_DIR": "settings/packages",
            "BASE": "main",
            "FAIL_ON": "error",
            "MAX_REBUILDS": "",
            "COMMENT": "true",
            "PULL_REQUEST": "7",
            "GITHUB_REPOSITORY": "o/r",
            "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
            "GH_LOG": str(tmp_path / "gh.log"),
            "GH_COMMENT": "",
        }
        script = ROOT / ".github/review.sh"
        return subprocess.run(
            ["bash", script],
            cwd=checkout,
            env=environ | variables,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def change_torch(checkout: pathlib.Path) -> None:
    path = checkout / "settings/variants/rocm.yaml"
    path.write_text(path.read_text().replace("2.10.0", "2.9.1"))


def asked(tmp_path: pathlib.Path) -> list[str]:
    path = tmp_path / "gh.log"
    return path.read_text().splitlines() if path.exists() else []


def test_no_comment_where_nothing_changes(run_action: RunAction, tmp_path: pathlib.Path) -> None:
    done = run_action()
    assert done.returncode == 0, done.stderr
    assert not [line for line in asked(tmp_path) if "--method" in line]
    assert "No build tag changes" in (tmp_path / "summary.md").read_text()


def test_a_comment_where_something_changes(
    run_action: RunAction, checkout: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    change_torch(checkout)
    done = run_action()
    assert done.returncode == 0, done.stderr
    [posted] = [line for line in asked(tmp_path) if "--method" in line]
    assert "--method POST repos/o/r/issues/7/comments" in posted
    assert (tmp_path / "summary.md").read_text().startswith(MARKER)


def test_the_comment_is_updated_in_place(
    run_action: RunAction, checkout: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    done = run_action(GH_COMMENT="42")
    assert done.returncode == 0, done.stderr
    [patched] = [line for line in asked(tmp_path) if "--method" in line]
    assert "--method PATCH repos/o/r/issues/comments/42" in patched


def test_an_error_fails_and_annotates(
    run_action: RunAction, checkout: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    path = checkout / "settings/packages/flash_attn.yaml"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:-1]))
    done = run_action()
    assert done.returncode == 1
    assert "::error file=settings/packages/flash_attn.yaml,line=5,title=BT202 flash-attn" in (
        done.stdout
    )


def test_gates_are_handed_on(run_action: RunAction, checkout: pathlib.Path) -> None:
    change_torch(checkout)
    assert run_action(MAX_REBUILDS="1").returncode == 1
    assert run_action(FAIL_ON="changes").returncode == 1
    assert run_action(COMMENT="false").returncode == 0


def test_the_action_hands_every_variable_to_the_script() -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    given = action["runs"]["steps"][-1]["env"].keys()
    script = (ROOT / ".github/review.sh").read_text()
    for name in ("BASE", "FAIL_ON", "MAX_REBUILDS", "COMMENT", "PULL_REQUEST"):
        assert name in given
        assert f"${name}" in script


def test_every_pre_commit_hook_names_a_command() -> None:
    from fromager_build_tags.cli import main

    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    for hook in hooks:
        assert hook["entry"] == "fromager-build-tags"
        assert hook["args"][0] in main.list_commands(None)  # type: ignore[arg-type]
