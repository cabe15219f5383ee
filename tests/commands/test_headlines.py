"""The first and the last line of reports: never a success of what was not checked."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping, Sequence

import pytest

from ..conftest import Cli
from ..golden.scenes import PLAT, wheel
from ..repositories import Checkout
from ..trees import GOOD, HOOK, ROCM, ROCM_FILE, SETTINGS_FILE, TORCH, TORCH_FILE, write_tree

NEW_TORCH = {ROCM_FILE: ROCM.replace("2.9.1", "2.10.0")}
STALE = "lock file is out of date: torch_version of rocm changed (2.9.1 → 2.10.0)"
RELOCK = "    run `fromager-build-tags lock`, and commit the lock with the settings"
LOCK = "settings/build-tags.lock"


@pytest.fixture(autouse=True)
def tree(tmp_path: pathlib.Path) -> None:
    write_tree(tmp_path, GOOD)


@pytest.mark.parametrize(
    ("is_locked", "changes", "lines"),
    [
        (False, {}, ["All checks passed: 1 variant, 1 stack, 1 package"]),
        (True, {}, ["All checks passed: 1 variant, 1 stack, 1 package"]),
        (False, NEW_TORCH, ["All checks passed: 1 variant, 1 stack, 1 package"]),
        (True, NEW_TORCH, [f"{LOCK}: error BT208: {STALE}", RELOCK, "1 error"]),
        (
            False,
            {LOCK: "<<<<<<< ours\n"},
            [
                f"{LOCK}: error BT208: lock file is unreadable: {LOCK}:1: the lock file has "
                "conflict markers: write the lock again with `fromager-build-tags lock`",
                RELOCK,
                "1 error",
            ],
        ),
    ],
)
def test_check(
    cli: Cli,
    tmp_path: pathlib.Path,
    *,
    is_locked: bool,
    changes: Mapping[str, str],
    lines: Sequence[str],
) -> None:
    if is_locked:
        cli("--variant", "rocm", "lock")
    write_tree(tmp_path, changes)
    result = cli("--variant", "rocm", "check", status=1 if lines[-1] == "1 error" else 0)
    assert result.stdout.splitlines() == lines
    passed = lines[-1].startswith("All checks passed")
    assert result.stderr == ("" if is_locked or not passed else "Next: fromager-build-tags lock\n")


def test_a_lock_with_versions_of_a_graph_is_up_to_date(cli: Cli, tmp_path: pathlib.Path) -> None:
    order = '[{"dist": "pillow", "version": "11.0"}, {"dist": "torch", "version": "2.9.1"}]'
    write_tree(tmp_path, {"order.json": order})
    cli("--variant", "rocm", "lock", "--graph", "order.json")
    assert "pillow 11.0" in (tmp_path / LOCK).read_text()
    assert cli("--variant", "rocm", "check").exit_code == 0


def test_check_of_a_lock_while_variables_override_it(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Variables are not committed: they make no lock stale, and no lock can be checked."""
    cli("--variant", "rocm", "lock")
    monkeypatch.setenv("WHEEL_BUILD_TAG_TORCH_VERSION", "2.10.0")
    assert cli("--variant", "rocm", "check").stdout == (
        "no findings; not checked: the lock file, because variables override the variant files\n"
    )


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({}, "No build tag changes from main to the working tree; no findings"),
        (NEW_TORCH, f"{STALE}; 1 error"),
        (
            {SETTINGS_FILE: GOOD[SETTINGS_FILE] + "    - second\n"},
            "lock file is out of date: the build tag of every other package on rocm changed "
            "(1_el9.6 → 2_el9.6) and 2 more; 1 error",
        ),
    ],
)
def test_review_of_a_lock(
    cli: Cli, tmp_path: pathlib.Path, changes: Mapping[str, str], line: str
) -> None:
    cli("--variant", "rocm", "lock")
    Checkout.create(tmp_path, {})
    write_tree(tmp_path, changes)
    for format_, before, after in (("table", "", ""), ("markdown", "**", "**")):
        report = cli("review", "main", "--exit-zero", "--format", format_).stdout.splitlines()
        first = report[format_ == "markdown"]
        assert first.replace("\\", "") == f"{before}{line}{after}"


def test_next_steps_of_a_change(cli: Cli, tmp_path: pathlib.Path) -> None:
    """From a new Torch to a commit, each command names the next one."""
    write_tree(tmp_path, {"settings/packages/flash_attn.yaml": TORCH})
    assert cli("lock").stderr == f"{LOCK} is written\nNext: commit it with the settings\n"
    assert cli("lock").stderr == f"{LOCK} is up to date: 1 variant, 1 stack\n"
    Checkout.create(tmp_path, {})
    write_tree(tmp_path, NEW_TORCH)
    assert cli("review", status=1).stderr == "Next: fromager-build-tags lock\n"
    cli("lock")
    step = "Next: fromager-build-tags bump -m TEXT\n"
    assert cli("review", "--format", "json", "--exit-zero").stderr == step


@pytest.mark.parametrize("command", [["review"], ["bump", "-n"]])
def test_review_of_a_graph_without_packages(
    cli: Cli, tmp_path: pathlib.Path, command: Sequence[str]
) -> None:
    write_tree(tmp_path, {"order.json": "[]"})
    Checkout.create(tmp_path, {})
    result = cli(*command, "--graph", "order.json", status=1)
    assert (result.stdout, result.stderr) == ("", "Error: there are no packages in order.json\n")


def test_show_of_a_graph_without_packages(cli: Cli, tmp_path: pathlib.Path) -> None:
    write_tree(tmp_path, {"order.json": "[]"})
    result = cli("--variant", "rocm", "show", "--graph", "order.json")
    assert (result.stdout, result.stderr) == ("", "nothing to show: the files name no package\n")


def test_settings_without_a_variant(cli: Cli, tmp_path: pathlib.Path) -> None:
    write_tree(tmp_path, {SETTINGS_FILE: HOOK, ROCM_FILE: None, TORCH_FILE: None})
    Checkout.create(tmp_path, {})
    check = cli("check")
    assert check.stdout == "Nothing to check: 0 variants, 0 stacks, 0 packages\n"
    assert check.stderr == ""
    review = cli("review", "HEAD").stdout
    assert review.startswith("No build tags are compared from HEAD to the working tree;")
    assert cli("bump", "HEAD", "-n").stderr == "nothing to add: no build tags are compared\n"


def test_review_of_nothing(cli: Cli, tmp_path: pathlib.Path) -> None:
    for name in ("old.lock", "new.lock"):
        (tmp_path / name).write_text("# build-tags.lock, format 1.1\n")
    report = cli("review", "old.lock", "new.lock").stdout
    assert report.startswith("No build tags are compared from old.lock to new.lock; no findings\n")


@pytest.mark.parametrize(
    ("arguments", "verdict", "note"),
    [
        (["dist"], "All checks passed: 2 wheels", None),
        (["dist/a*"], "All checks passed: 1 wheel", None),
        (["empty"], "1 error", "no wheel is verified"),
        (["none*.whl"], "1 error", "no wheel is verified"),
        (["none.whl"], "1 error", "no wheel is verified"),
        (["ftp://127.0.0.1/a.whl"], "1 error", "no wheel is verified"),
        (["http://127.0.0.1:9/a-1-py3-none-any.whl"], "1 error", "no wheel is verified"),
        (["http://[/a-1-py3-none-any.whl"], "1 error", "no wheel is verified"),
        (["dist", "empty"], "1 error", "verified 2 wheels"),
    ],
)
def test_verify(
    cli: Cli, tmp_path: pathlib.Path, arguments: Sequence[str], verdict: str, note: str | None
) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("a", "b"):
        wheel(tmp_path / "dist" / f"{name}-1.0-8_el9.6-{PLAT}")
    status = 1 if verdict == "1 error" else 0
    result = cli("verify", *arguments, status=status)
    assert result.stdout.splitlines()[-1] == verdict
    assert result.stderr.splitlines()[-1:] == ([note] if note else [])
    report = cli("verify", *arguments, "--format", "markdown", status=status).stdout
    assert report.startswith(f"**{verdict}**\n")


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://[/a-1-py3-none-any.whl", "the URL cannot be parsed"),
        ("http:///a-1-py3-none-any.whl", "the URL cannot be parsed"),
        (
            "http://127.0.0.1:9/simple/",
            "the URL does not name a file; use `audit` or `which` for an index",
        ),
        ("ftp://127.0.0.1/a.whl", "only http and https URLs are supported"),
    ],
)
def test_verify_of_a_wrong_url(cli: Cli, url: str, reason: str) -> None:
    first, fix, *_ = cli("verify", url, status=1).stdout.splitlines()
    assert first.endswith(f": error BT341: {reason}")
    assert fix == "    name a file, a folder, a pattern or a URL of a readable wheel"


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        (["prune", "empty"], ["empty for rocm: no wheels"]),
        (["prune", "current"], ["current for rocm: 0 wheels to delete (0 B), 0 kept, of 1 wheel"]),
        (
            ["prune", "cpu=pillow"],
            ["pillow for cpu: 0 wheels to delete (0 B), 0 kept, of 1 wheel; 1 of unknown status"],
        ),
        (["which", "empty"], ["nothing is selected"]),
        (
            ["audit", "current"],
            [
                "current for rocm: 1 project, 1 wheel",
                "All checks passed: 1 index, 1 project, 1 wheel",
            ],
        ),
        (["audit", "empty"], ["empty for rocm: 0 projects, 0 wheels", "1 warning"]),
        (["audit", "current", "empty"], ["empty for rocm: 0 projects, 0 wheels", "1 warning"]),
        (["audit", "none"], ["none for rocm: not audited", "1 error"]),
        (["audit", "cpu=pillow"], ["pillow for cpu: 1 project, 1 wheel", "1 note"]),
    ],
)
def test_indexes(
    cli: Cli, tmp_path: pathlib.Path, arguments: Sequence[str], lines: Sequence[str]
) -> None:
    """Neither an empty index nor one of wheels with an unknown status is a success."""
    (tmp_path / "empty").mkdir()
    write_tree(tmp_path, {"settings/variants/cpu.yaml": "distro: el9.6\n"})
    wheel(tmp_path / "current" / f"torch-2.9.1-2_el9.6_rocm7.1-{PLAT}")
    wheel(tmp_path / "pillow" / f"pillow-11.0-1_el9.6-{PLAT}")
    status = int("none" in arguments)
    report = cli("--variant", "rocm", *arguments, status=status).stdout.splitlines()
    assert report[-len(lines) :] == lines
