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
