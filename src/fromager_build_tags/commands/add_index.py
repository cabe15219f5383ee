"""``add --from-index``: declare the dependencies of every package of indexes."""

from __future__ import annotations

import pathlib
from collections import Counter
from collections.abc import Sequence

import click

from ..add.scaffold import annotations_for, write_all
from ..index.scan.cache import ScanCache, default_folder
from ..index.scan.comparing import Comparison, ScanRow, missing_expressions
from ..index.scan.measuring import Measuring
from ..index.scan.readers import Readers
from ..report.scan_report import SCAN, ScanReport
from ..settings.environment import lowest_torch
from ..settings.layout import variants_dir
from ..settings.tree import SettingsTree
from ..text import counted, first_few
from . import common
from . import indexes as shared


def add_from_index(
    ctx: click.Context,
    indexes: Sequence[str],
    *,
    all_versions: bool,
    every: bool,
    cache_dir: pathlib.Path | None,
    dry_run: bool,
    format_: str,
) -> None:
    """Measure the wheels of indexes, and write the annotations that are missing, all or none."""
    tree = common.planned_tree(ctx)
    lowest = lowest_torch(variants_dir(common.places(ctx).settings_dir))
    comparison = Comparison(tree, lowest.version if lowest else None)
    opened, unopened = shared.open_indexes(indexes, "")
    cache = ScanCache(cache_dir or default_folder())
    rows: list[ScanRow] = []
    failures: list[object] = [*unopened]
    counts: Counter[str] = Counter()
    with Readers() as readers, shared.progress(opened) as count:
        measuring = Measuring(
            indexes=opened, readers=readers, cache=cache, all_versions=all_versions
        )
        for package in measuring.run():
            counts += package.counts
            failures += package.failures
            for each in package.versions:
                failures += each.unreadable
                rows.append(comparison.row(package.package, each))
            count(1)
    report = ScanReport(rows=rows, counts=counts, every=every)
    common.write(SCAN[format_](report), None)
    if cache.problem:
        common.note(f"the next run reads these wheels again: {cache.problem}")
    _write_missing(tree, rows, dry_run=dry_run, is_shown=format_ == "table")
    if shared.report_failures(failures):
        ctx.exit(1)


@common.edits_settings
def _write_missing(
    tree: SettingsTree, rows: Sequence[ScanRow], *, dry_run: bool, is_shown: bool
) -> None:
    """Write into the files as they are now: other commands may have edited them since."""
    edits, without_metadata = annotations_for(tree, missing_expressions(rows))
    if not edits:
        return
    if dry_run:
        for edit in edits if is_shown else ():
            common.print_diff(edit.before, edit.after, (f"a/{edit.file}", f"b/{edit.file}"))
    else:
        write_all(edits)
    verb = "would be" if dry_run else "are"
    names = [each.file.name for each in edits]
    common.note(f"{counted(len(edits), 'annotation')} {verb} written: {first_few(names)}")
    if without_metadata:
        common.note(
            f"{counted(len(without_metadata), 'package')} without settings so far "
            f"{'would get' if dry_run else 'got'} a first file, so fromager no longer uses the "
            f"package index's metadata for them: {first_few(without_metadata)}"
        )
    if not dry_run:
        common.next_step("read the change with `git diff`, and run `fromager-build-tags check`")
