"""The formats of a review; those that have findings only contain the findings of the review."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from ..findings.verdict import Verdict
from ..review.compare import Review
from . import ci_report, review_json, review_markdown, review_table
from .table import Rendered

REVIEWS: Final[Mapping[str, Callable[[Review, Verdict], Rendered]]] = {
    "table": review_table.render,
    "markdown": review_markdown.render,
    "json": review_json.render,
    "github": lambda _, verdict: ci_report.render_github(verdict),
    "gitlab": lambda _, verdict: ci_report.render_gitlab(verdict),
    "sarif": lambda _, verdict: ci_report.render_sarif(verdict),
}
