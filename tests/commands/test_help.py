"""The help of the commands: by job, with examples that work; and the completion of a shell."""

from __future__ import annotations

import pathlib
import shlex

import click
import pytest
from click.testing import CliRunner

from docs import pages
from fromager_build_tags.commands import main
from fromager_build_tags.commands.examples import EXAMPLES

from ..trees import write_tree

COMMANDS = main.list_commands(click.Context(main))
LINES = [(name, arguments) for name in COMMANDS for arguments in EXAMPLES[name]]


def test_the_commands_are_listed_by_job() -> None:
    text = CliRunner().invoke(main, ["--help"]).stdout
    jobs = text[text.index("\nSettings:") :].split("\n\n")
    listed = {
        lines[0]: [line.split()[0] for line in lines[1:] if line[2] != " "]
        for lines in (job.strip("\n").splitlines() for job in jobs)
    }
    assert listed == {
        "Settings:": ["init", "add", "check", "show", "explain", "lock", "review", "bump"],
        "Wheels:": ["verify"],
        "Indexes:": ["audit", "which", "torch", "prune", "jobs", "merge"],
    }


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_ends_with_examples_and_fits_80_columns(name: str) -> None:
    lines = CliRunner().invoke(main, [name, "--help"], terminal_width=80).stdout.splitlines()
    examples = [f"    fromager-build-tags {name} {each}".rstrip() for each in EXAMPLES[name]]
    assert lines[-len(examples) - 1 :] == ["  Examples:", *examples]
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize(("name", "arguments"), LINES)
def test_click_accepts_each_example(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, name: str, arguments: str
) -> None:
    write_tree(tmp_path, {"graph.json": "{}", "wheels/torch-1.whl": "", "more-wheels/x": ""})
    monkeypatch.chdir(tmp_path)
    context = click.Context(main, info_name="fromager-build-tags")
    command = main.get_command(context, name)
    assert command is not None
    with command.make_context(name, shlex.split(arguments), parent=context) as parsed:
        assert not parsed.resilient_parsing


@pytest.mark.parametrize("name", COMMANDS)
def test_the_reference_shows_the_examples_as_code(name: str) -> None:
    section = pages.commands_page().partition(f"\n## {name}\n")[2].partition("\n## ")[0]
    code = [f"$ fromager-build-tags {name} {each}".rstrip() for each in EXAMPLES[name]]
    assert "\n".join(["", "```console", *code, "```", ""]) in section


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ("sh", ["show"]),
        ("win", []),
        ("show --va", ["--variant"]),
        ("--settings-d", ["--settings-dir"]),
        ("show --format j", ["json"]),
    ],
)
def test_a_shell_completes_commands_and_options(words: str, completed: list[str]) -> None:
    typed = f"fromager-build-tags {words}"
    environ = {
        "_FROMAGER_BUILD_TAGS_COMPLETE": "bash_complete",
        "COMP_WORDS": typed,
        "COMP_CWORD": str(typed.count(" ")),
    }
    result = CliRunner().invoke(main, [], prog_name="fromager-build-tags", env=environ)
    assert result.stdout.split() == [f"plain,{each}" for each in completed]
    assert result.stderr == ""
