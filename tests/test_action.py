"""The script of the GitHub action, with the real git and a stand-in for gh that logs its calls."""

from __future__ import annotations

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
from collections.abc import Callable

import pytest
import yaml

pytestmark = pytest.mark.once

ROOT = pathlib.Path(__file__).parent.parent
MARKER = "<!-- fromager-build-tags review -->"

#: Stands in for GitHub's own client, which needs GitHub.
GH = """#!/bin/sh
echo "$@" >>"$GH_LOG"
[ "$GH_TOKEN" = secret ] || exit 4
case "$*" in *"${GH_REFUSES:-nothing at all}"*) echo "gh: 100% no (HTTP 403)" >&2; exit 1 ;; esac
case "$*" in *graphql*) echo 'github-actions[bot]' ;; esac
case "$*" in *--paginate*)
    if [ -z "$GH_COMMENTS" ]; then printf '%s' "$GH_COMMENT"; exit; fi
    while [ "$1" != --jq ]; do shift; done
    printf '%s' "$GH_COMMENTS" | jq -r "$2" ;;
esac
"""
#: Stands in for a program that must not get the token.
WITHOUT_TOKEN = """#!/bin/sh
case "$GH_TOKEN$GITHUB_TOKEN" in *secret*) echo "it has the token: $0" >&2; exit 99 ;; esac
exec "{program}" "$@"
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


def write_programs(bin_: pathlib.Path) -> pathlib.Path:
    """Write a stand-in for gh, and git and Python, which fail if they get its token."""
    bin_.mkdir()
    (bin_ / "gh").write_text(GH)
    for name, program in {"git": shutil.which("git"), "python": sys.executable}.items():
        (bin_ / name).write_text(WITHOUT_TOKEN.format(program=program))
    for path in bin_.iterdir():
        path.chmod(0o755)
    return bin_


@pytest.fixture
def run_action(checkout: pathlib.Path, tmp_path: pathlib.Path) -> RunAction:
    bin_ = write_programs(tmp_path / "bin")

    def run(**variables: str) -> subprocess.CompletedProcess[str]:
        environ = os.environ | {
            "PATH": f"{bin_}:{os.environ['PATH']}",
            "FROMAGER_SETTINGS_FILE": "settings/settings.yaml",
            "FROMAGER_SETTINGS_DIR": "settings/packages",
            "BASE": "main",
            "GRAPH": "",
            "FAIL_ON": "error",
            "MAX_REBUILDS": "",
            "CHECK_LOCK": "true",
            "COMMENT": "true",
            "PULL_REQUEST": "7",
            "PYTHON": str(bin_ / "python"),
            "GH_TOKEN": "secret",
            "GITHUB_TOKEN": "secret",
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


def comment(id_: int, login: str, body: str) -> dict[str, object]:
    return {"id": id_, "user": {"login": login}, "body": body}


@pytest.mark.skipif(shutil.which("jq") is None, reason="gh has a jq of its own, the tests have not")
@pytest.mark.parametrize(
    ("login", "expected"),
    [
        ("github-actions[bot]", "--method PATCH repos/o/r/issues/comments/43 "),
        ("github-actions", "--method POST repos/o/r/issues/7/comments "),
        ("mallory", "--method POST repos/o/r/issues/7/comments "),
    ],
)
def test_only_a_comment_of_its_own_is_updated(
    run_action: RunAction, checkout: pathlib.Path, tmp_path: pathlib.Path, login: str, expected: str
) -> None:
    """Anybody can write a comment that begins with the marker."""
    change_torch(checkout)
    comments = [
        comment(41, "mallory", MARKER),
        comment(42, "github-actions[bot]", "Coverage: 100%"),
        comment(43, login, f"{MARKER}\nthe last review"),
    ]
    done = run_action(GH_COMMENTS=json.dumps(comments))
    assert done.returncode == 0, done.stderr
    [written] = [line for line in requests_of(tmp_path) if "--method" in line]
    assert expected in written


#: Files of a checkout that Python, or a tool, would import or read where it works there.
IMPORTED = (
    *("pip/__init__.py", "pip/__main__.py", "pip.py", "sitecustomize.py", "usercustomize.py"),
    *("fromager_build_tags/__init__.py", "fromager_build_tags/__main__.py", "yaml.py", "click.py"),
    *("json.py", "conftest.py", "setup.py", "evil.pth", "fromager.py", "typing_extensions.py"),
)


def test_nothing_of_the_checkout_is_imported(
    run_action: RunAction, checkout: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    for name in IMPORTED:
        (checkout / name).parent.mkdir(exist_ok=True)
        (checkout / name).write_text(
            f"import pathlib; pathlib.Path({str(tmp_path)!r}, 'ran').touch()"
        )
    (checkout / "pip.conf").write_text("[global]\nindex-url = http://localhost:9/\n")
    (checkout / ".python-version").write_text("../../evil\n")
    shutil.copy(ROOT / "settings/build-tags.lock", checkout / "settings/build-tags.lock")
    change_torch(checkout)
    done = run_action(FAIL_ON="warning")
    assert done.returncode == 1, done.stderr
    assert "settings/build-tags.lock is out of date" in done.stdout
    assert not (tmp_path / "ran").exists()


def test_the_package_is_installed_from_a_folder_of_its_own(tmp_path: pathlib.Path) -> None:
    """In the checkout, ``python3 -m pip`` would import the folder ``pip`` of the checkout."""
    [install, review] = yaml.safe_load((ROOT / "action.yml").read_text())["runs"]["steps"]
    assert install["working-directory"] == "${{ github.action_path }}"
    assert install["env"]["PYTHONPATH"] == review["env"]["PYTHONPATH"] == ""
    assert "GH_TOKEN" not in install["env"]
    log = tmp_path / "log"
    (tmp_path / "python3").write_text(f'#!/bin/sh\necho "$@" >>"{log}"\necho /opt/python\n')
    (tmp_path / "python3").chmod(0o755)
    environ = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "GITHUB_ACTION_PATH": "/action path",
    }
    subprocess.run(["bash", "-e", "-c", install["run"]], env=environ, check=True)
    calls = log.read_text().splitlines()
    assert calls[0] == "-P -m pip install --quiet /action path"
    assert all(call.startswith("-P ") for call in calls)
    assert (tmp_path / "output").read_text() == "python=/opt/python\n"
    assert review["env"]["PYTHON"] == "${{ steps.install.outputs.python }}"


def test_no_input_is_part_of_a_script() -> None:
    """An expression in a script is replaced by its text, which the shell then runs."""
    for step in yaml.safe_load((ROOT / "action.yml").read_text())["runs"]["steps"]:
        assert "${{" not in step["run"]


@pytest.mark.parametrize(
    "base",
    ["--upload-pack=touch ran", "main:refs/heads/x", "a b", "*", "x\n::error::y", "$(touch ran)"],
)
def test_a_base_that_is_no_name_of_a_branch(
    run_action: RunAction, checkout: pathlib.Path, base: str
) -> None:
    done = run_action(BASE=base)
    assert done.returncode == 1
    shown = base.replace("\n", "%0A")
    assert done.stdout == (
        f"::error::the branch {shown} cannot be fetched from origin: set the input 'base' to one "
        "that is there\n"
    )
    assert not (checkout / "ran").exists()


def test_no_output_of_a_review_is_a_command_of_the_workflow(
    run_action: RunAction, checkout: pathlib.Path
) -> None:
    """The runner searches each line for ``##[…]``, and all at its beginning for ``::…::``."""
    evil = "x ##[error]y\n::error::z"
    path = checkout / "settings/variants/rocm.yaml"
    path.write_text(f'{path.read_text()}"{evil}": 1\n'.replace("\n::", "\\n::"))
    done = run_action()
    resumed = True
    stop = ""
    for line in done.stdout.splitlines():
        if line.startswith("::stop-commands::"):
            resumed, stop = False, line.removeprefix("::stop-commands::")
            assert len(stop) == 32
        elif line == f"::{stop}::":
            resumed = True
        elif resumed:
            assert re.match("(::(error|warning|notice) (file|title)=.*)?$", line)
    assert resumed
    assert done.stderr == ""


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
    assert run_action(MAX_REBUILDS="0").returncode == 1
    assert run_action(MAX_REBUILDS="1").returncode == 0
    assert run_action(FAIL_ON="changes").returncode == 1
    assert run_action(COMMENT="false").returncode == 0


def write_graph(path: pathlib.Path, project: str, version: str) -> None:
    step = {
        "type": "toplevel",
        "dist": project,
        "version": version,
        "req": project,
        "prebuilt": False,
        "source_url": "",
        "source_url_type": "sdist",
    }
    path.write_text(json.dumps([step]))


def test_a_graph_limits_the_review_to_what_is_built(
    run_action: RunAction, checkout: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    change_torch(checkout)
    write_graph(checkout / "build-order.json", "flash-attn", "2.8.3")
    done = run_action(GRAPH="build-order.json")
    assert done.returncode == 0, done.stderr
    summary = (tmp_path / "summary.md").read_text()
    row = "`flash-attn 2.8.3` `8_el9.6_rocm7.1_torch2.10.0` → `8_el9.6_rocm7.1_torch2.9.1`"
    assert row in summary
    assert summary.count(" → `") == 1


def test_a_graph_that_is_missing(run_action: RunAction) -> None:
    done = run_action(GRAPH="no such.json")
    assert done.returncode == 2
    assert "'no such.json'" in done.stdout


def test_the_action_passes_every_variable_to_the_script() -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    given = action["runs"]["steps"][-1]["env"].keys()
    script = (ROOT / ".github/review.sh").read_text()
    for name in (
        *("BASE", "GRAPH", "FAIL_ON", "MAX_REBUILDS", "CHECK_LOCK", "COMMENT", "PULL_REQUEST"),
        *("GH_TOKEN", "PYTHON"),
    ):
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
