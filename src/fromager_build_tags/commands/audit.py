"""``audit``: what is wrong with the wheels of indexes."""

from __future__ import annotations

import dataclasses
import itertools
import pathlib
from collections.abc import Iterable

import click
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName

from ..findings.verdict import Verdict
from ..index.auditing import Audit, Audited, WantedVersions
from ..index.expected import Expectations
from ..index.index_checks import unreadable_index
from ..plan.model import Wanted
from ..plan.requirements import from_build_file, from_lock, from_requirements_file
from ..report.audit_html import Grid, render_html
from ..report.audit_report import RENDERERS, AuditReport, IndexSummary
from ..settings.tree import SettingsTree
from . import common, trees
from . import exit_status as gates
from . import indexes as shared


@click.command()
@shared.indexes_argument
@common.requirements_file_option
@click.option(
    "-g",
    "--graph",
    "--build-order",
    "build_files",
    multiple=True,
    type=common.FILE,
    help="fromager's graph.json or build-order.json: what has to be there",
)
@click.option(
    "--lock",
    "locks",
    multiple=True,
    type=common.FILE,
    help="a lock, every version of which has to be there",
)
@click.option("--deep", is_flag=True, help="verify each wheel, too; of a URL, download it")
@shared.target_options
@common.here_option
@common.format_option([*RENDERERS, "html"])
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
    format_: str,
    output: pathlib.Path | None,
    fail_on: str,
    exit_zero: bool,
) -> None:
    """Say what is wrong with the wheels of each INDEX.

    An INDEX is a folder of wheels, fromager's wheels-repo, or the URL of a simple API; with
    VARIANT= before it, it is meant for that variant, else for --variant. --deep says of each
    wheel what the command verify says of it. Nothing is changed.
    """
    tree = trees.planned_tree(ctx)
    expectations = Expectations(tree, here=here)
    targets = shared.read_targets(pythons, platforms)
    wanted = _wanted(
        *(from_requirements_file(file) for file in files),
        *(from_build_file(file) for file in build_files),
        *(from_lock(file) for file in locks),
    )
    opened, unopened = shared.open_each(indexes, tree.variant, expectations=expectations)
    run = Audit(
        indexes=opened, expectations=expectations, wanted=wanted, targets=targets, deep=deep
    )
    findings = [unreadable_index(*each) for each in unopened]
    grid = Grid(len(opened))
    with shared.progress(opened) as count:
        for audited in run.run():
            with_reasons = _with_reasons(tree, audited)
            findings += (finding for _, finding in with_reasons.findings)
            if format_ == "html":
                grid.add(with_reasons)
            count()
    report = AuditReport(
        verdict=Verdict.of(findings), indexes=[*_summaries(run), *map(_unread, unopened)]
    )
    text = render_html(report, grid) if format_ == "html" else RENDERERS[format_](report)
    common.write(text, output)
    failed = shared.complain((each.reason for each in unopened), expectations)
    if failed or (gates.fails(report.verdict, fail_on) and not exit_zero):
        ctx.exit(1)


def _wanted(*listed: Iterable[Wanted]) -> WantedVersions:
    """Return what is wanted of each package; that there is any, only where nothing else is."""
    found: dict[NormalizedName, dict[str, SpecifierSet]] = {}
    for each in itertools.chain.from_iterable(listed):
        of_it = found.setdefault(each.package, {})
        of_it |= {str(specifier): specifier for specifier in _specifiers(each)}
    return {
        package: [of_it[text] for text in sorted(of_it) if text or len(of_it) == 1]
        for package, of_it in found.items()
    }


def _specifiers(wanted: Wanted) -> list[SpecifierSet]:
    if wanted.versions is None:
        return [wanted.specifier]
    return [SpecifierSet(f"=={version}") for version in wanted.versions if version is not None]


def _with_reasons(tree: SettingsTree, audited: Audited) -> Audited:
    """Mark the findings that the settings say to ignore."""
    findings = trees.mark_suppressed(tree, (finding for _, finding in audited.findings))
    of = (each for each, _ in audited.findings)
    return dataclasses.replace(audited, findings=list(zip(of, findings, strict=True)))


def _unread(unopened: shared.Unopened) -> IndexSummary:
    place, reason = unopened
    return IndexSummary(index=str(place), variant=place.variant, error=reason)


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
