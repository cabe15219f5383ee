"""``fromager build-tags …``, and the same commands as ``fromager-build-tags …``.

fromager imports this module at every start, for any command. So it imports click, which fromager
imports anyway, and the module of a command only when that command runs.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import sys
from collections.abc import Iterator, Mapping
from typing import Any, Final

import click

from ..errors import BuildTagError, explain_error
from ..text import closest, plain_line
from .examples import with_examples
from .settings_options import settings_options, with_settings_options

#: The commands by job, in the order of the help.
_JOBS: Final[Mapping[str, Mapping[str, str]]] = {
    "Settings": {
        "init": "Write a new settings tree.",
        "add": "Declare what a package depends on.",
        "check": "Check the settings, the variant files and the overrides.",
        "show": "Print the build tags that the settings give.",
        "explain": "Show where each part of a build tag comes from.",
        "lock": "Write every build tag that the settings give to a lock file.",
        "review": "Show which wheel names a settings change affects.",
        "bump": "Add the changelog entries that renamed wheels need to take precedence.",
    },
    "Wheels": {"verify": "Check wheel names against their contents."},
    "Indexes": {
        "audit": "Find stale, shadowed, missing and mixed wheels in indexes.",
        "which": "Show which wheels pip and uv select from indexes.",
        "torch": "Show which releases of Torch the wheels of indexes load with.",
        "prune": "List, or delete, obsolete wheels.",
        "jobs": "List the wheels to build once for several stacks.",
        "merge": "Merge folders of wheels into one pool, with an index for each.",
    },
}
_COMMANDS: Final = [name for commands in _JOBS.values() for name in commands]
_WIDTH: Final = max(map(len, _COMMANDS))
#: Their first names, which still work.
_ALIASES: Final[Mapping[str, str]] = {"new": "add", "winners": "which"}


#: They use no settings: an option after them would have no effect.
_WITHOUT_SETTINGS: Final = {"init", "torch", "which"}
_CONTEXT_SETTINGS: Final = {"help_option_names": ["-h", "--help"]}

#: Of click from 8.2: the help of a group without a command.
_HELP: Final = getattr(click.exceptions, "NoArgsIsHelpError", ())


class LazyGroup(click.Group):
    """A group whose commands are imported when they run, not when they are listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return [*_COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        name = _ALIASES.get(cmd_name, cmd_name)
        if name not in _COMMANDS:
            return None
        module = importlib.import_module(f"{__name__}.{name}")
        command: click.Command = getattr(module, name)
        command = with_examples(name, command)
        return command if name in _WITHOUT_SETTINGS else with_settings_options(command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; the error for a mistyped one suggests a similar one.

        click from 8.4 compares with commands that are registered: a lazy group registers none.
        """
        typed, names = args[0], {*_COMMANDS, *_ALIASES}
        if typed[:1].isalpha() and typed not in names and not ctx.resilient_parsing:
            similar = closest(typed, names)
            hint = f" Did you mean {_ALIASES.get(similar, similar)!r}?" if similar else ""
            ctx.fail(f"No such command {typed!r}.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands by job, without importing any."""
        for job, commands in _JOBS.items():
            with formatter.section(job):
                formatter.write_dl([(f"{name:{_WIDTH}}", text) for name, text in commands.items()])

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the options before the command."""
        with _plain_errors():
            return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; print an error of this package as one line, without a traceback.

        No command calls exit: an installed override that does must not end it in silence.
        A character that the encoding of the terminal lacks is printed as its code.
        """
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")
        with _plain_errors():
            return super().invoke(ctx)


@contextlib.contextmanager
def _plain_errors() -> Iterator[None]:
    """Turn an error of this package into one of click; leave its message no control characters."""
    try:
        yield
    except click.ClickException as err:
        if isinstance(err, _HELP):
            raise
        err.message = plain_line(err.message)  # type: ignore[misc]  # final, and the one place
        raise
    except BuildTagError as err:
        raise click.ClickException(plain_line(explain_error(err))) from err
    except BrokenPipeError:  # such as of `| head`: click ends in silence
        raise
    except OSError as err:  # such as of a full disk below stdout
        what = f"{err.filename}:" if err.filename else "the result cannot be written:"
        raise click.ClickException(plain_line(f"{what} {err.strerror}")) from err
    except (Exception, KeyboardInterrupt):
        raise
    except BaseException as err:
        text = f"an installed override or plugin raised {type(err).__name__}({err})"
        raise click.ClickException(plain_line(text)) from err


@click.group(name="build-tags", cls=LazyGroup, context_settings=_CONTEXT_SETTINGS)
def build_tags() -> None:
    """Preview, check and audit the build tags of wheels."""


@click.group(
    cls=LazyGroup, context_settings={"auto_envvar_prefix": "FROMAGER", **_CONTEXT_SETTINGS}
)
@click.version_option(package_name="fromager-build-tags", prog_name="fromager-build-tags")
def main() -> None:
    """Preview, check and audit the build tags of wheels.

    The settings options are fromager's own, with the same FROMAGER_… variables. Without them, the
    settings are those that [tool.fromager-build-tags] of pyproject.toml or fromager-build-tags.toml
    names, or those in the folder overrides or settings. Nothing is built, and no folder is made.
    """


main.params[:0] = settings_options()
