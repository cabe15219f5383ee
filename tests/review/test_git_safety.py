"""git, in a repository that a stranger contributes to: it reads objects, and nothing else."""

from __future__ import annotations

import json
import pathlib
import subprocess
from collections.abc import Callable

import pytest

from fromager_build_tags.files import LARGEST_FILE
from fromager_build_tags.review import snapshot

from ..conftest import Cli
from ..repositories import Checkout, git
from ..trees import ROCM, ROCM_FILE, TORCH_FILE, TWO_PACKAGES, write_tree

LOCK = "settings/build-tags.lock"
BUMPED = {ROCM_FILE: ROCM.replace("7.1", "7.2")}
type Run = Callable[[str], str]


@pytest.fixture
def checkout(tmp_path: pathlib.Path) -> Checkout:
    return Checkout.create(tmp_path, TWO_PACKAGES)


@pytest.fixture
def program(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A program that leaves a mark where it runs."""
    folder = tmp_path_factory.mktemp("programs")
    path = folder / "program"
    path.write_text(f"#!/bin/sh\ntouch '{folder}/ran'\nexit 1\n")
    path.chmod(0o755)
    return path


def ran(program: pathlib.Path) -> bool:
    return (program.parent / "ran").exists()


def count(cli: Cli, *args: str) -> int:
    return len(json.loads(cli("review", "--format", "json", *args).stdout)["changes"])


def make_promisor(folder: pathlib.Path, program: pathlib.Path) -> None:
    """Let git fetch a missing object by running a program."""
    for name, value in {
        "core.repositoryFormatVersion": "1",
        "extensions.partialClone": "origin",
        "remote.origin.url": str(folder),
        "remote.origin.promisor": "true",
        "remote.origin.uploadpack": str(program),
        "protocol.allow": "always",
        "protocol.file.allow": "always",
    }.items():
        git(folder, "--git-dir=.", "config", name, value)


@pytest.mark.parametrize("named", [False, True])
def test_a_bare_repository_in_a_pull_request(
    cli: Cli,
    checkout: Checkout,
    program: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    named: bool,
) -> None:
    """A folder of the tree can be one: git uses its configuration where one works there."""
    folder = checkout.folder / "overrides"
    git(checkout.folder, "clone", "--quiet", "--bare", ".", str(folder))
    make_promisor(folder, program)
    tree = git(checkout.folder, "rev-parse", "HEAD^{tree}")
    for path in (folder / "objects").rglob("*"):
        if path.is_file() and f"{path.parent.name}{path.name}" == tree:
            path.unlink()
    monkeypatch.chdir(folder)
    if named:
        monkeypatch.setenv("GIT_DIR", str(folder))
    error = cli("review", "main", "main", status=1).stderr
    assert ("is in a bare repository" if not named else "git cannot read") in error
    assert error.count("\n") == 1
    assert not ran(program)


def test_nothing_is_fetched(cli: Cli, checkout: Checkout, program: pathlib.Path) -> None:
    """A partial clone would fetch what is missing, with the programs of its configuration."""
    blob = checkout.git("rev-parse", f"HEAD:{TORCH_FILE}")
    make_promisor(checkout.folder / ".git", program)
    (checkout.folder / f".git/objects/{blob[:2]}/{blob[2:]}").unlink()
    error = cli("review", "HEAD", status=1).stderr
    assert error == f"Error: git has no object {blob[:12]} here: fetch the complete revision\n"
    assert not ran(program)


def test_no_program_of_the_configuration_or_the_attributes_runs(
    cli: Cli, checkout: Checkout, program: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout.commit({".gitattributes": "* filter=evil diff=evil merge=evil\n"})
    checkout.commit(BUMPED)
    for name in (
        *("core.fsmonitor", "core.sshCommand", "core.pager", "core.gitProxy", "diff.external"),
        *("filter.evil.smudge", "filter.evil.clean", "filter.evil.process", "diff.evil.textconv"),
        *("diff.evil.command", "merge.evil.driver", "gpg.program", "uploadpack.packObjectsHook"),
    ):
        checkout.git("config", name, str(program))
    hooks = checkout.folder / ".git/hooks"
    for hook in ("post-index-change", "reference-transaction", "post-checkout", "fsmonitor"):
        (hooks / hook).write_bytes(program.read_bytes())
        (hooks / hook).chmod(0o755)
    for name in ("GIT_EXTERNAL_DIFF", "GIT_PAGER", "GIT_SSH", "GIT_ASKPASS"):
        monkeypatch.setenv(name, str(program))
    assert count(cli, "HEAD~1", "HEAD") == 3
    assert count(cli, "HEAD~1") == 3
    assert cli("bump", "HEAD~1", "--dry-run", "-m", "x").stderr.startswith("nothing to add")
    assert not ran(program)


def test_the_variables_of_a_hook(
    cli: Cli,
    checkout: Checkout,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A hook of git sets them, perhaps for another repository: the folder names ours."""
    other = Checkout.create(tmp_path_factory.mktemp("other"), {"README": ""})
    checkout.commit(BUMPED)
    for name, value in {
        "GIT_DIR": other.folder / ".git",
        "GIT_WORK_TREE": other.folder,
        "GIT_INDEX_FILE": other.folder / ".git/index",
        "GIT_COMMON_DIR": other.folder / ".git",
        "GIT_PREFIX": "settings/",
        "GIT_NAMESPACE": "other",
    }.items():
        monkeypatch.setenv(name, str(value))
    assert count(cli, "HEAD~1", "HEAD") == 3
    assert count(cli, "HEAD~1") == 3
    monkeypatch.chdir(checkout.folder / "settings")
    monkeypatch.setenv("GIT_DIR", ".git")
    monkeypatch.setenv("FROMAGER_SETTINGS_FILE", "settings.yaml")
    monkeypatch.setenv("FROMAGER_SETTINGS_DIR", "packages")
    assert count(cli, "HEAD~1", "HEAD") == 3


def test_objects_of_a_push_that_is_not_accepted_yet(
    cli: Cli, checkout: Checkout, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hook that receives a push finds the new commits in a folder of their own."""
    git(tmp_path, "clone", "--quiet", "--bare", str(tmp_path), "../server.git")
    head = checkout.commit(BUMPED)
    server = tmp_path.parent / "server.git"
    monkeypatch.chdir(server)
    monkeypatch.setenv("GIT_DIR", ".")
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(checkout.folder / ".git/objects"))
    monkeypatch.setenv("GIT_ALTERNATE_OBJECT_DIRECTORIES", str(server / "objects"))
    assert count(cli, "main", head) == 3


def test_replaced_objects_are_read_as_they_are(cli: Cli, checkout: Checkout) -> None:
    old, new = checkout.git("rev-parse", "HEAD"), checkout.commit(BUMPED)
    checkout.git("replace", new, old)
    assert count(cli, old, new) == 3


def test_a_tree_that_contains_itself_many_times(cli: Cli, checkout: Checkout) -> None:
    """Ten levels of ten folders are ten objects, and ten thousand million paths."""
    blob = checkout.git("rev-parse", f"HEAD:{TORCH_FILE}")
    entry = f"100644 blob {blob}"
    for _ in range(10):
        listing = "".join(f"{entry}\tx{number}.yaml\n" for number in range(10))
        entry = f"040000 tree {_tree(checkout, listing)}"
    packages = _tree(checkout, f"{entry}\tdeep\n100644 blob {blob}\ttorch.yaml\n")
    settings = checkout.git("ls-tree", "HEAD:settings")
    lines = [line for line in settings.splitlines() if not line.endswith("packages")]
    top = _tree(checkout, "\n".join([*lines, f"040000 tree {packages}\tpackages"]) + "\n")
    root = _tree(checkout, f"040000 tree {top}\tsettings\n")
    commit = checkout.git("commit-tree", "-m", "bomb", "-p", "HEAD", root)
    assert count(cli, "HEAD", commit) == 0


def _tree(checkout: Checkout, listing: str) -> str:
    done = subprocess.run(
        ["git", "mktree"],
        cwd=checkout.folder,
        input=listing,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_names_of_git_that_look_like_options(cli: Cli, checkout: Checkout) -> None:
    commit = checkout.commit(BUMPED)
    for name in ("--output=x", "--upload-pack=x", "-x"):
        checkout.git("update-ref", f"refs/heads/{name}", commit)
        assert cli("review", "--", name, status=1).stderr == (
            f"Error: {name!r} is not a revision: no name begins with '-' or '^'\n"
        )
        assert count(cli, "HEAD~1", f"refs/heads/{name}") == 3
    checkout.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/heads/--output=x")
    assert count(cli) == 0
    assert not (checkout.folder / "x").exists()


def test_names_of_folders_that_look_like_patterns(
    cli: Cli, checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = checkout.folder / ":(glob)*"
    write_tree(folder, TWO_PACKAGES)
    monkeypatch.setenv("FROMAGER_SETTINGS_FILE", ":(glob)*/settings/settings.yaml")
    monkeypatch.setenv("FROMAGER_SETTINGS_DIR", ":(glob)*/settings/packages")
    checkout.commit({})
    assert count(cli, "HEAD") == 0


@pytest.mark.parametrize("head", ["HEAD", ""], ids=["commit", "working tree"])
def test_the_files_of_a_snapshot_are_limited_together(
    cli: Cli, checkout: Checkout, monkeypatch: pytest.MonkeyPatch, head: str
) -> None:
    """git stores a file of gigabytes in some kilobytes, and each file would be in memory."""
    size = sum(len(text.encode()) for text in TWO_PACKAGES.values())
    monkeypatch.setattr(snapshot, "_LARGEST_TREE", size + 99)
    arguments = ("review", "HEAD~1", *filter(None, [head]))
    checkout.commit({"settings/variants/a.yaml": "#" * 99})
    cli(*arguments)
    checkout.commit({"settings/variants/a.yaml": "#" * 50, "settings/variants/b.yaml": "#" * 50})
    assert cli(*arguments, status=1).stderr == (
        f"Error: the settings of {head or 'the working tree'} are larger than {size + 99} bytes "
        "together\n"
    )


@pytest.mark.parametrize("head", ["HEAD", ""], ids=["commit", "working tree"])
def test_each_file_of_a_snapshot_is_limited(cli: Cli, checkout: Checkout, head: str) -> None:
    checkout.commit({LOCK: "#" * (LARGEST_FILE + 1)})
    place = f"{LOCK} of HEAD" if head else str(checkout.folder / LOCK)
    assert cli("review", "HEAD~1", *filter(None, [head]), status=1).stderr == (
        f"Error: {place} is larger than 10,000,000 bytes\n"
    )
