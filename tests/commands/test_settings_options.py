"""The options that name the settings: before and after a command, and against variables."""

from __future__ import annotations

import pathlib
from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result
from fromager.__main__ import main as fromager

from fromager_build_tags.commands import main

from ..repositories import Checkout
from ..trees import GOOD, SETTINGS, write_tree

CUDA = 'distro: el9.6\ncuda_version: "13.0"\ntorch_version: "2.9.1"\n'
type Run = Callable[..., Result]
NAMED = ("--settings-file", "settings/settings.yaml", "--settings-dir", "settings/packages")
SHOWN = "torch    2.9.1    2_el9.6_rocm7.1"
NO_SETTINGS = (
    "Error: there are no settings at overrides/settings.yaml and overrides/settings: run "
    "`fromager-build-tags init`, or name them with --settings-file and --settings-dir\n"
)


@pytest.fixture
def run(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    write_tree(tmp_path / "tree", GOOD)
    monkeypatch.chdir(tmp_path / "tree")

    def invoke(*args: str, status: int = 0, command: str = "") -> Result:
        group = fromager if command else main
        result = CliRunner().invoke(group, [*filter(None, [command]), *args])
        assert result.exit_code == status, result.output
        return result

    return invoke


@pytest.mark.parametrize(
    "args",
    [
        (*NAMED, "--variant", "rocm", "show", "torch==2.9.1"),
        ("show", "torch==2.9.1", *NAMED, "--variant", "rocm"),
        (*NAMED, "show", "--variant", "rocm", "torch==2.9.1"),
    ],
)
def test_options_are_accepted_before_and_after_the_command(
    run: Run, tmp_path: pathlib.Path, args: tuple[str, ...]
) -> None:
    result = run(*args)
    assert SHOWN in result.stdout
    assert result.stderr == ""


@pytest.mark.parametrize(
    "command",
    ["add", "audit", "bump", "check", "explain", "lock", "prune", "review", "show", "verify"],
)
def test_every_command_that_reads_settings_has_the_options(run: Run, command: str) -> None:
    text = run(command, "--help").stdout.partition("Examples:")[0]
    for option in ("settings-file", "settings-dir", "patches-dir", "variant", "constraints-file"):
        assert text.count(f"--{option} ") == 1
    assert "-p, --patches-dir" in text
    assert "-c, --constraints-file" in text


def test_the_later_option_applies_and_a_note_names_the_other(run: Run) -> None:
    result = run("--variant", "cuda", *NAMED, "show", "torch==2.9.1", "--variant", "rocm")
    assert SHOWN in result.stdout
    assert result.stderr == "--variant rocm overrides --variant cuda\n"
    same = run("--variant", "rocm", *NAMED, "show", "torch==2.9.1", "--variant", "rocm")
    assert same.stderr == ""


def test_an_option_overrides_a_variable_and_a_note_says_so(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FROMAGER_VARIANT", "cuda")
    monkeypatch.setenv("FROMAGER_SETTINGS_DIR", "settings/packages")
    note = "--variant rocm overrides FROMAGER_VARIANT=cuda\n"
    before = run(*NAMED, "--variant", "rocm", "show", "torch==2.9.1")
    assert (SHOWN in before.stdout, before.stderr) == (True, note)
    after = run("show", "torch==2.9.1", *NAMED, "--variant", "rocm")
    assert (SHOWN in after.stdout, after.stderr) == (True, note)


def test_settings_are_found_in_a_subfolder(
    run: Run, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for each in (".git", "deep"):
        (tmp_path / "tree" / each).mkdir()
    monkeypatch.chdir(tmp_path / "tree/deep")
    run("show", "torch==2.9.1", "--variant", "rocm")
    result = run("show", "torch==2.9.1", "--variant", "rocm")
    assert SHOWN in result.stdout
    assert result.stderr == (
        "settings found in ..; for fromager itself: export "
        "FROMAGER_SETTINGS_FILE=../settings/settings.yaml "
        "FROMAGER_SETTINGS_DIR=../settings/packages\n"
    )


def test_a_table_names_settings_and_options_override_it(run: Run, tmp_path: pathlib.Path) -> None:
    table = 'settings-dir = "settings/packages"\nvariant = "none"\n'
    (tmp_path / "tree/fromager-build-tags.toml").write_text(table)
    result = run("show", "torch==2.9.1", "--variant", "rocm")
    assert SHOWN in result.stdout
    assert result.stderr.startswith("settings found in fromager-build-tags.toml; for fromager ")
    (tmp_path / "tree/fromager-build-tags.toml").write_text("x = 1")
    assert SHOWN in run("show", "torch==2.9.1", "--variant", "rocm", *NAMED).stdout
    assert run("show", status=1).stderr.startswith(
        "Error: fromager-build-tags.toml: unknown key 'x'; use settings-file, "
    )


def test_settings_at_fromagers_default_place_need_no_note(
    run: Run, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = {"overrides/settings.yaml": SETTINGS, "overrides/settings/x.yaml": "{}"}
    write_tree(tmp_path, places)
    monkeypatch.chdir(tmp_path)
    assert run("show", "torch", "--variant", "rocm").stderr == ""


@pytest.mark.parametrize(
    "args",
    [
        ("add", "demo"),
        ("audit", "."),
        ("check",),
        ("explain", "torch"),
        ("lock",),
        ("prune", "."),
        ("show",),
        ("show", "torch"),
    ],
)
def test_without_settings_one_error_names_init(
    run: Run, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...]
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    result = run(*args, status=1)
    assert (result.stdout, result.stderr) == ("", NO_SETTINGS)


@pytest.mark.parametrize("place", ["before", "after"])
def test_a_folder_that_is_a_file_is_one_error(run: Run, place: str) -> None:
    wrong = ("--settings-dir", "settings/settings.yaml")
    result = run(*wrong, "check", status=2) if place == "before" else run("check", *wrong, status=2)
    line = result.stderr.splitlines()[-1]
    assert line == (
        "Error: Invalid value for '--settings-dir': Directory 'settings/settings.yaml' is a file."
    )


def test_as_a_command_of_fromager_an_option_loads_the_settings_again(run: Run) -> None:
    context = run(
        "--variant", "rocm", "build-tags", "show", "torch==2.9.1", *NAMED, command="--verbose"
    )
    assert SHOWN in context.stdout
    replaced = run(
        "--variant", "cuda", *NAMED, "build-tags", "show", "torch==2.9.1", "--variant", "rocm",
        command="--verbose",
    )  # fmt: skip
    assert SHOWN in replaced.stdout
    assert "--variant rocm overrides fromager's --variant cuda\n" in replaced.stderr


def test_as_a_command_of_fromager_its_settings_are_used(run: Run) -> None:
    given = run(
        "--variant", "rocm", *NAMED, "build-tags", "show", "torch==2.9.1", command="--verbose"
    )
    assert SHOWN in given.stdout
    absent = run("build-tags", "show", "torch", command="--verbose", status=1)
    assert absent.stderr.endswith(NO_SETTINGS)


def test_the_only_variant_is_the_default(run: Run) -> None:
    assert SHOWN in run(*NAMED, "show", "torch==2.9.1").stdout
    assert "torch 2.9.1 on rocm: " in run(*NAMED, "explain", "torch==2.9.1").stdout


def test_all_of_several_variants_are_shown_if_none_is_named(
    run: Run, tmp_path: pathlib.Path
) -> None:
    write_tree(tmp_path / "tree", {"settings/variants/cuda.yaml": CUDA})
    for command, line in (("show", "{}: "), ("explain", "torch 2.9.1 on {}: ")):
        shown = run(*NAMED, command, "torch==2.9.1").stdout
        one = run(*NAMED, command, "torch==2.9.1", "--variant", "rocm").stdout
        assert [line.format(each) in shown for each in ("cuda", "rocm")] == [True, True]
        assert [line.format(each) in one for each in ("cuda", "rocm")] == [False, True]
    result = run(*NAMED, "show", "torch==2.9.1", "--here", status=1)
    assert result.stderr == "Error: --here needs one variant: use --variant with cuda, rocm\n"


def test_a_tree_that_knows_no_variant_accepts_any(run: Run, tmp_path: pathlib.Path) -> None:
    (tmp_path / "bare/settings/packages").mkdir(parents=True)
    (tmp_path / "bare/settings/settings.yaml").write_text("{}")
    bare = [str(each).replace("settings/", "../bare/settings/") for each in NAMED]
    assert "BT102" not in run(*bare, "--variant", "cpu", "check", "--exit-zero").stdout


@pytest.fixture
def two_variants(run: Run, tmp_path: pathlib.Path) -> None:
    """Let the tree know two variants, neither of them fromager's default."""
    write_tree(tmp_path / "tree", {"settings/variants/cuda.yaml": CUDA, "wheels/x/y": ""})


@pytest.mark.usefixtures("two_variants")
@pytest.mark.parametrize("command", ["audit", "prune"])
def test_an_index_needs_a_variant_if_several_are_known(run: Run, command: str) -> None:
    result = run(*NAMED, command, "wheels", "rocm=settings", "https://u:secret@a.test/x", status=2)
    assert result.stdout == ""
    assert result.stderr.splitlines()[-1] == (
        "Error: name the variant of wheels, https://a.test/x: VARIANT=INDEX, one of cuda, rocm"
    )
    for args in (("rocm=wheels",), ("wheels", "--variant", "rocm")):
        assert "name the variant" not in run(*NAMED, command, *args, "--output", "out").stderr


@pytest.mark.usefixtures("two_variants")
def test_the_check_of_this_machine_needs_a_variant_if_several_are_known(run: Run) -> None:
    result = run(*NAMED, "check", "--here", status=1)
    assert result.stdout == ""
    assert result.stderr == "Error: --here needs one variant: use --variant with cuda, rocm\n"
    assert "BT102" not in run(*NAMED, "check", "--here", "--variant", "rocm", "--exit-zero").stdout


@pytest.mark.usefixtures("two_variants")
@pytest.mark.parametrize(
    "args",
    [
        ("audit", "wheels"),
        ("bump", "-n"),
        ("check",),
        ("check", "--here"),
        ("explain", "torch"),
        ("lock",),
        ("prune", "wheels"),
        ("review",),
        ("show",),
        ("verify", "wheels"),
    ],
)
def test_an_unknown_variant_is_the_same_error_in_each_command(
    run: Run, tmp_path: pathlib.Path, args: tuple[str, ...]
) -> None:
    Checkout.create(tmp_path / "tree", GOOD)
    result = run(*NAMED, *args, "--variant", "gaudi", status=1)
    assert result.stdout == ""
    assert result.stderr.splitlines()[-1] == (
        "Error: unknown variant 'gaudi': neither settings/settings.yaml nor a file in "
        "settings/variants declares it; use cuda, rocm"
    )


@pytest.mark.usefixtures("two_variants")
def test_a_review_of_two_locks_refuses_an_unknown_variant(run: Run) -> None:
    """Their stacks name the variants; a review of locks does not load settings."""
    lock = "settings/build-tags.lock"
    run(*NAMED, "lock")
    args = ("review", lock, lock, *NAMED, "--variant")
    assert run(*args, "gaudi", status=1).stderr.startswith("Error: unknown variant 'gaudi': ")
    assert run(*args, "rocm").stderr == ""
