"""A review as Markdown, for the comment of a pull request."""

from __future__ import annotations

from collections.abc import Iterator

from ...review import Change, Review
from ...rules.verdict import Verdict
from ..escape import markdown_code, markdown_text
from ..findings import markdown
from . import words

#: By this a comment is found again, to be updated in place.
MARKER = "<!-- fromager-build-tags review -->"


def render(review: Review, verdict: Verdict) -> str:
    """Return the verdict, the changes by cause, counts, findings, and how to repeat it."""
    return markdown.bounded([*_blocks(review, verdict)])


def _blocks(review: Review, verdict: Verdict) -> Iterator[str]:
    yield f"{MARKER}\n**{markdown_text(words.verdict_line(review, verdict))}**\n"
    yield from markdown.sections(verdict)
    for causes, changes in review.by_cause():
        title = words.cause_line(causes, changes)
        yield markdown.folded(title, [_item(change) for change in changes])
    if review.changes:
        lines = [f"- {markdown_text(line)}" for line in words.counts(review)]
        yield markdown.folded("Rebuilds", lines)
    notes = [*review.notes, "`fromager-build-tags review` repeats this in a checkout"]
    yield "\n" + "".join(f"<sub>{_note(note)}</sub>  \n" for note in notes)


def _item(change: Change) -> str:
    remark = f", **{words.remark(change)}**" if words.remark(change) else ""
    before = markdown_code(change.before) or "(new)"
    after = markdown_code(change.after) or "(gone)"
    wheel = markdown_code(f"{change.package} {change.version}")
    return f"- {markdown_text(change.variant)}: {wheel} {before} → {after}{remark}"


def _note(note: str) -> str:
    return note if note.startswith("`") else markdown_text(note)
