"""``new``: the smallest right thing for a new package."""

from __future__ import annotations

import pathlib
import tempfile
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from ..add.fetch import fetch_wheel, name_in
from ..add.proposal import DEFAULT, as_given, as_seen, as_shipped, hints, reasons
from ..add.scaffold import annotate, canonical_name, write_module
from ..errors import InputError
from ..wheel import read_wheel
from . import trees

if TYPE_CHECKING:
    from packaging.utils import NormalizedName

    from ..add.proposal import Proposal
    from ..wheel import WheelFacts


@click.command()
@click.argument("package")
@click.option(
    "--depends-on",
    metavar="EXPRESSION",
    help=f"what it depends on: accelerator, torch, none …  [default: {DEFAULT}]",
)
@click.option(
    "--from-wheel",
    metavar="FILE|PACKAGE==VERSION",
    help="look inside a wheel, and propose what it depends on",
)
@click.option("--module", is_flag=True, help="write an override module instead of the annotation")
@click.option(
    "--directory",
    type=click.Path(path_type=pathlib.Path, exists=True, file_okay=False),
    help="where to write the module  [default: here]",
)
@click.pass_context
def new(
    ctx: click.Context,
    package: str,
    depends_on: str | None,
    from_wheel: str | None,
    module: bool,
    directory: pathlib.Path | None,
) -> None:
    """Say what the wheels of PACKAGE depend on, in its settings file or in a module.

    Nothing that is there is changed; a second run says what is there. Nothing is written that
    holds anyway: what a shipped override says, or that a package depends on nothing.
    """
    name = canonical_name(package)
    if depends_on is not None and from_wheel is not None:
        raise click.UsageError("--depends-on and --from-wheel exclude each other")
    if directory is not None and not module:
        raise click.UsageError("--directory says where to write a module: it needs --module")
    proposal = _proposal(name, depends_on, from_wheel)
    if module:
        outcome = write_module(directory or pathlib.Path(), name, proposal)
    else:
        outcome = annotate(trees.settings_tree(ctx), name, proposal)
    click.echo(outcome.text)
    _tell(outcome.notes)


def _proposal(package: NormalizedName, depends_on: str | None, from_wheel: str | None) -> Proposal:
    if depends_on is not None:
        return as_given(package, depends_on)
    if from_wheel is None:
        proposal = as_shipped(package)
        _tell(proposal.reasons)
        return proposal
    facts = _read(package, from_wheel)
    _tell([*reasons(facts), *hints(facts)])
    return as_seen(facts, from_wheel)


def _tell(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line, err=True)


def _read(package: NormalizedName, source: str) -> WheelFacts:
    """Read a wheel file, or fetch a published one with pip and read it."""
    if source.endswith(".whl") and "://" not in source:
        facts = read_wheel(pathlib.Path(source))
        _refuse_another(package, facts.name, source)
        return facts
    _refuse_another(package, name_in(source), source)
    with tempfile.TemporaryDirectory(prefix="build-tags-") as folder:
        return read_wheel(fetch_wheel(source, pathlib.Path(folder)))


def _refuse_another(package: NormalizedName, name: NormalizedName, source: str) -> None:
    if name != package:
        raise InputError(f"{source!r} is a wheel of {name}, not of {package}")
