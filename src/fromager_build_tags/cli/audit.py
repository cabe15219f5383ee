"""``audit``: what is wrong with the wheels of indexes."""

from __future__ import annotations

import itertools
import pathlib
from collections.abc import Iterable

import click
from packaging.utils import NormalizedName
from packaging.version import Version

from ..audit import Audit
from ..expected import Expectations
from ..plan import Wanted
from ..report.audit import RENDERERS, AuditReport, IndexSummary
from ..report.html import Grid, render_html
from ..rules.finding import Finding
from ..rules.verdict import Verdict
from ..wanted import from_build_file, from_lock, from_requirements_file
from . import common, gates
from . import indexes as shared

_FILE = click.Path(path_type=pathlib.Path, exists=True, dir_okay=False)


@click.command()
@shared.indexes_argument
@click.option("-r", "--requirements-file", "files", multiple=True, type=_FILE, help="a pip file")
@click.option(
    "-g",
    "--graph",
    "--build-order",
    "build_files",
    multiple=True,
    type=_FILE,
    help="fromager's graph.json or build-order.json: what has to be there",
)
@click.option(
    "--lock",
    "locks",
    multiple=True,
    type=_FILE,
    help="a lock, every version of which has to be there",
)
@click.option(
    "--deep", is_flag=True, help="read the wheels, too, not names only; of a URL, by ranges"
)
@shared.target_options
@common.here_option
@shared.no_cache_option
@click.option(
    "--format",
    "format_",
    type=click.Choice([*RENDERERS, "html"]),
    default="table",
    show_default=True,
)
@common.output_option
@gates.fail_on_option("error", "warning", "note")
@gates.exit_zero_option
@click.pass_context
def audit(
    ctx: click.Context,
    indexes: tuple[str, ...],
    files: tuple[pathlib.Path, ...],
    build_files: tuple[pathlib.Path, ...],
    locks: tuple[pathlib.Path, ...],
    deep: bool,
    pythons: tuple[str, ...],
    platforms: tuple[str, ...],
    here: bool,
    no_cache: bool,
    format_: str,
    output: pathlib.Path | None,
    fail_on: str,
    exit_zero: bool,
) -> None:
    """Say what is wrong with the wheels of each INDEX.

    An INDEX is a folder of wheels, fromager's wheels-repo, or the URL of a simple API; with
    VARIANT= before it, it is meant for that variant, else for --variant. Nothing is changed.
    """
    tree = common.planned_tree(ctx)
    expectations = Expectations(tree, here=here)
    targets = shared.read_targets(pythons, platforms)
    wanted = _wanted(
        *(from_requirements_file(file) for file in files),
        *(from_build_file(file) for file in build_files),
        *(from_lock(file) for file in locks),
    )
    opened, failures = shared.open_indexes(
        indexes, str(tree.settings.variant), no_cache=no_cache, expectations=expectations
    )
    run = Audit(
        indexes=opened, expectations=expectations, wanted=wanted, targets=targets, deep=deep
    )
    findings: list[Finding] = []
    grid = Grid(len(opened))
    with shared.progress(opened) as count:
        for audited in run.run():
            findings += (finding for _, finding in audited.findings)
            if format_ == "html":
                grid.add(audited)
            count()
    report = AuditReport(
        verdict=Verdict.of(common.with_reasons(tree, findings)), indexes=_summaries(run)
    )
    text = render_html(report, grid) if format_ == "html" else RENDERERS[format_](report)
    common.write(text, output)
    failed = shared.complain(failures, expectations)
    if failed or (gates.fails(report.verdict, fail_on) and not exit_zero):
        ctx.exit(1)


def _wanted(*listed: Iterable[Wanted]) -> dict[NormalizedName, frozenset[Version] | None]:
    """Return the versions that are wanted; of a package without a pin, any will do."""
    found: dict[NormalizedName, frozenset[Version] | None] = {}
    for each in itertools.chain.from_iterable(listed):
        before = found.get(each.package)
        pinned = each.versions
        versions = None if pinned is None else frozenset(filter(None, pinned))
        found[each.package] = before | versions if before and versions else versions or before
    return found


def _summaries(run: Audit) -> list[IndexSummary]:
    return [
        IndexSummary(
            index=str(each.place),
            variant=each.place.variant,
            projects=each.projects,
            wheels=each.wheels,
            skipped=each.skipped,
        )
        for each in run.tallies
    ]
