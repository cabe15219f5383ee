"""The names of commands, and what the group does with wrong ones."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from fromager_build_tags.commands import main


@pytest.mark.parametrize(("alias", "name"), [("new", "add"), ("winners", "which")])
def test_the_first_name_of_a_command_works_and_is_hidden(alias: str, name: str) -> None:
    by_alias, by_name = (CliRunner().invoke(main, [each, "--help"]) for each in (alias, name))
    assert by_alias.exit_code == 0
    assert by_alias.stdout == by_name.stdout.replace(f"main {name} ", f"main {alias} ")
    listed = [
        line.split()[0]
        for line in CliRunner().invoke(main, ["--help"]).stdout.splitlines()
        if line.startswith("  ")
    ]
    assert name in listed
    assert alias not in listed


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("shwo", " Did you mean 'show'?"),
        ("Audit", " Did you mean 'audit'?"),
        ("winers", " Did you mean 'which'?"),
        ("news", " Did you mean 'add'?"),
        ("nothing", ""),
        ("sh\x1bow", " Did you mean 'show'?"),
    ],
)
def test_a_mistyped_command_gets_a_suggestion(typed: str, hint: str) -> None:
    result = CliRunner().invoke(main, [typed, "--help"])
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1] == f"Error: No such command {typed!r}.{hint}"


#: Of click as it is now, and of older ones.
NAMES = ("'--nmaes'. Did you mean '--names'?", ": --nmaes Did you mean --names?")
FILES = (
    "'--setings-file'. (Did you mean one of: '--constraints-file', '--settings-dir', "
    "'--settings-file'?)",
    ": --setings-file (Possible options: --constraints-file, --settings-dir, --settings-file)",
)


@pytest.mark.parametrize(
    ("args", "ends"),
    [
        (["show", "--nmaes"], NAMES),
        (["show", "torch", "--setings-file", "x"], FILES),
        (["--setings-file", "x", "show"], FILES),
    ],
)
def test_a_mistyped_option_gets_a_suggestion(args: list[str], ends: tuple[str, str]) -> None:
    result = CliRunner().invoke(main, args)
    assert result.exit_code == 2
    now, older = ends
    texts = [f"Error: No such option {now}", f"Error: No such option{older}"]
    assert result.stderr.splitlines()[-1] in texts
