"""The exit status of commands with findings, and the options for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from ..findings.finding import Severity
from ..findings.verdict import Verdict

CHANGED = 3


def exit_zero_option[F: Callable[..., Any]](function: F) -> F:
    """Add ``--exit-zero``."""
    return click.option("--exit-zero", is_flag=True, help="exit with 0 even if there are errors")(
        function
    )


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
