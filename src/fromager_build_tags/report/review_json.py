"""A review as JSON: what changes, why, and the findings."""

from __future__ import annotations

import json
from typing import Any

from ..findings.verdict import Verdict
from ..plan.lockfile import format_tag
from ..review.causes import Cause
from ..review.change import Change
from ..review.compare import Review
from .findings_report import as_json


def render(review: Review, verdict: Verdict) -> str:
    """Return one object; ``format_version`` is that of the findings."""
    report = as_json(verdict) | {
        "base": review.base,
        "head": review.head,
        "changes": [_change(each) for each in review.changes],
        "compared": review.counted,
        "notes": list(review.notes),
    }
    return json.dumps(report, indent=1, ensure_ascii=False) + "\n"


def _change(change: Change) -> dict[str, Any]:
    return {
        "kind": change.kind.value,
        "variant": change.variant,
        "package": change.package,
        "version": change.version,
        "before": None if change.before is None else format_tag(change.before),
        "after": None if change.after is None else format_tag(change.after),
        "sorts_below": change.sorts_below,
        "purelib": change.purelib,
        "wheels": change.files,
        "causes": [_cause(each) for each in change.causes],
    }


def _cause(cause: Cause) -> dict[str, str]:
    return {"what": cause.what, "place": cause.place}
