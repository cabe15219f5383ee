"""``verify``: hold a wheel's name against what is inside it."""

from __future__ import annotations

import pathlib

import click

from ..findings.finding import Finding
from ..findings.verdict import Verdict
from ..report.formats import FINDINGS
from ..verify.checks.exempted import NOTHING
from ..verify.run import DeclaredOf, find_wheels, verify_wheel
from . import common
from . import exit_status as gates


@click.command()
@click.argument("wheels", nargs=-1, required=True, metavar="WHEEL...")
@common.format_option(FINDINGS)
@common.output_option
@gates.fail_on_option("error", "warning", "note")
@gates.exit_zero_option
@click.pass_context
def verify(
    ctx: click.Context,
    wheels: tuple[str, ...],
    format_: str,
    output: pathlib.Path | None,
    fail_on: str,
    exit_zero: bool,
) -> None:
    """Hold the name of each WHEEL against its content and its metadata.

    WHEEL is a file, a folder, a pattern or a URL. The annotation build-tags.verify in the
    settings of a package declares what its wheels cannot show. The exit status is 1 if there is
    an error.
    """
    if "" in wheels:
        raise click.BadParameter("an argument is empty: is a variable unset?", param_hint="WHEEL")
    declared_of = _declared_of(ctx)
    findings: list[Finding] = []
    sources = list(find_wheels(list(wheels)))
    for source in sources:
        findings += verify_wheel(source, declared_of)
    verdict = Verdict.of(findings)
    common.write(FINDINGS[format_](verdict), output)
    click.echo(f"verified {len(sources):,} wheel{'' if len(sources) == 1 else 's'}", err=True)
    if gates.fails(verdict, fail_on) and not exit_zero:
        ctx.exit(1)


def _declared_of(ctx: click.Context) -> DeclaredOf:
    if not common.has_settings_dir(ctx):
        return lambda _: NOTHING
    from .trees import exemptions_of  # imports fromager: 1 s

    return exemptions_of(ctx)
