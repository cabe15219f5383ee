"""An audit: its findings, with a line for each index that says how much was looked at."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final

from ..findings.verdict import Verdict
from ..text import counted, markdown_code, plain
from . import findings_json, findings_markdown, findings_table
from .block import Block, chained
from .formats import FINDINGS
from .table import Rendered, Table


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexSummary:
    """How much of an index was looked at.

    Attributes:
        index: its path, or its URL without credentials.
        skipped: files that are neither wheels nor sdists.
        error: why nothing is known of it, "" if it could be read.
    """

    index: str
    variant: str
    projects: int = 0
    wheels: int = 0
    skipped: int = 0
    error: str = ""

    @property
    def counts(self) -> str:
        """The numbers in words."""
        if self.error:
            return "nothing is known of it"
        text = f"{counted(self.projects, 'project')}, {counted(self.wheels, 'wheel')}"
        return f"{text}, {counted(self.skipped, 'other file')} skipped" if self.skipped else text


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditReport:
    """What an audit comes to."""

    verdict: Verdict
    indexes: Sequence[IndexSummary]


def render_table(report: AuditReport) -> list[str | Table]:
    """Return the findings, a line for each index, and the verdict last."""
    *findings, verdict = findings_table.render(report.verdict)
    lines = [f"{plain(each.index)} for {each.variant}: {each.counts}\n" for each in report.indexes]
    return [*findings, *lines, verdict]


def render_markdown(report: AuditReport) -> str:
    """Return the verdict, the indexes, and a section for each rule."""
    lines = [
        f"- {markdown_code(each.index)} for {markdown_code(each.variant)}: {each.counts}\n"
        for each in report.indexes
    ]
    indexes = Block(parts=lines, noun="row")
    blocks = [indexes, *findings_markdown.sections(report.verdict)]
    return chained(blocks, "finding", f"**{report.verdict}**\n\n").within()


def render_json(report: AuditReport) -> str:
    """Return the findings as for any other command, and ``indexes``."""
    indexes = {"indexes": [asdict(each) for each in report.indexes]}
    return json.dumps(findings_json.as_json(report.verdict) | indexes, indent=1) + "\n"


def _of_findings(format_: str) -> Callable[[AuditReport], Rendered]:
    return lambda report: FINDINGS[format_](report.verdict)


RENDERERS: Final[Mapping[str, Callable[[AuditReport], Rendered]]] = {
    "table": render_table,
    "markdown": render_markdown,
    "json": render_json,
    **{each: _of_findings(each) for each in ("github", "gitlab", "sarif")},
}
