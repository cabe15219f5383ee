"""Findings as Markdown for a comment or a job summary: the verdict first, grouped by rule."""

from __future__ import annotations

import html
import itertools
from collections.abc import Iterator, Sequence
from typing import Final

from ...rules.catalogue import RULES
from ...rules.finding import Finding
from ...rules.verdict import Verdict
from ..escape import markdown_code, markdown_text, plain

#: GitHub takes 65,536 characters in a comment, other forges more.
LONGEST: Final = 60_000
_LONG_LIST: Final = 10


def render(verdict: Verdict) -> str:
    """Return the verdict in one line, then a section for each rule, worst first."""
    return bounded([f"**{verdict}**\n", *sections(verdict)])


def sections(verdict: Verdict) -> Iterator[str]:
    """Return a section for each rule, and one for what is ignored."""
    by_rule = itertools.groupby(verdict.findings, lambda each: (each.severity, each.code))
    for (severity, code), group in by_rule:
        yield _section(f"{severity.value} {code}: {RULES[code].title}", list(group))
    if verdict.ignored:
        yield _section("ignored, with the reasons", verdict.ignored)


def bounded(blocks: Sequence[str], longest: int = LONGEST) -> str:
    """Join blocks of lines, up to *longest* characters; say how many lines are left out."""
    kept: list[str] = []
    room, left_out = longest - 200, 0
    for line in itertools.chain.from_iterable(block.splitlines(keepends=True) for block in blocks):
        if left_out or len(line) > room:
            left_out += bool(line.strip("\n")) and line != "</details>\n"
        else:
            kept.append(line)
            room -= len(line)
    text = "".join(kept)
    if left_out:
        unclosed = text.count("<details>") - text.count("</details>")
        text += "\n</details>\n" * unclosed + f"\n**{left_out:,} more lines are left out here.**\n"
    return text


def folded(title: str, lines: Sequence[str], most: int = _LONG_LIST) -> str:
    """Return a list below its title, which is plain text; folded if it is long."""
    body = "".join(f"{line}\n" for line in lines)
    if len(lines) <= most:
        return f"\n{markdown_text(title)}\n\n{body}"
    summary = html.escape(plain(title, 2_000))  # no Markdown is read in there
    return f"\n<details><summary>{summary}</summary>\n\n{body}\n</details>\n"


def _section(title: str, findings: Sequence[Finding]) -> str:
    return folded(f"{title} ({len(findings):,})", [_item(each) for each in findings])


def _item(finding: Finding) -> str:
    place = f" {markdown_code(str(finding.place))}" if str(finding.place) else ""
    said = f"- {markdown_code(finding.subject)}{place}: {markdown_text(finding.message)}"
    then = finding.ignored or finding.remedy
    return f"{said}  \n  {'Ignored: ' if finding.ignored else ''}{markdown_text(then)}"
