"""``new``: the smallest right thing for a new package."""

from __future__ import annotations

import pathlib
import tempfile

import click

from ..errors import InputError
from ..fetch import fetch_wheel
from ..scaffold import Proposal, annotate, canonical_name, propose, write_module
from ..wheel import read_wheel
from . import common

DEFAULT = "accelerator torch"


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
    default=pathlib.Path(),
    help="where to write the module  [default: here]",
)
@click.pass_context
def new(
    ctx: click.Context,
    package: str,
    depends_on: str | None,
    from_wheel: str | None,
    module: bool,
    directory: pathlib.Path,
) -> None:
    """Say what the wheels of PACKAGE depend on, in its settings file or in a module.

    Nothing that is there is changed; a second run says what is there.
    """
    name = canonical_name(package)
    if depends_on is not None and from_wheel is not None:
        raise click.UsageError("--depends-on and --from-wheel exclude each other")
    proposal = Proposal(expression=depends_on or DEFAULT)
    if from_wheel is not None:
        proposal = _from_wheel(from_wheel, name)
        for reason in proposal.reasons:
            click.echo(reason, err=True)
    if module:
        outcome = write_module(directory, name, proposal)
    else:
        outcome = annotate(common.settings_tree(ctx), name, proposal.expression)
    click.echo(outcome.text)


def _from_wheel(source: str, package: str) -> Proposal:
    """Read a wheel file, or fetch a published one with pip and read it."""
    if source.endswith(".whl"):
        facts = read_wheel(pathlib.Path(source))
    else:
        with tempfile.TemporaryDirectory(prefix="build-tags-") as folder:
            facts = read_wheel(fetch_wheel(source, pathlib.Path(folder)))
    if facts.name != package:
        raise InputError(f"{source!r} is a wheel of {facts.name}, not of {package}")
    return propose(facts)
