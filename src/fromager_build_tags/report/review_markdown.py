"""A review as Markdown, for the comment of a pull request."""

from __future__ import annotations

from collections.abc import Iterator

from ..findings.verdict import Verdict
from ..review.change import Change
from ..review.compare import Review
from ..text import markdown_code, markdown_text
from . import review_words as words
from .block import Block, chained, titled
from .findings_report import sections

#: Finds the comment again, to update it in place.
MARKER = "<!-- fromager-build-tags review -->"
#: This many names are shown below their cause; more are folded at the end.
_FEW = 10


def render(review: Review, verdict: Verdict) -> str:
    """Return the verdict, causes, counts, findings, the names that change, and notes."""
    head = f"{MARKER}\n**{markdown_text(words.verdict_line(review, verdict))}**\n"
    return chained(_parts(review, verdict), "row", head).within()


def _parts(review: Review, verdict: Verdict) -> Iterator[Block]:
    few = len(review.changes) <= _FEW
    yield Block(head="\n", parts=[*_causes(review, with_names=few)], noun="cause")
    if review.changes:
        rows = [f"- {markdown_text(line)}\n" for line in words.counts(review)]
        yield titled("Rebuilds", rows, "variant", fold=False)
    yield chained(sections(verdict), "finding")
    if not few:
        yield chained(_names(review), words.noun(review.changes), "\n**Names**\n")
    notes = [*review.notes, "`fromager-build-tags review` repeats this in a checkout"]
    yield Block(head="\n", parts=[f"<sub>{_note(note)}</sub>  \n" for note in notes], noun="note")


def _causes(review: Review, *, with_names: bool) -> Iterator[str]:
    for causes, changes in review.by_cause():
        names = [f"  {_item(change)}\n" for change in changes] if with_names else []
        yield f"- {markdown_text(words.cause_line(causes, changes))}\n{''.join(names)}"


def _names(review: Review) -> Iterator[Block]:
    for causes, changes in review.by_cause():
        rows = [f"{_item(change)}\n" for change in changes]
        noun = words.noun(changes)
        yield titled(words.cause_line(causes, changes), rows, noun, fold=True)


def _item(change: Change) -> str:
    remark = f", **{words.remark(change)}**" if words.remark(change) else ""
    before = "(new)" if change.before is None else markdown_code(words.before(change))
    after = "(gone)" if change.after is None else markdown_code(words.after(change))
    wheel = markdown_code(f"{change.package} {change.version}")
    return f"- {markdown_text(change.variant)}: {wheel} {before} → {after}{remark}"


def _note(note: str) -> str:
    return note if note.startswith("`") else markdown_text(note)
