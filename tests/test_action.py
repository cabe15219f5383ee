"""The script of the GitHub action, with the real git and a stand-in for gh that logs its calls."""

from __future__ import annotations

import os
import pathlib
import re
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
case "$*" in *"${GH_REFUSES:-nothing at all}"*) echo "gh: 100% no (HTTP 403)" >&2; exit 1 ;; esac
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
            "CHECK_LOCK": "true",
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


def requests_of(tmp_path: pathlib.Path) -> list[str]:
    path = tmp_path / "gh.log"
    return path.read_text().splitlines() if path.exists() else []


def test_no_comment_where_nothing_changes(run_action: RunAction, tmp_path: pathlib.Path) -> None:
    done = run_action()
    assert done.returncode == 0, done.stderr
    assert not [line for line in requests_of(tmp_path) if "--method" in line]
    assert "No build tag changes" in (tmp_path / "summary.md").read_text()


def test_a_comment_where_something_changes(
    run_action: RunAction, checkout: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    change_torch(checkout)
    done = run_action()
    assert done.returncode == 0, done.stderr
    [posted] = [line for line in requests_of(tmp_path) if "--method" in line]
    assert "--method POST repos/o/r/issues/7/comments" in posted
    assert (tmp_path / "summary.md").read_text().startswith(MARKER)


def test_the_comment_is_updated_in_place(
    run_action: RunAction, checkout: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    done = run_action(GH_COMMENT="42")
    assert done.returncode == 0, done.stderr
    [patched] = [line for line in requests_of(tmp_path) if "--method" in line]
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


@pytest.mark.parametrize("refused", ["--paginate", "POST"])
def test_a_comment_that_cannot_be_written_is_no_failure(
    run_action: RunAction, checkout: pathlib.Path, tmp_path: pathlib.Path, refused: str
) -> None:
    """A pull request of a fork has no token for it; the job summary has the review."""
    change_torch(checkout)
    done = run_action(GH_REFUSES=refused)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == (
        "::warning::the review is in the job summary, but cannot be written as a comment, which "
        "takes a token with pull-requests: write, and a pull request of a fork has none: gh: "
        "100%25 no (HTTP 403) "
    )
    assert (tmp_path / "summary.md").read_text().startswith(MARKER)


def test_the_first_of_two_comments_is_updated(
    run_action: RunAction, tmp_path: pathlib.Path
) -> None:
    run_action(GH_COMMENT="42\n43\n")
    [patched] = [line for line in requests_of(tmp_path) if "--method" in line]
    assert "issues/comments/42 " in patched


def test_an_event_without_a_base(run_action: RunAction) -> None:
    done = run_action(BASE="")
    assert done.returncode == 1
    assert done.stdout == (
        "::error::there is no base branch, since this event is not of a pull request: run on "
        "pull_request, or set the input 'base' to the branch to compare with\n"
    )


def test_a_base_that_is_not_there(run_action: RunAction) -> None:
    done = run_action(BASE="no-such")
    assert done.returncode == 1
    assert done.stdout == (
        "::error::the branch no-such cannot be fetched from origin: set the input 'base' to one "
        "that is there\n"
    )


def test_a_lock_that_is_out_of_date_fails(
    run_action: RunAction, checkout: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    """A review that compares locks cannot see all of it."""
    lock = checkout / "settings/build-tags.lock"
    shutil.copy(ROOT / "settings/build-tags.lock", lock)
    assert run_action().returncode == 0
    lock.write_text(lock.read_text().replace("torch 2.10.0 7_", "torch 2.10.0 9_"))
    done = run_action()
    assert done.returncode == 1
    message = (
        "settings/build-tags.lock is out of date: run `fromager-build-tags lock`, and commit it "
        "with the settings"
    )
    assert f"::error file=settings/build-tags.lock::{message}\n" in done.stdout
    assert f"\n**{message}**\n" in (tmp_path / "summary.md").read_text()
    assert run_action(CHECK_LOCK="false").returncode == 0


def test_limits_are_passed_on(run_action: RunAction, checkout: pathlib.Path) -> None:
    change_torch(checkout)
    assert run_action(MAX_REBUILDS="1").returncode == 1
    assert run_action(FAIL_ON="changes").returncode == 1
    assert run_action(COMMENT="false").returncode == 0


def test_the_action_passes_every_variable_to_the_script() -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    given = action["runs"]["steps"][-1]["env"].keys()
    script = (ROOT / ".github/review.sh").read_text()
    for name in ("BASE", "FAIL_ON", "MAX_REBUILDS", "CHECK_LOCK", "COMMENT", "PULL_REQUEST"):
        assert name in given
        assert f"${name}" in script


def test_every_pre_commit_hook_names_a_command() -> None:
    from fromager_build_tags.commands import main

    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    for hook in hooks:
        assert hook["entry"] == "fromager-build-tags"
        assert hook["args"][0] in main.list_commands(None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("file", "is_checked"),
    [
        ("settings/packages/torch.yaml", True),
        ("settings/packages/torch.yml", True),  # which fromager does not read: BT123
        ("settings/build-tags.lock", True),
        ("README.md", False),
    ],
)
def test_what_makes_pre_commit_run_the_hooks(file: str, is_checked: bool) -> None:
    for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text()):
        assert bool(re.search(hook["files"], file)) is is_checked
