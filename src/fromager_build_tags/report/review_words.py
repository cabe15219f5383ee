"""The texts of a review that all formats for people share."""

from __future__ import annotations

import collections
from collections.abc import Iterator, Sequence
from typing import Final

from ..plan.lockfile import format_tag
from ..review.causes import Cause
from ..review.change import Change, ChangeKind
from ..review.compare import Review
from ..text import counted

UNEXPLAINED = (
    "something outside the settings files (an installed override, a variable, a lock file alone)"
)


def verdict_line(review: Review, verdict: object) -> str:
    """Return what a change does, in one line."""
    number = len(review.changes)
    if not number:
        return f"No build tag changes from {review.base} to {review.head}; {verdict}"
    tags = "build tag changes" if number == 1 else "build tags change"
    return f"{number:,} {tags} from {review.base} to {review.head}; {verdict}"


def cause_line(causes: Sequence[Cause], changes: Sequence[Change]) -> str:
    """Return what a cause does: how many wheels it renames, adds and removes."""
    what = "; ".join(map(str, causes)) if causes else UNEXPLAINED
    beside = {each for change in changes for each in change.causes} - {*causes}
    if beside:
        what += f", with {counted(len(beside), 'package changelog')},"
    kinds: collections.Counter[ChangeKind] = collections.Counter()
    for change in changes:
        kinds[change.kind] += change.files
    did = [f"{_DID[kind]} {counted(kinds[kind], 'wheel')}" for kind in _DID if kinds[kind]]
    return f"{what} {' and '.join(did)}"


_DID: Final = {ChangeKind.CHANGED: "renames", ChangeKind.NEW: "adds", ChangeKind.GONE: "removes"}


def noun(changes: Sequence[Change]) -> str:
    """Return the noun for these changes."""
    renamed = all(change.kind is ChangeKind.CHANGED for change in changes)
    return "renamed wheel" if renamed else "wheel"


def counts(review: Review) -> Iterator[str]:
    """Return how many of its wheels each variant rebuilds."""
    for variant, of in sorted(review.counted.items()):
        rebuilt = [each for each in review.changes if each.variant == variant and each.is_rebuilt]
        number = sum(change.files for change in rebuilt)
        yield f"{number:,} of {of:,} wheels rebuilt on {variant}"


def before(change: Change) -> str:
    """Return the build tag of the base."""
    return "(new)" if change.before is None else format_tag(change.before)


def after(change: Change) -> str:
    """Return the build tag of the head."""
    return "(gone)" if change.after is None else format_tag(change.after)


def remark(change: Change) -> str:
    """Return the problem of a change in two words; "" for none."""
    if change.lost_its_number:
        return "number gone"
    if change.number_fell:
        return "number fell"
    return "sorts below" if change.sorts_below else ""
