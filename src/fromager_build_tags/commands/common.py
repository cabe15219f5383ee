"""What several commands share: options, notes, settings and output.

Importing this module imports neither fromager nor rich: some commands do without.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import pathlib
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

import click
from click.core import ParameterSource
from packaging.utils import InvalidName, canonicalize_name

from ..errors import InputError, OutputError
from ..files import alone, write_text
from ..findings.finding import Finding, Severity, Verdict
from ..report.table import Content, Rendered, plain_text
from ..settings.hook import Hook
from ..settings.layout import suppressions
from ..stack.fact import FACTS, explicit_variable
from ..text import markdown_text, plain_line

if TYPE_CHECKING:
    from ..settings.tree import SettingsTree

#: The exit status for changes, with ``--detailed-exitcode``.
CHANGED: Final = 3
#: A path and a URL in a note can be copied.
_WHOLE_WORDS: Final[dict[str, Any]] = {"break_long_words": False, "break_on_hyphens": False}
FILE: Final = click.Path(path_type=pathlib.Path, exists=True, dir_okay=False)

here_option = click.option("--here", is_flag=True, help="also use facts detected on this machine")
requirements_file_option = click.option(
    "-r", "--requirements-file", "files", multiple=True, type=FILE, help="a pip requirements file"
)
build_files_option = click.option(
    "-g",
    "--graph",
    "--build-order",
    "build_files",
    multiple=True,
    type=FILE,
    help="fromager's graph.json or build-order.json",
)
exit_zero_option = click.option(
    "--exit-zero", is_flag=True, help="exit with 0 even if there are errors"
)
output_option = click.option(
    "-o",
    "--output",
    type=click.Path(path_type=pathlib.Path, dir_okay=False),
    help="write to a file instead of stdout",
)


def graph_option(help_: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the option ``--graph``: the graphs or build orders of fromager's builds."""
    return click.option("-g", "--graph", "graphs", multiple=True, type=FILE, help=help_)


def format_option[F: Callable[..., Any]](formats: Iterable[str]) -> Callable[[F], F]:
    """Return the option ``--format``, a choice of *formats*."""
    choice = click.Choice(list(formats))
    return click.option("--format", "format_", type=choice, default="table", show_default=True)


def fail_on_option[F: Callable[..., Any]](*words: str) -> Callable[[F], F]:
    """Add ``--fail-on``, with these words."""
    return click.option(
        "--fail-on",
        type=click.Choice(list(words)),
        default="error",
        show_default=True,
        help="lowest severity that exits with 1",
    )


def fails(verdict: Verdict, fail_on: str) -> bool:
    """Return whether a finding reaches ``--fail-on``; changes without a finding do not."""
    threshold = Severity.ERROR if fail_on == "changes" else Severity(fail_on)
    return verdict.fails(threshold)


def note(text: str) -> None:
    """Print a line on stderr; a terminal gets it broken at spaces."""
    line = plain_line(text)
    if sys.stderr.isatty():
        width = shutil.get_terminal_size().columns
        line = textwrap.fill(line, width, subsequent_indent="  ", **_WHOLE_WORDS)
    click.echo(line, err=True)


def next_step(text: str) -> None:
    """Print on stderr what to do next, in one line."""
    note(f"Next: {text}")


def relative(path: pathlib.Path) -> pathlib.Path:
    """Return *path* relative to the current folder, if it is below the folder."""
    here = pathlib.Path().absolute()
    return path.relative_to(here) if path.is_relative_to(here) else path


def edits_settings(command: Callable[..., None]) -> Callable[..., None]:
    """Let *command* read and edit a settings tree while no other such command does."""

    @functools.wraps(command)
    def waiting(*args: Any, **options: Any) -> None:
        ctx = click.get_current_context()
        with alone(ctx.find_root().params["settings_file"].parent):
            command(*args, **options)

    return waiting


def note_missing_settings(ctx: click.Context) -> None:
    """Print on stderr which named settings do not exist: fromager continues without them."""
    for key in ("settings_file", "settings_dir"):
        path: pathlib.Path = ctx.find_root().params[key]
        if _is_named(ctx, key) and not path.exists():
            option = f"--{key.replace('_', '-')}"
            note(f"{option} {path} does not exist: fromager continues without it")


def planned_tree(ctx: click.Context, *, note_hook: bool = True) -> SettingsTree:
    """Return the settings tree with every override loaded, so that tags can be planned.

    Args:
        ctx: the context of the command.
        note_hook: whether to print on stderr that the settings do not configure our hook.

    Raises:
        SettingsError: fromager cannot load the settings.
        PluginError: fromager cannot load the overrides.
    """
    from ..plan.plugins import load_overrides  # imports fromager: 1 s

    note_missing_settings(ctx)
    tree = settings_tree(ctx)
    if note_hook and (problem := hook_problem(tree)):
        note(problem)
    load_overrides(tree.settings)
    return tree


def settings_tree(ctx: click.Context) -> SettingsTree:
    """Return fromager's own settings tree, or load it for the program without fromager.

    Raises:
        SettingsError: fromager cannot load it.
    """
    from ..settings.tree import SettingsTree, load_settings_tree  # imports fromager: 1 s

    options = ctx.find_root().params
    for key in ("settings_dir", "patches_dir"):
        if options[key].exists() and not options[key].is_dir():
            raise InputError(f"--{key.replace('_', '-')} {options[key]} is not a directory")
    if isinstance(ctx.obj, dict):
        return load_settings_tree(**ctx.obj)
    return SettingsTree(
        ctx=ctx.obj,
        settings_file=options["settings_file"],
        settings_dir=options["settings_dir"],
        hook=Hook.of(ctx.obj.settings.build_tag_hook),
    )


def has_settings(tree: SettingsTree) -> bool:
    """Return whether there is a global settings file, or the folder of those of packages."""
    return tree.settings_file.exists() or tree.settings_dir.exists()


def hook_problem(tree: SettingsTree) -> str:
    """Return that the settings do not configure our hook; "" if they do, or if there are none."""
    return tree.hook.problem if has_settings(tree) else ""


def refuse_no_settings(tree: SettingsTree) -> None:
    """Refuse a place without settings: an empty result would look like a good one.

    Raises:
        InputError: there are no settings.
    """
    if not has_settings(tree):
        raise InputError(
            f"there are no settings at {tree.settings_file} and {tree.settings_dir}: "
            "name them with --settings-file and --settings-dir"
        )


def mark_suppressed(tree: SettingsTree, findings: Iterable[Finding]) -> Iterator[Finding]:
    """Add the reason to each finding that the settings of its package suppress."""
    for finding in findings:
        try:
            name = canonicalize_name(finding.subject, validate=True)
        except InvalidName:  # an index can contain any name
            yield finding
            continue
        reasons = suppressions(tree.settings.package_setting(name).annotations)
        suppression = reasons.get(finding.code, finding.suppression)
        yield dataclasses.replace(finding, suppression=suppression)


def _is_named(ctx: click.Context, key: str) -> bool:
    return ctx.find_root().get_parameter_source(key) is not ParameterSource.DEFAULT


def note_explicit_variables() -> None:
    """Print on stderr which variables override the variant files: no review shows them."""
    keys = {explicit_variable(key): key for key in FACTS}
    for name, value in sorted(os.environ.items()):
        if value and (key := keys.get(name.upper())):
            note(f"{name}={value} is set and overrides {key} of every variant file")


def print_diff(before: str, after: str, names: tuple[str, str]) -> None:
    """Print the difference of two texts with these names."""
    import difflib  # 3 ms, and most commands show no difference

    old, new = (text.splitlines(keepends=True) for text in (before, after))
    write([Content(lines=[*difflib.unified_diff(old, new, *names)], is_diff=True)], None)


def write_tags(
    tree: SettingsTree, result: Rendered, output: pathlib.Path | None, format_: str = "table"
) -> None:
    """Write build tags; the first line of a report for people is a problem of the hook.

    A format for machines has no such line: print it on stderr.
    """
    if problem := hook_problem(tree):
        if isinstance(result, list):
            result = [problem, "", *result]
        elif format_ == "markdown":
            result = f"**{markdown_text(problem)}**\n\n{result}"
        else:
            note(problem)
    write(result, output)


def write(result: Rendered, output: pathlib.Path | None) -> None:
    """Print a result, or write it to a file; a report for people is printed in colour.

    Raises:
        OutputError: the file cannot be written, or stdout is closed.
    """
    if output is not None:
        write_text(output, plain_text(result))
        return
    if sys.stdout is None:
        raise OutputError("the result cannot be written: stdout is closed; use --output")
    if isinstance(result, str) or not (sys.stdout.isatty() or os.environ.get("FORCE_COLOR")):
        click.echo(plain_text(result), nl=False)
    else:
        from ..report.terminal import print_report  # 0.1 s, which pipes and files do without

        print_report(result)
