"""A review for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from ..findings.verdict import Verdict
from ..review.change import Change
from ..review.compare import Review
from . import findings_table as table
from . import review_words as words
from .columns import render_columns

_HEADING = ("  VARIANT", "PACKAGE", "VERSION", "BEFORE", "AFTER", "")


def render(review: Review, verdict: Verdict) -> str:
    """Return what changes, by cause, then counts, findings and notes."""
    blocks = [f"{words.verdict_line(review, verdict)}\n"]
    for causes, changes in review.by_cause():
        blocks.append(f"{words.cause_line(causes, changes)}\n{_rows(changes)}")
    if review.changes:
        blocks.append("".join(f"{line}\n" for line in words.counts(review)))
    if verdict.findings or verdict.ignored:
        blocks.append(table.render(verdict))
    if review.notes:
        blocks.append("".join(f"{note}\n" for note in review.notes))
    return "\n".join(blocks)


def _rows(changes: Sequence[Change]) -> str:
    return render_columns(
        _HEADING,
        [
            (
                f"  {change.variant}",
                change.package,
                change.version,
                change.before or "(new)",
                change.after or "(gone)",
                words.remark(change),
            )
            for change in changes
        ],
    )
