"""``verify``: check wheel names against their contents."""

from __future__ import annotations

import itertools
import pathlib

import click
from packaging.requirements import Requirement

from ..findings.finding import Verdict
from ..findings.rules import UNREADABLE_WHEEL
from ..report.findings_report import FINDINGS
from ..text import counted
from ..verify.exemptions import NO_EXEMPTIONS, exemptions_of
from ..verify.run import ExemptionsOf, find_wheels, verify_wheel
from . import common


@click.command()
@click.argument("wheels", nargs=-1, required=True, metavar="WHEEL...")
@common.format_option(FINDINGS)
@common.output_option
@common.fail_on_option("error", "warning", "note")
@common.exit_zero_option
@click.pass_context
def verify(
    ctx: click.Context,
    wheels: tuple[str, ...],
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
    exemptions = _exemptions(ctx)
    found = [[*verify_wheel(source, exemptions)] for source in find_wheels(list(wheels))]
    read = sum(all(each.code != UNREADABLE_WHEEL.code for each in of_wheel) for of_wheel in found)
    verdict = Verdict.of(itertools.chain.from_iterable(found), checked={"wheel": read})
    common.write(FINDINGS[format_](verdict), output)
    common.note(f"verified {counted(read, 'wheel')}" if read else "no wheel is verified")
    if common.fails(verdict, fail_on) and not exit_zero:
        ctx.exit(1)


def _exemptions(ctx: click.Context) -> ExemptionsOf:
    if not common.places(ctx).settings_dir.exists():
        common.note_missing_settings(ctx)
        return lambda _: NO_EXEMPTIONS
    tree = common.planned_tree(ctx)
    return lambda name: exemptions_of(tree.ctx, Requirement(name), others=True)
