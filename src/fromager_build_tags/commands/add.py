"""``add``: declare the dependencies of a package."""

from __future__ import annotations

import pathlib
from collections.abc import Iterable

import click
from packaging.utils import InvalidName, NormalizedName, canonicalize_name

from ..add.given_wheel import read_given_wheel
from ..add.proposal import (
    DEFAULT,
    Proposal,
    propose_default,
    propose_from_wheel,
    propose_given,
)
from ..add.scaffold import annotate, write_module
from ..add.shown_needs import evidence_in
from ..errors import InputError
from ..report.table import Content
from ..settings.environment import lowest_torch
from ..settings.layout import variants_dir
from . import common
from .add_index import add_from_index


@click.command()
@click.argument("package", required=False)
@click.option(
    "--depends-on",
    metavar="EXPRESSION",
    help=f"its dependencies: accelerator, torch, none …  [default: {DEFAULT}]",
)
@click.option(
    "--from-wheel",
    metavar="FILE|PACKAGE==VERSION",
    help="propose the dependencies that a wheel shows",
)
@click.option(
    "--from-index",
    "indexes",
    multiple=True,
    metavar="INDEX",
    help="declare each package of an index that lacks a declaration: a folder of wheels, "
    "fromager's wheels-repo, or the URL of a simple API",
)
@click.option("--all-versions", is_flag=True, help="with --from-index: where it changed, too")
@click.option("--all", "every", is_flag=True, help="with --from-index: show packages that agree")
@click.option("--dry-run", is_flag=True, help="with --from-index: write nothing; print a diff")
@click.option(
    "--cache-dir",
    type=click.Path(path_type=pathlib.Path, file_okay=False),
    help="with --from-index: what wheels showed  [default: in $XDG_CACHE_HOME]",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["table", "markdown", "json"]),
    help="with --from-index  [default: table]",
)
@click.option("--module", is_flag=True, help="write an override module instead of the annotation")
@click.option(
    "--directory",
    type=click.Path(path_type=pathlib.Path, exists=True, file_okay=False),
    help="the folder for the module  [default: the current one]",
)
@click.pass_context
def add(
    ctx: click.Context,
    package: str | None,
    depends_on: str | None,
    from_wheel: str | None,
    indexes: tuple[str, ...],
    all_versions: bool,
    every: bool,
    dry_run: bool,
    cache_dir: pathlib.Path | None,
    format_: str | None,
    module: bool,
    directory: pathlib.Path | None,
) -> None:
    """Declare what the wheels of PACKAGE depend on, in its settings file or in a module.

    Existing values are never changed. Nothing redundant is written, such as the expression of a
    shipped override. With --from-index, the newest wheels of every package are read, each once,
    and compared with what the settings and overrides give; what is missing is written, all of it
    or nothing.
    """
    if indexes:
        _refuse(package, depends_on, from_wheel, module or None)
        options = {"all_versions": all_versions, "every": every, "dry_run": dry_run}
        add_from_index(ctx, indexes, cache_dir=cache_dir, format_=format_ or "table", **options)
        return
    if all_versions or every or dry_run or cache_dir or format_:
        raise click.UsageError(
            "--all-versions, --all, --dry-run, --cache-dir and --format need --from-index"
        )
    if package is None:
        raise click.UsageError("name a PACKAGE, or an index with --from-index")
    if depends_on is not None and from_wheel is not None:
        raise click.UsageError("--depends-on and --from-wheel exclude each other")
    if directory is not None and not module:
        raise click.UsageError("--directory is the folder of a module: it needs --module")
    folder = directory or pathlib.Path()
    _declare(ctx, package, depends_on, from_wheel, module_in=folder if module else None)


@common.edits_settings
def _declare(
    ctx: click.Context,
    package: str,
    depends_on: str | None,
    from_wheel: str | None,
    *,
    module_in: pathlib.Path | None,
) -> None:
    """Declare the dependencies of one package: in a folder as a module, or as an annotation."""
    try:
        name = canonicalize_name(package, validate=True)
    except InvalidName:
        raise InputError(f"{package!r} is not the name of a package, such as flash-attn") from None
    proposal = _proposal(ctx, name, depends_on, from_wheel)
    if module_in is not None:
        written = write_module(module_in, name, proposal)
        common.write([Content(lines=written.splitlines())], None)
        return
    tree = common.settings_tree(ctx)
    text, notes = annotate(tree, name, proposal)
    common.write([text], None)
    _print_notes(notes)


def _refuse(*others: object) -> None:
    if any(each is not None for each in others):
        raise click.UsageError(
            "--from-index is for every package of an index: it excludes PACKAGE, --depends-on, "
            "--from-wheel and --module"
        )


def _proposal(
    ctx: click.Context, package: NormalizedName, depends_on: str | None, from_wheel: str | None
) -> Proposal:
    if depends_on is not None:
        return propose_given(package, depends_on)
    if from_wheel is None:
        proposal = propose_default(package)
        _print_notes(proposal.evidence)
        return proposal
    facts = read_given_wheel(package, from_wheel)
    lowest = lowest_torch(variants_dir(common.places(ctx).settings_dir))
    _print_notes(evidence_in(facts, lowest))
    return propose_from_wheel(facts, from_wheel, lowest)


def _print_notes(lines: Iterable[str]) -> None:
    for line in lines:
        common.note(line)
