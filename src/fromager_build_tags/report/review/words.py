"""The words of a review, the same in every format for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...causes import Cause
from ...review import Change, Review

UNTOLD = "the overrides that are installed, or variables, differ: no settings file tells"


def verdict_line(review: Review, verdict: object) -> str:
    """Return what a change does, in one line."""
    number = len(review.changes)
    if not number:
        return f"No build tag changes from {review.base} to {review.head}; {verdict}"
    tags = "build tag changes" if number == 1 else "build tags change"
    return f"{number:,} {tags} from {review.base} to {review.head}; {verdict}"


def cause_line(causes: Sequence[Cause], changes: Sequence[Change]) -> str:
    """Return what renames how many wheels."""
    what = "; ".join(map(str, causes)) if causes else UNTOLD
    number = sum(change.files for change in changes)
    wheels = "1 wheel" if number == 1 else f"{number:,} wheels"
    return f"{what} renames {wheels}"


def counts(review: Review) -> Iterator[str]:
    """Return how many of its wheels each variant rebuilds."""
    for variant, of in sorted(review.counted.items()):
        number = sum(change.files for change in review.changes if change.variant == variant)
        yield f"{number:,} of {of:,} wheels rebuilt on {variant}"


def remark(change: Change) -> str:
    """Return what is wrong with a change, in two words."""
    if change.lost_its_number:
        return "number gone"
    if change.number_fell:
        return "number fell"
    return "sorts below" if change.sorts_below else ""
