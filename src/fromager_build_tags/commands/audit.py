"""``audit``: stale, shadowed, missing and mixed wheels in indexes."""

from __future__ import annotations

import dataclasses
import itertools
import pathlib
from collections.abc import Iterable, Mapping, Sequence

import click
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName

from ..findings.finding import Verdict
from ..index import Index
from ..index.auditing import Audit, Audited, RequiredVersions
from ..index.expected import Expectations
from ..index.index_checks import Tally
from ..plan.model import Wanted
from ..plan.requirements import from_build_file, from_lock, from_requirements_file
from ..report.audit_page import Grid, build_time
from ..report.audit_report import RENDERERS, AuditReport
from ..settings.tree import SettingsTree
from ..text import plain
from . import common
from . import indexes as shared


@click.command()
@shared.indexes_argument
@common.requirements_file_option
@common.build_files_option
@click.option(
    "--lock",
    "locks",
    multiple=True,
    type=common.FILE,
    help="a build-tags.lock; the index needs every version in it",
)
@click.option("--deep", is_flag=True, help="verify each wheel, too; of a URL, download it")
@shared.target_options
@common.here_option
@common.format_option(RENDERERS)
@common.output_option
@common.fail_on_option("error", "warning", "note")
@common.exit_zero_option
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
    """Find stale, shadowed, missing and mixed wheels in indexes.

    An INDEX is a folder of wheels, fromager's wheels-repo, or the URL of a simple API. VARIANT=
    before it names the variant of its wheels; the default is --variant, or the only one.
    VARIANT:STACK= names one stack; the default is the one that all wheels fit, or else all stacks.
    With --python, a requirement counts if its marker is true for any target. --deep adds the
    findings of the command verify. Nothing changes.
    """
    tree = common.planned_tree(ctx)
    expectations = Expectations(tree, here=here)
    targets = shared.read_targets(pythons, platforms)
    required = _required(
        *(
            from_requirements_file(file, environment)
            for environment in [each.environment() for each in targets] or [{}]
            for file in files
        ),
        *(from_build_file(file) for file in build_files),
        *(from_lock(file) for file in locks),
    )
    opened, unopened = shared.open_indexes(
        indexes,
        common.variant_of_indexes(ctx, tree),
        expectations=expectations,
        named=required,
        infer=True,
    )
    run = Audit(
        indexes=opened, expectations=expectations, required=required, targets=targets, deep=deep
    )
    unread = [Tally(*each) for each in unopened]
    findings = [finding for index in unread for finding in index.findings()]
    grid = _grid(opened, output) if format_ == "html" else None
    with shared.progress(opened) as count:
        for each in run.run():
            audited = _mark_suppressed(tree, each)
            findings += (finding for _, finding in audited.findings)
            if grid is not None:
                grid.add(audited)
            count(1)
    report = AuditReport(
        verdict=Verdict.of(findings, checked=_counts(run.tallies)),
        indexes=[*run.tallies, *unread],
        grid=grid,
    )
    common.write(RENDERERS[format_](report), output)
    failed = shared.report_failures(unopened, expectations)
    if failed or (common.fails(report.verdict, fail_on) and not exit_zero):
        ctx.exit(1)


def _grid(opened: Sequence[Index], output: pathlib.Path | None) -> Grid:
    """Return the empty page of a report, whose links lead from its folder."""
    names = [f"{plain(str(each.place))} ({each.place.label})" for each in opened]
    return Grid(names, folder=(output or pathlib.Path("page")).parent, made=build_time())


def _counts(tallies: Sequence[Tally]) -> Mapping[str, int]:
    return {
        "index": len(tallies),
        "project": sum(each.projects for each in tallies),
        "wheel": sum(each.wheels for each in tallies),
    }


def _required(*listed: Iterable[Wanted]) -> RequiredVersions:
    """Return the specifiers of each package; that of any version only if it is the only one."""
    found: dict[NormalizedName, dict[str, SpecifierSet]] = {}
    for each in itertools.chain.from_iterable(listed):
        specifiers = [each.specifier]
        if each.versions is not None:
            specifiers = [
                SpecifierSet(f"=={version}") for version in each.versions if version is not None
            ]
        found.setdefault(each.package, {}).update(
            (str(specifier), specifier) for specifier in specifiers
        )
    return {
        package: [specifiers[text] for text in sorted(specifiers) if text or len(specifiers) == 1]
        for package, specifiers in found.items()
    }


def _mark_suppressed(tree: SettingsTree, audited: Audited) -> Audited:
    findings = common.mark_suppressed(tree, (finding for _, finding in audited.findings))
    numbers = (each for each, _ in audited.findings)
    return dataclasses.replace(audited, findings=list(zip(numbers, findings, strict=True)))
