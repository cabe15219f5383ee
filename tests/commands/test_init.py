"""``init``: what it writes, keeps and refuses."""

from __future__ import annotations

import os
import pathlib

import pytest
import yaml

from ..conftest import Cli
from ..repositories import git
from ..trees import write_tree

TREE = [
    "overrides",
    "overrides/settings",
    "overrides/settings.yaml",
    "overrides/variants",
    "overrides/variants/cpu.yaml",
]
NEXT = (
    "  fromager-build-tags check\n"
    "  fromager-build-tags show markupsafe==3.0.3\n"
    "  fromager bootstrap markupsafe==3.0.3\n"
)


@pytest.fixture(autouse=True)
def default_places(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the commands look where fromager looks by default."""
    monkeypatch.delenv("FROMAGER_SETTINGS_FILE")
    monkeypatch.delenv("FROMAGER_SETTINGS_DIR")


def paths(folder: pathlib.Path) -> list[str]:
    found = (str(each.relative_to(folder)) for each in folder.rglob("*"))
    return sorted(each for each in found if not each.startswith((".git/", "etc")))


def read_yaml(path: pathlib.Path) -> object:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_a_new_tree(cli: Cli, tmp_path: pathlib.Path) -> None:
    result = cli("init")
    assert result.stdout == (
        "wrote overrides/settings/\n"
        "wrote overrides/settings.yaml\n"
        "wrote overrides/variants/cpu.yaml\n"
        f"Next:\n{NEXT}"
    )
    assert result.stderr == ""
    assert paths(tmp_path) == TREE
    assert read_yaml(tmp_path / "overrides/settings.yaml") == {
        "wheels": {"build_tag_hook": "fromager_build_tags.hooks:build_tag_hook"},
        "changelog": {"cpu": ["initial"]},
    }
    assert read_yaml(tmp_path / "overrides/variants/cpu.yaml") == {"distro": "el9.6"}


def test_the_commands_pass_in_a_new_tree(cli: Cli, tmp_path: pathlib.Path) -> None:
    cli("init")
    assert "warning" not in cli("check", "--fail-on", "note").output
    assert "markupsafe-3.0.3-1_el9.6" in cli("show", "markupsafe==3.0.3", "--format", "json").stdout
    assert "?" not in cli("lock").output
    cli("lock", "--check")
    lock = (tmp_path / "overrides/build-tags.lock").read_text()
    assert "1_el9.6" in lock
    assert "?" not in lock


def test_a_new_folder(cli: Cli, tmp_path: pathlib.Path) -> None:
    result = cli("init", "new/tree")
    assert result.stdout.startswith("wrote new/tree/overrides/settings/\n")
    assert result.stdout.endswith(f"Next, in new/tree:\n{NEXT}")
    assert paths(tmp_path / "new/tree") == TREE


def test_the_variants_that_are_named(cli: Cli, tmp_path: pathlib.Path) -> None:
    result = cli("init", "--variant", "cuda13.0-ubi9", "--variant", "rocm7.1")
    assert result.stdout.endswith(
        "  fromager --variant cuda13.0-ubi9 bootstrap markupsafe==3.0.3\n"
    )
    settings = read_yaml(tmp_path / "overrides/settings.yaml")
    assert isinstance(settings, dict)
    assert settings["changelog"] == {"cuda13.0-ubi9": ["initial"], "rocm7.1": ["initial"]}
    folder = tmp_path / "overrides/variants"
    assert paths(folder) == ["cuda13.0-ubi9.yaml", "rocm7.1.yaml"]
    assert read_yaml(folder / "cuda13.0-ubi9.yaml") == {"cuda_version": "13.0"}
    assert read_yaml(folder / "rocm7.1.yaml") == {"distro": "el9.6", "rocm_version": "7.1"}


def test_the_variant_of_fromager(
    cli: Cli, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FROMAGER_VARIANT", "rocm7.1")
    cli("init")
    assert paths(tmp_path / "overrides/variants") == ["rocm7.1.yaml"]


def test_variables_that_name_other_settings(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FROMAGER_SETTINGS_DIR", "elsewhere")
    assert cli("init").stderr == (
        "FROMAGER_SETTINGS_DIR=elsewhere is set, so this tree is not used: unset it\n"
    )


def test_a_machine_without_os_release(
    cli: Cli, tmp_path: pathlib.Path, os_release: pathlib.Path
) -> None:
    os_release.unlink()
    cli("init")
    assert read_yaml(tmp_path / "overrides/variants/cpu.yaml") is None


def test_a_second_run_changes_nothing(cli: Cli, tmp_path: pathlib.Path) -> None:
    cli("init")
    settings = tmp_path / "overrides/settings.yaml"
    settings.write_text("# mine\n")
    result = cli("init")
    assert result.stdout == "Next:\n  fromager-build-tags check\n"
    assert result.stderr == "kept overrides/settings.yaml\n"
    assert settings.read_text() == "# mine\n"
    assert paths(tmp_path) == TREE


def test_a_variant_more(cli: Cli, tmp_path: pathlib.Path) -> None:
    """The settings file stays as it is: check names the entry that it lacks."""
    cli("init")
    result = cli("init", "--variant", "rocm7.1", "--variant", "cpu")
    assert result.stdout.startswith("wrote overrides/variants/rocm7.1.yaml\nNext:\n")
    assert result.stderr == "kept overrides/variants/cpu.yaml\nkept overrides/settings.yaml\n"
    assert "add changelog.rocm7.1 to overrides/settings.yaml" in cli("check").output


def test_a_tree_gets_no_default_variant(cli: Cli, tmp_path: pathlib.Path) -> None:
    (tmp_path / "overrides").mkdir()
    (tmp_path / "overrides/settings.yaml").write_text("changelog: {rocm: [x]}\n")
    cli("init", "--ci", "gitlab")
    assert not (tmp_path / "overrides/variants").exists()


def test_a_folder_of_modules_is_no_tree(cli: Cli, tmp_path: pathlib.Path) -> None:
    (tmp_path / "overrides").mkdir()
    (tmp_path / "overrides/torch.py").write_text("")
    cli("init")
    assert paths(tmp_path) == sorted([*TREE, "overrides/torch.py"])


@pytest.mark.parametrize(
    ("ci", "files"),
    [
        ("github", [".github/workflows/build-tags.yml"]),
        ("gitlab", [".gitlab-ci.yml", "build-tags.gitlab-ci.yml"]),
    ],
)
def test_the_files_of_a_ci_service(
    cli: Cli, tmp_path: pathlib.Path, ci: str, files: list[str]
) -> None:
    git(tmp_path, "init", "--quiet")
    wrote = "".join(f"wrote {each}\n" for each in files)
    assert cli("init", "--ci", ci).stdout.startswith(f"{wrote}wrote overrides/settings/\n")
    for each in files:
        assert isinstance(read_yaml(tmp_path / each), dict)


def test_existing_files_of_others_are_kept(cli: Cli, tmp_path: pathlib.Path) -> None:
    for name in (".gitlab-ci.yml", ".pre-commit-config.yaml"):
        (tmp_path / name).write_text("# mine\n")
    assert cli("init", "--ci", "gitlab", "--pre-commit").stderr == (
        "kept .gitlab-ci.yml, to which you have to add:\n"
        "  include:\n"
        "    - local: build-tags.gitlab-ci.yml\n"
        "kept .pre-commit-config.yaml, to which you have to add:\n"
        "  repos:\n"
        "    - repo: local\n"
        "      hooks:\n"
        "        - id: build-tags-check\n"
        "          name: check the build tag settings\n"
        "          entry: fromager-build-tags check\n"
        "          language: python\n"
        "          # name the distribution of your own overrides, too\n"
        "          additional_dependencies: [fromager-build-tags]\n"
        "          pass_filenames: false\n"
        "          files: ^overrides/\n"
    )
    for name in (".gitlab-ci.yml", ".pre-commit-config.yaml"):
        assert (tmp_path / name).read_text() == "# mine\n"
    assert (tmp_path / "build-tags.gitlab-ci.yml").exists()


def test_ci_files_belong_to_the_top_of_a_repository(cli: Cli, tmp_path: pathlib.Path) -> None:
    git(tmp_path, "init", "--quiet")
    for arguments, name in (
        (["--ci", "github"], ".github/workflows/build-tags.yml"),
        (["--ci", "gitlab"], "build-tags.gitlab-ci.yml"),
        (["--pre-commit"], ".pre-commit-config.yaml"),
    ):
        assert cli("init", "below/it", *arguments, status=1).stderr == (
            f"Error: {name} works only in the top folder of a repository, which is "
            f"{tmp_path}: run init without --ci and --pre-commit, or there\n"
        )
    assert paths(tmp_path) == [".git"]
    cli("init", "below/it")


@pytest.mark.parametrize(
    ("files", "settings"),
    [
        ({"settings/settings.yaml": "changelog: {}\n"}, "settings/settings.yaml"),
        (
            {"pyproject.toml": '[tool.fromager-build-tags]\nsettings-file = "conf/all.yaml"\n'},
            "conf/all.yaml",
        ),
        ({"fromager-build-tags.toml": 'settings-file = "all.yaml"\n'}, "all.yaml"),
    ],
)
def test_a_folder_with_settings_at_other_places(
    cli: Cli, tmp_path: pathlib.Path, files: dict[str, str], settings: str
) -> None:
    write_tree(tmp_path / "x", files)
    before = paths(tmp_path)
    assert cli("init", "x", status=1).stderr == (
        f"Error: x has settings already, x/{settings}, and a second tree would hide them, or never "
        "be used: name a folder without settings\n"
    )
    assert paths(tmp_path) == before
    cli("init", "x/below")


def test_a_table_that_names_the_default_places(cli: Cli, tmp_path: pathlib.Path) -> None:
    table = '[tool.fromager-build-tags]\nsettings-file = "overrides/settings.yaml"\n'
    (tmp_path / "pyproject.toml").write_text(table)
    cli("init")
    assert (tmp_path / "overrides/settings.yaml").exists()


def a_file(folder: pathlib.Path) -> None:
    (folder / "overrides").write_text("")


def a_read_only_folder(folder: pathlib.Path) -> None:
    (folder / "overrides").mkdir(mode=0o555)


def a_directory(folder: pathlib.Path) -> None:
    (folder / "overrides/variants/cpu.yaml").mkdir(parents=True)


def a_directory_for_the_settings(folder: pathlib.Path) -> None:
    (folder / "overrides/settings.yaml").mkdir(parents=True)


def a_link(folder: pathlib.Path) -> None:
    (folder / "overrides").symlink_to("/nonexistent")


def a_linked_file(folder: pathlib.Path) -> None:
    (folder / "overrides/variants").mkdir(parents=True)
    (folder / "overrides/variants/cpu.yaml").symlink_to(os.devnull)


def a_file_for_the_variants(folder: pathlib.Path) -> None:
    (folder / "overrides").mkdir()
    (folder / "overrides/variants").write_text("")


@pytest.mark.parametrize(
    ("prepare", "message"),
    [
        (a_file, "overrides is not a directory: rename it"),
        (
            a_read_only_folder,
            "overrides is read-only: to allow the change, run chmod u+w overrides",
        ),
        (a_directory, "overrides/variants/cpu.yaml is a directory, not a file: rename it"),
        (
            a_directory_for_the_settings,
            "overrides/settings.yaml is a directory, not a file: rename it",
        ),
        (a_link, "overrides is a symbolic link: not followed"),
        (a_linked_file, "overrides/variants/cpu.yaml is a symbolic link: not followed"),
        (a_file_for_the_variants, "overrides/variants is not a directory: rename it"),
    ],
)
def test_nothing_is_written_where_not_all_can_be(
    cli: Cli, tmp_path: pathlib.Path, prepare: object, message: str
) -> None:
    assert callable(prepare)
    prepare(tmp_path)
    before = paths(tmp_path)
    assert cli("init", "--ci", "github", status=1).stderr == f"Error: {message}\n"
    assert paths(tmp_path) == before


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (
            ["--variant", "a/b"],
            1,
            "the variant 'a/b' cannot name a file in overrides/variants: use letters, digits, "
            "'-', '_' and '.'",
        ),
        (["--variant", "a", "--variant", "a"], 1, "the variant 'a' is named twice: name it once"),
        (["a-file"], 2, "Invalid value for '[DIR]': Directory 'a-file' is a file."),
        (["--ci", "none"], 2, "Invalid value for '--ci': 'none' is not one of 'github', 'gitlab'."),
    ],
)
def test_wrong_arguments(
    cli: Cli, tmp_path: pathlib.Path, arguments: list[str], status: int, message: str
) -> None:
    (tmp_path / "a-file").write_text("")
    result = cli("init", *arguments, status=status)
    assert result.stderr.endswith(f"Error: {message}\n")
    assert paths(tmp_path) == ["a-file"]


def test_a_read_only_place_for_a_new_folder(cli: Cli, tmp_path: pathlib.Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o555)
    assert cli("init", "closed/new", status=1).stderr == (
        "Error: closed is read-only: to allow the change, run chmod u+w closed\n"
    )
    assert paths(tmp_path) == ["closed"]
