"""``verify``: check wheel names against their contents."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import pathlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click
from packaging.requirements import Requirement

from ..errors import BuildTagError
from ..findings.finding import Verdict
from ..findings.rules import UNREADABLE_WHEEL
from ..report.verify_report import VERIFY, VerifyReport
from ..text import counted
from ..verify.checks.examined import ExaminedWheel
from ..verify.declared_archs import ArchsOf, archs_for, no_archs
from ..verify.examine import examine_wheel
from ..verify.exemptions import NO_EXEMPTIONS, exemptions_of
from ..verify.run import ExemptionsOf, find_wheels, verified
from . import common

if TYPE_CHECKING:
    from ..settings.tree import SettingsTree
    from ..stack.stack import Stack

#: Their verdict contains the number of wheels, if there is no finding.
_WITH_COUNT = {"table", "markdown"}


@click.command()
@click.argument("wheels", nargs=-1, required=True, metavar="WHEEL...")
@click.option(
    "--torch",
    "torches",
    multiple=True,
    metavar="TORCH",
    help="compare with this Torch only: a wheel, site-packages, or an index that has torch",
)
@common.format_option(VERIFY)
@common.output_option
@common.fail_on_option("error", "warning", "note")
@common.exit_zero_option
@click.pass_context
def verify(
    ctx: click.Context,
    wheels: tuple[str, ...],
    torches: tuple[str, ...],
    format_: str,
    output: pathlib.Path | None,
    fail_on: str,
    exit_zero: bool,
) -> None:
    """Check wheel names against their contents and their metadata.

    WHEEL is a file, a folder, a pattern or a URL. The annotation build-tags.verify in the
    settings of a package declares dependencies that its wheels do not show, and suppresses
    rules. The exit status is 1 if there is an error.
    """
    if "" in wheels:
        raise click.BadParameter("an argument is empty: is a variable unset?", param_hint="WHEEL")
    tree = optional_tree(ctx)
    exemptions, archs_of = exemptions_in(tree), _archs_of(ctx, tree)
    sources = list(find_wheels(list(wheels)))
    table = None
    if torches:
        from .given_torch import read_given_torch  # an index imports stevedore and pydantic

        table = read_given_torch(torches, sources)

    def examine(location: str, shown: str) -> ExaminedWheel:
        return dataclasses.replace(examine_wheel(location, shown, archs_of), torch_table=table)

    found = [verified(source, exemptions, examine) for source in sources]
    read = sum(all(each.code != UNREADABLE_WHEEL.code for each in one.findings) for one in found)
    findings = itertools.chain.from_iterable(each.findings for each in found)
    verdict = Verdict.of(findings, checked={"wheel": read})
    using_torch = [(each, each.loads) for each in found if each.loads is not None]
    common.write(VERIFY[format_](VerifyReport(verdict=verdict, wheels=using_torch)), output)
    if output or verdict.findings or format_ not in _WITH_COUNT:
        common.note(f"verified {counted(read, 'wheel')}" if read else "no wheel is verified")
    if common.fails(verdict, fail_on) and not exit_zero:
        ctx.exit(1)


def optional_tree(ctx: click.Context) -> SettingsTree | None:
    """Return the settings tree, if there is one."""
    if common.places(ctx).settings_dir.exists():
        return common.planned_tree(ctx)
    common.note_missing_settings(ctx)
    return None


def exemptions_in(tree: SettingsTree | None) -> ExemptionsOf:
    """Return the function that returns the exemptions of a package."""
    if tree is None:
        return lambda _: NO_EXEMPTIONS
    return lambda name: exemptions_of(tree.ctx, Requirement(name), others=True)


def _archs_of(ctx: click.Context, tree: SettingsTree | None) -> ArchsOf:
    """Return the architectures of a wheel by its name, whichever variant it is for."""
    if tree is None:
        return no_archs

    @functools.cache
    def stacks() -> Sequence[Stack]:
        found: list[Stack] = []
        for variant in common.selected_variants(ctx, tree, here=False):
            try:
                found += tree.on(variant).stacks()
            except BuildTagError as err:
                common.note(f"gpu_archs of {variant} are not compared: {err}")
        return found

    return functools.partial(archs_for, stacks=stacks)
