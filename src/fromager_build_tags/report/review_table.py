"""A review for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from ..findings.verdict import Verdict
from ..review.change import Change
from ..review.compare import Review
from . import review_words as words
from .findings_report import render_table
from .table import Table

_HEADING = ("  VARIANT", "PACKAGE", "VERSION", "BEFORE", "AFTER", "")


def render(review: Review, verdict: Verdict) -> list[str | Table]:
    """Return what changes, by cause, then counts, findings and notes."""
    parts: list[str | Table] = [f"{words.verdict_line(review, verdict)}\n"]
    for causes, changes in review.by_cause():
        parts += ["\n", f"{words.cause_line(causes, changes)}\n", _table(changes)]
    if review.changes:
        parts += ["\n", *(f"{line}\n" for line in words.counts(review))]
    if verdict.findings or verdict.suppressed:
        parts += ["\n", *render_table(verdict)]
    if review.notes:
        parts += ["\n", *(f"{note}\n" for note in review.notes)]
    return parts


def _table(changes: Sequence[Change]) -> Table:
    return Table(
        heading=_HEADING,
        rows=[
            (
                f"  {change.variant}",
                change.package,
                change.version,
                words.before(change),
                words.after(change),
                words.remark(change),
            )
            for change in changes
        ],
    )
