"""``review`` in real git repositories: what it reads, and that it leaves everything alone."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import subprocess
import sys
import types
from collections.abc import Callable, Mapping

import pytest

from fromager_build_tags.review.git import Repository
from fromager_build_tags.settings.hook import HOOK as HOOK_NAME

from ..conftest import Cli
from ..repositories import Checkout, git
from ..trees import (
    HOOK,
    ROCM,
    ROCM_FILE,
    SETTINGS,
    SETTINGS_FILE,
    TORCH,
    TORCH_FILE,
    TWO_PACKAGES,
    write_tree,
)

NOTHING = "nothing to add: no build tag changes"
COMPUTED = "the build tags of the working tree cannot be computed"

LOCK_FILE = "settings/build-tags.lock"
BUMPED = {ROCM_FILE: ROCM.replace("7.1", "7.2")}


@pytest.fixture
def checkout(tmp_path: pathlib.Path) -> Checkout:
    return Checkout.create(tmp_path, TWO_PACKAGES)


def changes(cli: Cli, *args: str, status: int = 0) -> list[tuple[str, str, str | None, str | None]]:
    report = json.loads(cli("review", "--format", "json", *args, status=status).stdout)
    return [
        (each["package"], each["version"], each["before"], each["after"])
        for each in report["changes"]
    ]


ROCM_7_2 = [
    ("flash-attn", "*", "1_el9.6_rocm7.1_torch2.9.1", "1_el9.6_rocm7.2_torch2.9.1"),
    ("torch", "2.9.1", "2_el9.6_rocm7.1", "2_el9.6_rocm7.2"),
    ("torch", "*", "1_el9.6_rocm7.1", "1_el9.6_rocm7.2"),
]


def needs_torch_below(version: str) -> str:
    return f"annotations: {{build-tags.depends-on: 'torch if version < {version} else none'}}\n"


@pytest.mark.parametrize("is_locked", [False, True])
def test_a_package_that_changes_at_another_version(
    cli: Cli, checkout: Checkout, *, is_locked: bool
) -> None:
    demo = "settings/packages/demo.yaml"
    for content in (needs_torch_below("0.25"), needs_torch_below("0.30")):
        checkout.write({demo: content})
        if is_locked:
            cli("lock")
        if content == needs_torch_below("0.25"):
            checkout.commit({})
    tied = "1_el9.6_torch2.9.1"
    between = ">=0.25.dev0,<0.30"
    assert changes(cli, "HEAD") == [("demo", between, "1_el9.6", tied)]
    if is_locked:
        checkout.commit({})
        checkout.write({demo: needs_torch_below("0.25")})
        cli("lock")
        assert changes(cli, "HEAD", status=1) == [("demo", between, tied, "1_el9.6")]


def test_another_torch_renames_the_versions_that_are_tied_to_it(
    cli: Cli, checkout: Checkout
) -> None:
    """The newest version does not depend on Torch; older versions do."""
    checkout.commit({"settings/packages/demo.yaml": needs_torch_below("0.29")})
    checkout.write({ROCM_FILE: ROCM.replace("2.9.1", "2.10.0")})
    found = json.loads(cli("review", "HEAD", "--format", "json", status=1).stdout)
    assert ("demo", "<0.29") in {(x["package"], x["version"]) for x in found["changes"]}
    [error] = [each for each in found["findings"] if each["severity"] == "error"]
    assert (error["code"], error["subject"]) == ("BT201", "rocm")


def test_the_base_is_where_head_left_main(cli: Cli, checkout: Checkout) -> None:
    """What main got meanwhile is no part of the review."""
    checkout.git("switch", "--quiet", "--create", "feature")
    checkout.commit(BUMPED)
    checkout.git("switch", "--quiet", "main")
    checkout.commit({TORCH_FILE: TORCH + "    - second\n"})
    checkout.git("switch", "--quiet", "feature")
    base = checkout.git("merge-base", "HEAD", "main")[:12]
    assert changes(cli) == ROCM_7_2
    assert changes(cli, "main") == ROCM_7_2
    assert cli("review", "main").stderr == (
        f"compared with {base}, the merge base of main and HEAD; --exact compares with main "
        "itself\n"
    )
    for args in (["main", "--exact"], ["--exact"], ["main", "HEAD"]):
        assert [each for each in changes(cli, *args, status=1) if each[0] == "torch"] == [
            ("torch", "2.9.1", "3_el9.6_rocm7.1", "2_el9.6_rocm7.2"),
            ("torch", "*", "1_el9.6_rocm7.1", "1_el9.6_rocm7.2"),
        ]
        assert cli("review", *args, status=1).stderr == ""


def test_bump_compares_with_what_review_compares_with(cli: Cli, checkout: Checkout) -> None:
    checkout.git("switch", "--quiet", "--create", "feature")
    checkout.commit({"README": "so that the two part\n"})
    checkout.git("switch", "--quiet", "main")
    checkout.commit({TORCH_FILE: TORCH + "    - second\n"})
    checkout.git("switch", "--quiet", "feature")
    assert cli("bump", "main", "-m", "x").stderr.endswith(f"\n{NOTHING}\n")
    assert '    - "x"' in cli("bump", "main", "--exact", "-n", "-m", "x").stdout


def test_on_main_what_is_not_committed_is_reviewed(cli: Cli, checkout: Checkout) -> None:
    assert cli("review").stdout.startswith("No build tag changes from ")
    checkout.write(BUMPED)
    assert changes(cli) == ROCM_7_2


@pytest.mark.parametrize(
    ("base", "head"),
    [
        ("main~1", "main"),
        ("HEAD~1", "HEAD"),
        ("v1", "main"),
        ("refs/tags/v1", "refs/heads/main"),
        ("main~1", "{head}"),
        ("{base}", "main"),
    ],
)
def test_two_revisions(cli: Cli, checkout: Checkout, base: str, head: str) -> None:
    checkout.git("tag", "--annotate", "--message=v1", "v1")
    names = {"base": checkout.git("rev-parse", "HEAD"), "head": checkout.commit(BUMPED)}
    checkout.write({ROCM_FILE: "not: [even\n"})
    assert changes(cli, base.format_map(names), head.format_map(names)) == ROCM_7_2


def test_a_hash_is_shown_short(cli: Cli, checkout: Checkout) -> None:
    base = checkout.git("rev-parse", "HEAD")
    assert cli("review", base, "HEAD").stdout.startswith(
        f"No build tag changes from {base[:12]} to HEAD; no findings\n"
    )


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--", "--output=x"], "'--output=x' is not a revision: no name begins with '-' or '^'"),
        (["--", "-n"], "'-n' is not a revision: no name begins with '-' or '^'"),
        (["^main"], "'^main' is not a revision: no name begins with '-' or '^'"),
        ([""], "the name of a revision is empty; is a variable unset?"),
        (["no-such"], "there is no revision 'no-such' here"),
        (["main..main"], "there is no revision 'main..main' here"),
        (["main:settings"], "there is no revision 'main:settings' here"),
        (["main", "$(id)"], "there is no revision '$(id)' here"),
    ],
)
def test_what_is_no_revision(cli: Cli, checkout: Checkout, args: list[str], message: str) -> None:
    assert cli("review", *args, status=1).stderr == f"Error: {message}\n"
    assert not (checkout.folder / "x").exists()


def test_not_a_repository(cli: Cli, tmp_path: pathlib.Path) -> None:
    write_tree(tmp_path, TWO_PACKAGES)
    assert cli("review", status=1).stderr == (
        "Error: . is not in a git repository: name two folders or two lock files to compare, "
        "or run this in a checkout\n"
    )


def test_a_repository_that_git_does_not_trust(
    cli: Cli,
    checkout: Checkout,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Git's own advice is handed on."""
    program = tmp_path_factory.mktemp("bin") / "git"
    real = shutil.which("git")
    program.write_text(f'#!/bin/sh\nGIT_TEST_ASSUME_DIFFERENT_OWNER=1 exec "{real}" "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", "/dev/null")
    folder = checkout.folder.resolve()
    assert cli("review", status=1).stderr == (
        "Error: git does not trust this repository: fatal: detected dubious ownership in "
        f"repository at '{folder}' To add an exception for this directory, call: git config "
        f"--global --add safe.directory {folder}\n"
    )


def test_a_bare_repository(
    cli: Cli, checkout: Checkout, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has two revisions, and no working tree."""
    checkout.commit(BUMPED)
    git(tmp_path, "clone", "--quiet", "--bare", str(tmp_path), "../bare.git")
    monkeypatch.chdir(tmp_path.parent / "bare.git")
    assert cli("review", "main~1", "main", status=1).stderr == (
        "Error: . is in a bare repository, which a pull request can contain: set GIT_DIR to its "
        "folder if it is yours\n"
    )
    monkeypatch.setenv("GIT_DIR", ".")
    assert changes(cli, "main~1", "main") == ROCM_7_2
    bare = "Error: this repository is bare and has no working tree: "
    for args in (["review"], ["review", "main"]):
        assert cli(*args, status=1).stderr == f"{bare}name two revisions, BASE and HEAD\n"
    assert cli("bump", "main", "-m", "x", status=1).stderr == (
        f"{bare}bump compares with a git revision, so run it in a checkout\n"
    )


def test_without_git(cli: Cli, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert cli("review", status=1).stderr == "Error: git is not installed\n"


def test_no_commit_yet(cli: Cli, tmp_path: pathlib.Path) -> None:
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    assert cli("review", status=1).stderr == (
        "Error: there is no default branch here (origin/HEAD, main or master): name the base\n"
    )


def test_histories_without_a_common_commit(cli: Cli, checkout: Checkout) -> None:
    checkout.git("switch", "--quiet", "--orphan", "other")
    checkout.commit({**TWO_PACKAGES, "README": "so that it is another commit\n"})
    assert cli("review", "main", status=1).stderr == (
        "Error: HEAD and main have no commit in common here; --exact compares with main itself\n"
    )
    assert changes(cli, "main", "--exact") == []


def test_master_and_origin_head_are_default_branches(
    cli: Cli, checkout: Checkout, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout.git("branch", "--move", "main", "trunk")
    git(tmp_path, "clone", "--quiet", str(tmp_path), "clone")
    clone = Checkout(tmp_path / "clone")
    clone.git("switch", "--quiet", "--create", "feature")
    clone.commit(BUMPED)
    monkeypatch.chdir(clone.folder)
    assert changes(cli) == ROCM_7_2
    clone.git("remote", "remove", "origin")
    assert "there is no default branch here" in cli("review", status=1).stderr
    clone.git("branch", "--move", "trunk", "master")
    assert changes(cli) == ROCM_7_2


@pytest.fixture
def shallow(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Checkout]:
    """Return a function that clones the last commit of a branch, into the current folder."""

    def clone(*args: str) -> Checkout:
        upstream = Checkout.create(tmp_path_factory.mktemp("upstream"), TWO_PACKAGES)
        upstream.git("switch", "--quiet", "--create", "feature")
        upstream.commit({})
        upstream.commit(BUMPED)
        upstream.git("switch", "--quiet", "main")
        upstream.commit({TORCH_FILE: TORCH + "    - second\n"})
        folder = tmp_path_factory.mktemp("clone")
        git(folder, "clone", "--quiet", "--depth=1", *args, f"file://{upstream.folder}", ".")
        monkeypatch.chdir(folder)
        return Checkout(folder)

    return clone


SHALLOW = [
    (
        [],
        "there is no default branch here (origin/HEAD, main or master): name the base, and this "
        "is a shallow clone: run `git fetch --unshallow origin main:refs/remotes/origin/main` "
        "first",
    ),
    (
        ["origin/main~1"],
        "there is no revision 'origin/main~1' here, and this is a shallow clone: run "
        "`git fetch --unshallow origin` first",
    ),
    (
        ["origin/main"],
        "there is no revision 'origin/main' here, and this is a shallow clone: run "
        "`git fetch --unshallow origin main:refs/remotes/origin/main` first",
    ),
    (
        ["main"],
        "there is no revision 'main' here, and this is a shallow clone: run "
        "`git fetch --unshallow origin main:main` first",
    ),
    (
        ["HEAD~1"],
        "there is no revision 'HEAD~1' here, and this is a shallow clone: run "
        "`git fetch --unshallow origin` first",
    ),
]


@pytest.mark.parametrize(("args", "message"), SHALLOW)
def test_the_error_of_a_shallow_clone_names_what_to_fetch(
    cli: Cli, shallow: Callable[..., Checkout], args: list[str], message: str
) -> None:
    shallow("--branch=feature")
    assert cli("review", *args, status=1).stderr == f"Error: {message}\n"


@pytest.mark.parametrize("args", [[], ["origin/main"], ["main"], ["HEAD~1"]])
def test_the_fetch_that_the_error_names_works(
    cli: Cli, shallow: Callable[..., Checkout], args: list[str]
) -> None:
    clone = shallow("--branch=feature")
    message = cli("review", *args, status=1).stderr
    clone.git(*message.split("`")[1].removeprefix("git ").split())
    assert changes(cli, *args) == ROCM_7_2


def test_a_shallow_clone_of_both_branches_has_no_common_commit(
    cli: Cli, shallow: Callable[..., Checkout]
) -> None:
    clone = shallow("--no-single-branch")
    clone.git("switch", "--quiet", "feature")
    message = cli("review", status=1).stderr
    assert message == (
        "Error: HEAD and refs/remotes/origin/main have no commit in common here, and this is a "
        "shallow clone: run `git fetch --unshallow origin main:refs/remotes/origin/main` first; "
        "--exact compares with refs/remotes/origin/main itself\n"
    )
    clone.git(*message.split("`")[1].removeprefix("git ").split())
    assert changes(cli) == ROCM_7_2


def test_a_revision_that_is_there_needs_no_more_history(
    cli: Cli, shallow: Callable[..., Checkout]
) -> None:
    clone = shallow()
    clone.write(BUMPED)
    assert [each[0] for each in changes(cli, "HEAD")] == ["flash-attn", "torch", "torch"]


def test_a_base_without_settings_all_is_new(cli: Cli, tmp_path: pathlib.Path) -> None:
    checkout = Checkout.create(tmp_path, {"README": "nothing else\n"})
    checkout.write(TWO_PACKAGES)
    assert changes(cli) == [
        ("*", "*", None, "1_el9.6"),
        ("flash-attn", "*", None, "1_el9.6_rocm7.1_torch2.9.1"),
        ("torch", "2.9.1", None, "2_el9.6_rocm7.1"),
        ("torch", "*", None, "1_el9.6_rocm7.1"),
    ]


def without_settings(cli: Cli, *args: str) -> list[tuple[str, str, str]]:
    report = json.loads(cli("review", "--format", "json", *args).stdout)
    found = [each for each in report["findings"] if each["code"] == "BT210"]
    return [(each["severity"], each["subject"], each["message"]) for each in found]


def test_a_side_without_settings_is_reported(cli: Cli, tmp_path: pathlib.Path) -> None:
    checkout = Checkout.create(tmp_path, {"README": "nothing else\n"})
    checkout.commit(TWO_PACKAGES)
    at = "has no settings at settings/settings.yaml and settings/packages: everything counts as"
    assert without_settings(cli, "HEAD~1") == [("warning", "HEAD~1", f"HEAD~1 {at} new")]
    assert without_settings(cli, "HEAD", "HEAD~1") == [("warning", "HEAD~1", f"HEAD~1 {at} gone")]
    assert without_settings(cli, "HEAD") == []
    for format_ in ("table", "markdown", "json", "github", "gitlab", "sarif"):
        assert "BT210" in cli("review", "HEAD~1", "--format", format_).stdout


def test_a_side_of_variant_files_alone_has_no_settings(cli: Cli, tmp_path: pathlib.Path) -> None:
    checkout = Checkout.create(tmp_path, {ROCM_FILE: ROCM})
    checkout.write(TWO_PACKAGES)
    assert {each[2] for each in changes(cli, "HEAD")} == {None}
    assert len(without_settings(cli, "HEAD")) == 1


def test_settings_that_were_moved(
    cli: Cli, checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None of them is compared; the finding has the reason and the fix."""
    checkout.git("mv", "settings", "conf")
    checkout.write({"conf/variants/rocm.yaml": BUMPED[ROCM_FILE]})
    monkeypatch.setenv("FROMAGER_SETTINGS_FILE", "conf/settings.yaml")
    monkeypatch.setenv("FROMAGER_SETTINGS_DIR", "conf/packages")
    assert len(without_settings(cli, "HEAD")) == 1
    checkout.git("worktree", "add", "../base", "HEAD", "--quiet")
    assert changes(cli, "../base/settings", "conf") == ROCM_7_2
    checkout.git("worktree", "remove", "../base")


@pytest.mark.parametrize("link", ["settings", "settings/packages", "settings/settings.yaml"])
def test_settings_that_are_a_link_or_lie_below_one(cli: Cli, checkout: Checkout, link: str) -> None:
    """Neither the working tree nor a revision is read through a link."""
    real = f"real/{link}"
    (checkout.folder / "real").mkdir()
    if link != "settings":
        (checkout.folder / "real/settings").mkdir()
    checkout.git("mv", link, real)
    (checkout.folder / link).symlink_to(("../" if "/" in link else "") + real)
    commit = checkout.commit({})[:12]
    path = checkout.folder.resolve() / link
    assert cli("review", "HEAD~1", status=1).stderr == (
        f"Error: {path} is a symbolic link: not followed\n"
    )
    for args in (["HEAD"], ["HEAD~1", "HEAD"], ["HEAD", "HEAD~1"]):
        assert cli("review", *args, status=1).stderr == (
            f"Error: {link} at {commit} is a symbolic link: not followed\n"
        )


@pytest.mark.parametrize("path", ["settings", "settings/packages"])
def test_settings_in_a_submodule(cli: Cli, checkout: Checkout, path: str) -> None:
    checkout.git("rm", "-r", "--quiet", "--cached", path)
    entry = f"160000,{checkout.git('rev-parse', 'HEAD')},{path}"
    checkout.git("update-index", "--add", "--cacheinfo", entry)
    checkout.git("commit", "--quiet", "--message=submodule")
    commit = checkout.git("rev-parse", "HEAD")[:12]
    assert cli("review", "HEAD", status=1).stderr == (
        f"Error: {path} at {commit} is a submodule: review it in a checkout of its own\n"
    )


def test_a_name_that_is_a_revision_and_a_folder(cli: Cli, checkout: Checkout) -> None:
    """Neither is assumed; each has a spelling that is not ambiguous."""
    checkout.git("tag", "old")
    checkout.commit(BUMPED)
    write_tree(checkout.folder / "main", TWO_PACKAGES)
    (checkout.folder / "old").write_text("a file\n")
    assert cli("review", "main", status=1).stderr == (
        "Error: main is both a revision and a folder here: write refs/heads/main or ./main\n"
    )
    assert cli("review", "HEAD~1", "old", status=1).stderr == (
        "Error: old is both a revision and a file here: write refs/tags/old or ./old\n"
    )
    assert changes(cli, "refs/heads/main") == []
    assert changes(cli, "./main") == ROCM_7_2
    assert changes(cli, "main/", "refs/heads/main") == ROCM_7_2


def test_no_settings_on_either_side(cli: Cli, tmp_path: pathlib.Path) -> None:
    Checkout.create(tmp_path, {"README": "nothing else\n"})
    assert cli("review", status=1).stderr == (
        "Error: there are no settings at settings/settings.yaml and settings/packages in base and "
        "head: run `fromager-build-tags init`, or name them with --settings-file and "
        "--settings-dir\n"
    )


GONE: list[tuple[Mapping[str, str | None], int, list[tuple[str, str, str | None, str | None]]]] = [
    # the global settings: no numbers, no hook, and no variant but those with a file
    (
        {SETTINGS_FILE: None},
        1,
        [
            ("*", "*", "1_el9.6", "-"),
            ("flash-attn", "*", "1_el9.6_rocm7.1_torch2.9.1", "-"),
            ("torch", "2.9.1", "2_el9.6_rocm7.1", "1"),
            ("torch", "*", "1_el9.6_rocm7.1", "-"),
        ],
    ),
    ({TORCH_FILE: None}, 1, [("torch", "2.9.1", "2_el9.6_rocm7.1", "1_el9.6_rocm7.1")]),
    # a package file that is renamed in a way that means nothing
    ({TORCH_FILE: None, "settings/packages/Torch.yaml": TORCH}, 0, []),
    # a variant
    (
        {ROCM_FILE: None, "settings/variants/rocm-7.yaml": ROCM},
        0,
        [
            ("*", "*", "1_el9.6", "1_?"),
            ("flash-attn", "*", "1_el9.6_rocm7.1_torch2.9.1", "1_?"),
            ("torch", "2.9.1", "2_el9.6_rocm7.1", "2_?"),
            ("torch", "*", "1_el9.6_rocm7.1", "1_?"),
            ("*", "*", None, "-"),
            ("flash-attn", "*", None, "-"),
            ("torch", "2.9.1", None, "1_el9.6_rocm7.1"),
        ],
    ),
]


@pytest.mark.parametrize(("files", "status", "expected"), GONE)
def test_a_file_that_is_renamed_or_gone(
    cli: Cli,
    checkout: Checkout,
    files: Mapping[str, str | None],
    status: int,
    expected: list[tuple[str, str, str | None, str | None]],
) -> None:
    checkout.write(files)
    assert changes(cli, status=status) == expected
    checkout.git("add", "--all")
    checkout.git("commit", "--quiet", "--message=gone")
    assert changes(cli, "HEAD~1", "HEAD", status=status) == expected


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("../../secret.yaml", "settings/packages/demo.yaml"),
        ("/etc/hostname", "settings/packages/demo.yaml"),
        ("demo.yaml", "settings/packages/demo.yaml"),
        ("../packages/torch.yaml", "settings/packages/demo.yaml"),
        ("no-such.yaml", "settings/variants/rocm.yaml"),
        ("/dev/zero", "settings/variants/rocm.yaml"),
    ],
)
def test_a_link_is_not_followed(cli: Cli, checkout: Checkout, target: str, name: str) -> None:
    checkout.write({"secret.yaml": TORCH})
    path = checkout.folder / name
    path.unlink(missing_ok=True)
    path.symlink_to(target)
    commit = checkout.commit({})
    assert cli("review", "HEAD~1", "HEAD", status=1).stderr == (
        f"Error: {name} at {commit[:12]} is a symbolic link: not followed\n"
    )
    assert cli("review", "HEAD~1", status=1).stderr == (
        f"Error: {checkout.folder.resolve() / name} is a symbolic link: not followed\n"
    )


def test_settings_outside_the_repository(
    cli: Cli, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tree(tmp_path, TWO_PACKAGES)
    repository = Checkout.create(tmp_path / "repository", {"README": ""})
    monkeypatch.chdir(repository.folder)
    monkeypatch.setenv("FROMAGER_SETTINGS_FILE", "../settings/settings.yaml")
    assert cli("review", status=1).stderr == (
        "Error: ../settings/settings.yaml is not in the git repository at "
        f"{repository.folder.resolve()}\n"
    )


def test_from_a_folder_below_the_top(
    cli: Cli, checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout.write(BUMPED)
    monkeypatch.chdir(checkout.folder / "settings")
    monkeypatch.setenv("FROMAGER_SETTINGS_FILE", "settings.yaml")
    monkeypatch.setenv("FROMAGER_SETTINGS_DIR", str(checkout.folder / "settings/packages"))
    assert changes(cli) == ROCM_7_2


def test_what_is_committed_is_read_as_it_is(cli: Cli, checkout: Checkout) -> None:
    """``git archive`` would leave files out, and change others, as attributes tell it."""
    checkout.commit(
        {
            ".gitattributes": "settings export-ignore\n*.yaml export-subst eol=crlf\n",
            ROCM_FILE: f"{ROCM}# $Format:%H$\n",
        }
    )
    checkout.commit(BUMPED)
    assert changes(cli, "HEAD~2", "HEAD~1") == []
    assert changes(cli, "HEAD~1", "HEAD") == ROCM_7_2
    [content] = Repository(top=checkout.folder).files("HEAD~1", [pathlib.Path(ROCM_FILE)]).values()
    assert content.decode() == f"{ROCM}# $Format:%H$\n"


def test_a_submodule_is_no_file(cli: Cli, checkout: Checkout, tmp_path: pathlib.Path) -> None:
    entry = f"160000,{checkout.git('rev-parse', 'HEAD')},settings/packages/sub.yaml"
    checkout.git("update-index", "--add", "--cacheinfo", entry)
    checkout.git("commit", "--quiet", "--message=submodule")
    assert changes(cli, "HEAD~1", "HEAD") == []


def test_each_side_has_variant_files_of_its_own(
    cli: Cli, checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variable names a folder of the working tree, which is not the base's."""
    monkeypatch.setenv("WHEEL_BUILD_TAG_VARIANTS_DIR", "settings/variants")
    checkout.write(BUMPED)
    assert changes(cli) == ROCM_7_2
    checkout.commit({ROCM_FILE: None})
    assert ("torch", "2.9.1", "2_el9.6_rocm7.1", "2_?") in changes(cli, "HEAD~1", "HEAD")


def everything(folder: pathlib.Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path): (path.stat().st_mtime_ns, path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("args", [[], ["HEAD~1", "HEAD"], ["HEAD~1", "--no-lock"]])
def test_nothing_is_touched(cli: Cli, checkout: Checkout, args: list[str]) -> None:
    cli("lock")
    checkout.commit({})
    checkout.write({**BUMPED, TORCH_FILE: None, "untracked": "mine\n", "staged": "mine, too\n"})
    checkout.git("add", "staged")
    status = checkout.git("status", "--porcelain")
    before = everything(checkout.folder)
    cli("review", *args, "--exit-zero")
    assert everything(checkout.folder) == before
    assert checkout.git("status", "--porcelain") == status
    assert checkout.git("worktree", "list").count("\n") == 0


def test_with_a_lock_on_both_sides_no_override_runs(
    cli: Cli, checkout: Checkout, set_override: Callable[..., None]
) -> None:
    cli("lock")
    checkout.commit({})
    checkout.write(BUMPED)
    cli("lock")

    def wheel_build_tag(*, ctx: object, req: object, version: object, wheel_tags: object) -> None:
        raise AssertionError("code of the branch runs")

    module = types.ModuleType("evil")
    module.wheel_build_tag = wheel_build_tag  # type: ignore[attr-defined]
    set_override("torch", module)
    result = cli("review")
    assert result.stdout.startswith("3 build tags change from ")
    assert result.stdout.endswith("the working tree: tags read from build-tags.lock\n")
    evaluated = cli("review", "--no-lock").stdout
    assert "the working tree: tags computed with the overrides that are installed here" in evaluated
    assert ("torch", "2.9.1", "2_?", "2_?") not in changes(cli, "--no-lock")
    assert [each[0] for each in changes(cli, "--no-lock")] == ["flash-attn"]


@pytest.mark.parametrize(
    ("args", "files", "status"),
    [
        ([], {}, 0),
        (["--detailed-exitcode"], {}, 0),
        ([], BUMPED, 0),
        (["--detailed-exitcode"], BUMPED, 3),
        (["--detailed-exitcode", "--exit-zero"], BUMPED, 0),
        (["--fail-on=changes"], {}, 0),
        (["--fail-on=changes"], BUMPED, 1),
        (["--fail-on=changes", "--detailed-exitcode"], BUMPED, 1),
        (["--max-rebuilds=2"], BUMPED, 0),
        (["--max-rebuilds=1"], BUMPED, 1),
        (["--max-rebuilds=1", "--exit-zero"], BUMPED, 0),
        (["--max-rebuilds=-1"], BUMPED, 2),
        # what is gone is not rebuilt
        (["--max-rebuilds=0"], {ROCM_FILE: None, SETTINGS_FILE: HOOK}, 0),
        # a warning: one entry for everything
        ([], {SETTINGS_FILE: f"{SETTINGS}    - second\n"}, 0),
        (["--fail-on=warning"], {SETTINGS_FILE: f"{SETTINGS}    - second\n"}, 1),
        # an error: a number fell
        ([], {TORCH_FILE: None}, 1),
        (["--detailed-exitcode"], {TORCH_FILE: None}, 1),
        (["--exit-zero"], {TORCH_FILE: None}, 0),
        (["--fail-on=note"], {}, 2),
    ],
)
def test_exit_status(
    cli: Cli, checkout: Checkout, args: list[str], files: Mapping[str, str | None], status: int
) -> None:
    checkout.write(files)
    result = cli("review", *args, status=status)
    if "--max-rebuilds=1" in args:
        assert result.stderr == "Error: 2 packages rebuilt, more than 1\n"


def test_a_revision_and_a_lock_alone(cli: Cli, checkout: Checkout) -> None:
    """The settings of the revision are not what is gone, or new, in a lock."""
    checkout.write(BUMPED)
    cli("lock", "-o", "new.lock")
    for args in (["HEAD", "new.lock"], ["new.lock", "HEAD"]):
        report = json.loads(cli("review", *args, "--exit-zero", "--format", "json").stdout)
        assert len(report["changes"]) > 2
        assert [each["causes"] for each in report["changes"] if each["causes"]] == []


def test_a_variant_that_is_gone_is_not_rebuilt(cli: Cli, checkout: Checkout) -> None:
    checkout.write({ROCM_FILE: None, SETTINGS_FILE: HOOK})
    out = cli("review").stdout
    assert "rocm7.1 torch2.9.1 → (none) in settings/variants/rocm.yaml:1 removes" in out
    assert "renamed" not in out


def test_an_output_that_knows_no_arrows(checkout: Checkout) -> None:
    checkout.write(BUMPED)
    environ = os.environ | {
        "PYTHONIOENCODING": "latin-1",
        "FROMAGER_SETTINGS_FILE": "settings/settings.yaml",
        "FROMAGER_SETTINGS_DIR": "settings/packages",
    }
    done = subprocess.run(
        [sys.executable, "-m", "fromager_build_tags", "review"],
        cwd=checkout.folder,
        env=environ,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert b"rocm_version of rocm 7.1 \\u2192 7.2 in" in done.stdout


def test_two_folders_two_locks_and_one_of_each(
    cli: Cli, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lock file alone has no settings that could be evaluated in its place."""
    write_tree(tmp_path / "old", TWO_PACKAGES)
    write_tree(tmp_path / "new", {**TWO_PACKAGES, **BUMPED})
    assert changes(cli, "old", "new") == ROCM_7_2
    assert changes(cli, "old/settings", "new/settings") == ROCM_7_2
    monkeypatch.setenv("FROMAGER_SETTINGS_FILE", "old/settings/settings.yaml")
    monkeypatch.setenv("FROMAGER_SETTINGS_DIR", "old/settings/packages")
    cli("lock", "-o", "old.lock")
    monkeypatch.setenv("FROMAGER_SETTINGS_FILE", "new/settings/settings.yaml")
    monkeypatch.setenv("FROMAGER_SETTINGS_DIR", "new/settings/packages")
    cli("lock", "-o", "new.lock")
    assert changes(cli, "old.lock", "new.lock") == ROCM_7_2
    monkeypatch.setenv("FROMAGER_SETTINGS_FILE", "settings/settings.yaml")
    monkeypatch.setenv("FROMAGER_SETTINGS_DIR", "settings/packages")
    assert changes(cli, "old.lock", "new") == ROCM_7_2
    assert changes(cli, "old", "new.lock") == ROCM_7_2
    assert changes(cli, "old.lock", "new.lock", "--no-lock") == ROCM_7_2
    outside = "(an installed override, a variable, a lock file alone)"
    line = f"\nsomething outside the settings files {outside} renames 2 packages\n"
    assert line in cli("review", "old.lock", "new.lock").stdout


def test_two_folders_where_the_options_are_absolute(
    cli: Cli, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tree(tmp_path / "old", TWO_PACKAGES)
    write_tree(tmp_path / "new", {**TWO_PACKAGES, **BUMPED})
    monkeypatch.setenv("FROMAGER_SETTINGS_FILE", str(tmp_path / "old/settings/settings.yaml"))
    monkeypatch.setenv("FROMAGER_SETTINGS_DIR", str(tmp_path / "old/settings/packages"))
    assert changes(cli, "old/settings", "new/settings") == ROCM_7_2


def test_one_side_that_cannot_be_evaluated_at_all(cli: Cli, checkout: Checkout) -> None:
    checkout.write({SETTINGS_FILE: "wheels: [\n"})
    message = cli("review", status=1).stderr
    assert message.startswith(
        f"Error: {COMPUTED} because fromager cannot load the settings because {SETTINGS_FILE}:2 "
        "is not valid YAML: "
    )
    assert message.count("\n") == 1
    checkout.commit({})
    message = cli("review", "HEAD", status=1).stderr  # it is no better there
    assert message.startswith(f"Error: {COMPUTED} because fromager cannot")


def test_a_change_that_fixes_the_global_settings(cli: Cli, checkout: Checkout) -> None:
    """What other files change is compared; only numbers of the broken file are not known."""
    checkout.commit({SETTINGS_FILE: "wheels: [\n"})
    checkout.write({SETTINGS_FILE: SETTINGS, **BUMPED})
    report = json.loads(cli("review", "HEAD", "--format", "json").stdout)
    assert [each["package"] for each in report["changes"]] == ["flash-attn", "torch", "torch"]
    [finding] = report["findings"]
    assert (finding["code"], finding["severity"]) == ("BT207", "warning")
    assert (finding["file"], finding["subject"]) == (SETTINGS_FILE, SETTINGS_FILE)
    assert finding["message"].startswith(
        f"HEAD: {SETTINGS_FILE}:2 is not valid YAML: expected the node content"
    )
    assert finding["message"].endswith(": the global settings of the working tree are used instead")
    assert "/tmp" not in finding["message"]


def test_an_object_that_is_not_here(cli: Cli, checkout: Checkout) -> None:
    blob = checkout.git("rev-parse", f"HEAD:{TORCH_FILE}")
    (checkout.folder / f".git/objects/{blob[:2]}/{blob[2:]}").unlink()
    assert cli("review", "HEAD", status=1).stderr == (
        f"Error: git has no object {blob[:12]} here: fetch the complete revision\n"
    )
    tree = checkout.git("rev-parse", "HEAD^{tree}")
    (checkout.folder / f".git/objects/{tree[:2]}/{tree[2:]}").unlink()
    commit = checkout.git("rev-parse", "HEAD")
    error = cli("review", "HEAD", status=1).stderr
    assert error.startswith(f"Error: git cannot read {commit[:12]}: fatal: ")


def test_a_file_of_the_working_tree_that_cannot_be_read(cli: Cli, checkout: Checkout) -> None:
    path = checkout.folder / "settings/packages/demo.yaml"
    path.mkdir()
    assert cli("review", status=1).stderr == (
        f"Error: {path.resolve()} is a directory, not a file\n"
    )


NO_HOOK = SETTINGS.removeprefix(HOOK)
WITH_HOOK = [
    ("*", "*", "1", "1_el9.6"),
    ("flash-attn", "*", "1", "1_el9.6_rocm7.1_torch2.9.1"),
    ("torch", "2.9.1", "2", "2_el9.6_rocm7.1"),
    ("torch", "*", "1", "1_el9.6_rocm7.1"),
]


@pytest.mark.parametrize("is_locked", [False, True])
def test_a_hook_that_is_switched_on_or_off(
    cli: Cli, checkout: Checkout, *, is_locked: bool
) -> None:
    """Without a hook no name has segments, though a plan contains those of our hook."""
    lock = None
    if is_locked:
        cli("lock")
        lock = (checkout.folder / LOCK_FILE).read_text()
    checkout.commit({SETTINGS_FILE: NO_HOOK})
    checkout.write({SETTINGS_FILE: SETTINGS})
    found = changes(cli)
    assert [each for each in found if each[0] in {"*", "flash-attn", "torch"}] == WITH_HOOK
    assert all("_" not in str(before) for _, _, before, _ in found)

    checkout.commit({})
    checkout.write({SETTINGS_FILE: NO_HOOK})
    report = json.loads(cli("review", "HEAD", "--format", "json", status=1).stdout)
    assert len(report["changes"]) == len(found)
    assert [
        (each["severity"], each["code"], each["message"])
        for each in report["findings"]
        if each["code"] in {"BT205", "BT211"} or "2.9.1 on" in each["message"]
    ] == [
        (
            "error",
            "BT201",
            "torch 2.9.1 on rocm: 2 sorts below 2_el9.6_rocm7.1, so installers keep the old wheel",
        ),
        (
            "error",
            "BT211",
            "wheels.build_tag_hook changed: no hook is configured, so wheels get no suffix",
        ),
    ]
    assert {each["what"] for change in report["changes"] for each in change["causes"]} == {
        "wheels.build_tag_hook fromager_build_tags.hooks:build_tag_hook → (none)"
    }
    if lock is not None:
        assert (checkout.folder / LOCK_FILE).read_text() == lock


@pytest.mark.parametrize("wheels", ["wheels: {}\n", "wheels: {build_tag_hook: null}\n", ""])
def test_no_side_has_a_hook(cli: Cli, checkout: Checkout, wheels: str) -> None:
    """Then the names are compared that fromager gives: another ROCm changes none."""
    checkout.commit({SETTINGS_FILE: NO_HOOK})
    checkout.write({SETTINGS_FILE: wheels + NO_HOOK + "# not yet\n", **BUMPED})
    assert changes(cli) == []
    checkout.write({SETTINGS_FILE: f"{wheels}{NO_HOOK}    - second\n"})
    assert ("torch", "2.9.1", "2", "3") in changes(cli)
    assert "working tree: no hook is configured, so wheels get no suffix\n" in cli("review").stdout


FOREIGN = "another hook is configured, whose build tags are unknown: os:system"
OTHER_HOOK = SETTINGS.replace(HOOK_NAME, "os:system")


@pytest.mark.parametrize("is_locked", [False, True])
@pytest.mark.parametrize("no_lock", [False, True])
def test_a_hook_that_is_replaced(
    cli: Cli, checkout: Checkout, *, is_locked: bool, no_lock: bool
) -> None:
    """The lock of the head may be that of the base, or written again."""
    if is_locked:
        cli("lock")
        checkout.commit({})
    checkout.write({SETTINGS_FILE: OTHER_HOOK})
    options = ["--no-lock"] * no_lock
    for is_written_again in [False, True][: 1 + is_locked]:
        if is_written_again:
            cli("lock")
        report = json.loads(cli("review", *options, "--format", "json", status=1).stdout)
        errors = {
            (each["code"], each["file"], each["line"], each["message"])
            for each in report["findings"]
            if each["severity"] == "error" and each["code"] != "BT208"
        }
        message = f"wheels.build_tag_hook changed: {FOREIGN}"
        assert errors == {("BT211", SETTINGS_FILE, 2, message)}
        after = {each["after"] for each in report["changes"]}
        assert after <= {"1_?", "2_?"}
        assert after
    checkout.commit({})
    checkout.write({SETTINGS_FILE: SETTINGS})  # back to ours
    if is_locked:
        cli("lock")
    report = json.loads(cli("review", *options, "--format", "json", "--exit-zero").stdout)
    assert "BT211" not in {each["code"] for each in report["findings"]}


def test_a_hook_that_is_replaced_in_locks_alone(cli: Cli, checkout: Checkout) -> None:
    for name, settings in {"old": SETTINGS, "new": OTHER_HOOK}.items():
        checkout.write({SETTINGS_FILE: settings})
        cli("lock", "-o", f"{name}.lock")
    found = json.loads(cli("review", "old.lock", "new.lock", "--format", "json", status=1).stdout)
    [error] = [each for each in found["findings"] if each["severity"] == "error"]
    assert (error["code"], error["file"]) == ("BT211", LOCK_FILE)
    unrecorded = pathlib.Path("old.lock").read_text().replace(f"# Hook: {HOOK_NAME}\n", "")
    pathlib.Path("old.lock").write_text(unrecorded.replace("format 1.1", "format 1"))
    found = json.loads(cli("review", "old.lock", "new.lock", "--format", "json").stdout)
    assert "BT211" not in {each["code"] for each in found["findings"]}


@pytest.mark.parametrize("settings", [SETTINGS, f"{SETTINGS}# changed\n"])
def test_a_lock_for_another_hook_than_that_of_the_settings(
    cli: Cli, checkout: Checkout, settings: str
) -> None:
    cli("lock")
    checkout.commit({})
    text = pathlib.Path(LOCK_FILE).read_text()
    checkout.write({SETTINGS_FILE: settings, LOCK_FILE: text.replace(HOOK_NAME, "os:system")})
    found = json.loads(cli("review", "--format", "json", status=1).stdout)["findings"]
    assert [(each["code"], each["message"]) for each in found] == [
        (
            "BT208",
            f"lock file is out of date: the hook changed (os:system → {HOOK_NAME})",
        )
    ]
    cli("lock", "--check", status=1)


def test_bump_reports_a_hook_that_is_replaced(cli: Cli, checkout: Checkout) -> None:
    checkout.write({SETTINGS_FILE: OTHER_HOOK})
    assert f"wheels.build_tag_hook changed: {FOREIGN}; set it to" in (
        cli("bump", "-m", "x", "--dry-run", status=1).stderr
    )
