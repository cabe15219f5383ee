"""What several commands share: options, notes and output. It imports neither fromager nor rich."""

from __future__ import annotations

import os
import pathlib
import sys
from collections.abc import Callable, Iterable
from typing import Any, Final

import click
from click.core import ParameterSource

from ..errors import InputError, OutputError
from ..findings.finding import Severity, Verdict
from ..report.table import Rendered, plain_text, print_report
from ..stack.fact import FACTS, explicit_variable

#: The exit status for changes, with ``--detailed-exitcode``.
CHANGED: Final = 3
FILE: Final = click.Path(path_type=pathlib.Path, exists=True, dir_okay=False)

here_option = click.option("--here", is_flag=True, help="also use facts detected on this machine")
requirements_file_option = click.option(
    "-r", "--requirements-file", "files", multiple=True, type=FILE, help="a pip requirements file"
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


def note_missing_settings(ctx: click.Context) -> None:
    """Print on stderr which named settings do not exist: fromager continues without them."""
    root = ctx.find_root()
    for key in ("settings_file", "settings_dir"):
        path: pathlib.Path = root.params[key]
        if _is_named(ctx, key) and not path.exists():
            option = f"--{key.replace('_', '-')}"
            click.echo(f"{option} {path} does not exist: fromager continues without it", err=True)


def has_settings_dir(ctx: click.Context) -> bool:
    """Return whether the folder of package settings exists.

    Raises:
        InputError: it does not, though an option or a variable names it.
    """
    folder: pathlib.Path = ctx.find_root().params["settings_dir"]
    if not folder.is_dir() and _is_named(ctx, "settings_dir"):
        raise InputError(
            f"--settings-dir {str(folder)!r} is not a folder, so the exemptions in it are unknown; "
            "correct it, or leave it out"
        )
    return folder.is_dir()


def _is_named(ctx: click.Context, key: str) -> bool:
    return ctx.find_root().get_parameter_source(key) is not ParameterSource.DEFAULT


def note_explicit_variables() -> None:
    """Print on stderr which variables override the variant files: no review shows them."""
    keys = {explicit_variable(key): key for key in FACTS}
    explicit = {
        f"{name}={value}": keys[name.upper()]
        for name, value in sorted(os.environ.items())
        if value and name.upper() in keys
    }
    if explicit:
        verb = "is set and overrides" if len(explicit) == 1 else "are set and override"
        overridden = _and(explicit.values())
        click.echo(f"{_and(explicit)} {verb} {overridden} of every variant file", err=True)


def _and(texts: Iterable[str]) -> str:
    *most, last = texts
    return f"{', '.join(most)} and {last}" if most else last


def write(result: Rendered, output: pathlib.Path | None) -> None:
    """Print a result, or replace a file with it; a report for people is printed in colour.

    Raises:
        OutputError: it cannot be written.
    """
    if output is not None:
        from ..files import write_text  # imports tempfile: 5 of 100 ms of a review

        write_text(output, plain_text(result))
        return
    try:
        if isinstance(result, str) or not (sys.stdout.isatty() or os.environ.get("FORCE_COLOR")):
            click.echo(plain_text(result), nl=False)
        else:
            print_report(result)
    except BrokenPipeError:  # such as of `| head`: click ends in silence
        raise
    except OSError as err:
        raise OutputError(f"the result cannot be written: {err.strerror}") from None
