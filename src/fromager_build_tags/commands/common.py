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
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import click
from packaging.utils import InvalidName, canonicalize_name

from ..errors import InputError, OutputError
from ..files import alone, write_text
from ..findings.finding import Finding, Severity, Verdict
from ..report.table import Content, Rendered, plain_text
from ..settings.discover import Places, find_places
from ..settings.hook import Hook
from ..settings.layout import suppressions
from ..stack.fact import FACTS, explicit_variable
from ..text import markdown_text, plain_line
from .settings_options import fromagers_context, named_settings, replaced_settings

if TYPE_CHECKING:
    from ..settings.tree import SettingsTree

#: The exit status for changes, with ``--detailed-exitcode``.
CHANGED: Final = 3
#: fromager's default of ``--variant``.
DEFAULT_VARIANT: Final = "cpu"
_PLACES: Final = f"{__name__}.places"
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
all_option = click.option(
    "--all", "every", is_flag=True, help="also the shipped overrides of packages without settings"
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
        with alone(places(click.get_current_context()).settings_file.parent):
            command(*args, **options)

    return waiting


def places(ctx: click.Context) -> Places:
    """Return the places of the settings: those that options and variables name, else found ones.

    Prints on stderr, once, which options replace others, and where the settings were found, unless
    fromager looks there, too.

    Raises:
        InputError: a folder is none, or a file that names the settings is wrong.
    """
    if _PLACES not in ctx.meta:
        for line in replaced_settings(ctx):
            note(line)
        named = named_settings(ctx)
        is_named = not {"settings_file", "settings_dir"}.isdisjoint(named)
        is_fromagers = ctx.find_root().obj is not None  # which has loaded its own
        found = Places() if is_named or is_fromagers else find_places()
        if found.source and (variables := found.variables()):
            note(f"settings found in {found.source}; for fromager itself: export {variables}")
        elif found.source:
            note(f"settings found in {found.source}")
        _refuse_wrong_kind(named)
        ctx.meta[_PLACES] = dataclasses.replace(found, **named)
    return ctx.meta[_PLACES]  # type: ignore[no-any-return]


def _refuse_wrong_kind(named: Mapping[str, Any]) -> None:
    """Refuse a folder that is a file: fromager's own options accept it."""
    for key in ("settings_dir", "patches_dir"):
        if key in named and named[key].is_file():
            raise InputError(f"--{key.replace('_', '-')} {named[key]} is not a directory")


def note_missing_settings(ctx: click.Context) -> None:
    """Print on stderr which named settings do not exist: fromager continues without them."""
    named = named_settings(ctx)
    for key in ("settings_file", "settings_dir"):
        if key in named and not named[key].exists():
            option = f"--{key.replace('_', '-')}"
            note(f"{option} {named[key]} does not exist: fromager continues without it")


def planned_tree(
    ctx: click.Context, *, note_hook: bool = True, is_edited: bool = False
) -> SettingsTree:
    """Return the settings tree with every override loaded, so that tags can be planned.

    Args:
        ctx: the context of the command.
        note_hook: whether to print on stderr that the settings do not configure our hook.
        is_edited: whether the settings have changed since fromager loaded them.

    Raises:
        InputError: there are no settings.
        SettingsError: fromager cannot load the settings.
        PluginError: fromager cannot load the overrides.
    """
    from ..plan.plugins import load_overrides  # imports fromager: 1 s

    tree = settings_tree(ctx, is_edited=is_edited)
    note_missing_settings(ctx)
    if note_hook and (problem := tree.hook.problem):
        note(problem)
    load_overrides(tree.settings)
    return tree


def settings_tree(ctx: click.Context, *, is_edited: bool = False) -> SettingsTree:
    """Return fromager's own settings tree, or load it: without fromager, or if it *is_edited*.

    Raises:
        InputError: there are no settings.
        SettingsError: fromager cannot load them.
    """
    from ..settings.tree import SettingsTree, load_settings_tree  # imports fromager: 1 s

    found = places(ctx)
    if not found.exist:
        raise InputError(
            f"there are no settings at {found.settings_file} and {found.settings_dir}: run "
            "`fromager-build-tags init`, or name them with --settings-file and --settings-dir"
        )
    context = fromagers_context(ctx)
    if context is None or is_edited:
        tree = load_settings_tree(
            settings_file=found.settings_file,
            settings_dir=found.settings_dir,
            patches_dir=found.patches_dir,
            variant=found.variant or DEFAULT_VARIANT,
            constraints_files=found.constraints_files,
        )
    else:
        tree = SettingsTree(
            ctx=context,
            settings_file=found.settings_file,
            settings_dir=found.settings_dir,
            hook=Hook.of(context.settings.build_tag_hook),
        )
    return _on_variant(tree, found.variant)


def _on_variant(tree: SettingsTree, variant: str | None) -> SettingsTree:
    """Return *tree* on the variant: the only one that it knows, if none is named.

    Raises:
        InputError: it knows others.
    """
    known = tree.variants()
    refuse_unknown_variant(variant, known, tree.settings_file, tree.variants_dir())
    if variant is None and len(known) == 1:
        return dataclasses.replace(tree, ctx=tree.on(known[0]).ctx)
    return tree


def refuse_unknown_variant(
    variant: str | None,
    known: Sequence[str],
    settings_file: pathlib.PurePath,
    variants_dir: pathlib.PurePath,
) -> None:
    """Refuse a variant that is named, where the settings know others.

    Raises:
        InputError: it is unknown; with the known ones.
    """
    if variant is not None and known and variant not in known:
        raise InputError(
            f"unknown variant {variant!r}: neither {settings_file} nor a file in "
            f"{variants_dir} declares it; use {', '.join(known)}"
        )


def selected_variants(ctx: click.Context, tree: SettingsTree, *, here: bool) -> Sequence[str]:
    """Return the variant that is named, or else all that *tree* knows; one for this machine.

    Raises:
        InputError: this machine has one variant, and several are known.
    """
    variants = tree.variants()
    if places(ctx).variant is not None or len(variants) < 2:
        return [tree.variant]
    if here and tree.variant not in variants:
        raise InputError(f"--here needs one variant: use --variant with {', '.join(variants)}")
    return [tree.variant] if here else variants


def variant_of_indexes(ctx: click.Context, tree: SettingsTree) -> str:
    """Return the variant of an index that names none; "" if several are known and none is named."""
    known = tree.variants()
    is_open = places(ctx).variant is None and len(known) > 1 and tree.variant not in known
    return "" if is_open else tree.variant


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
    if problem := tree.hook.problem:
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
