"""A review as a table for people, Markdown, JSON, or one of the formats of a CI service."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from ..findings.finding import Verdict
from ..findings.rules import STALE_LOCK
from ..plan.locked_tags import ANY
from ..plan.lockfile import format_tag
from ..review.causes import Cause
from ..review.change import OTHER_PACKAGES, Change, ChangeKind, count_wheels
from ..review.compare import Review
from ..review.torch_move import TorchMove
from ..text import counted, dump_json, markdown_code, markdown_text
from ..wheel.torch.torch_loads import TorchAnswer
from .block import Block, chained, titled
from .findings_report import FINDINGS, as_json, render_table, sections
from .table import Rendered, Table

#: Finds the comment of a pull request again, to update it in place.
MARKER: Final = "<!-- fromager-build-tags review -->"
#: This many names are shown below their cause; Markdown folds more of them at the end.
_FEW: Final = 10
_HEADING: Final = ("  VARIANT", "PACKAGE", "VERSION", "BEFORE", "AFTER", "")
_COMPARED: Final = (_HEADING.index("BEFORE"), _HEADING.index("AFTER"))
_DID: Final = {ChangeKind.CHANGED: "renames", ChangeKind.NEW: "adds", ChangeKind.GONE: "removes"}
_ANSWERS: Final = {
    TorchAnswer.NO: "{} cannot load with it",
    TorchAnswer.PART: "{} would load in part",
    TorchAnswer.UNKNOWN: "{} unknown",
    TorchAnswer.YES: "{} would load (by symbols alone: layouts of types can differ)",
}
_UNEXPLAINED: Final = (
    "something outside the settings files (an installed override, a variable, a lock file alone)"
)


def _table(review: Review, verdict: Verdict) -> list[str | Table]:
    """Return what changes, by cause, then counts, findings and notes."""
    parts: list[str | Table] = [_summary(review, verdict)]
    for causes, changes in review.by_cause():
        rows = [(f"  {each.variant}", *_cells(each)) for each in changes]
        parts += [
            "",
            cause_line(causes, changes, real=review.is_real),
            Table(heading=_HEADING, rows=rows, compared=_COMPARED, below=3),
        ]
    if review.rebuilds:
        parts += ["", *_counts(review)]
    if verdict.findings or verdict.suppressed:
        parts += ["", *render_table(verdict)]
    if review.notes:
        parts += ["", *review.notes]
    return parts


def _cells(change: Change) -> tuple[str, str, str, str, str]:
    before = "(new)" if change.before is None else format_tag(change.before)
    after = "(gone)" if change.after is None else format_tag(change.after)
    return change.package, change.version, before, after, remark(change)


def _json(review: Review, verdict: Verdict) -> str:
    """Return one object; ``format_version`` is that of the findings."""
    report = as_json(verdict) | {
        "headline": _summary(review, verdict),
        "base": review.base,
        "head": review.head,
        "changes": [_record(each) for each in review.changes],
        "compared": review.counted,
        "rebuilds": [
            {
                "variant": each.variant,
                "stack": str(each.stack),
                "renamed": each.renamed,
                "added": each.added,
            }
            for each in review.rebuilds
        ],
        "torch": [
            {
                "torch": str(each.torch),
                "read": each.wheels,
                **{answer.value: each.answers.get(answer, 0) for answer in TorchAnswer},
            }
            for each in review.moves
        ],
        "notes": list(review.notes),
    }
    return dump_json(report)


def _record(change: Change) -> dict[str, Any]:
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
        "causes": [{"what": each.what, "place": str(each.place)} for each in change.causes],
    }


def render_review_markdown(review: Review, verdict: Verdict) -> str:
    """Return the verdict, causes, counts, findings, the names that change, and notes."""
    head = f"{MARKER}\n**{markdown_text(_summary(review, verdict))}**\n"
    return chained(_blocks(review, verdict), "row", head).within()


def _blocks(review: Review, verdict: Verdict) -> Iterator[Block]:
    few = len(review.changes) <= _FEW
    yield Block(head="\n", parts=[*_causes(review, with_names=few)], noun="cause")
    if review.rebuilds:
        rows = [f"- {markdown_text(line)}\n" for line in _counts(review)]
        yield titled("Rebuilds", rows, "variant", fold=False)
    yield chained(sections(verdict), "finding")
    if not few:
        yield chained(_names(review), _noun(review.changes), "\n**Names**\n")
    notes = [*map(markdown_text, review.notes)]
    notes.append("`fromager-build-tags review` repeats this in a checkout")
    yield Block(head="\n", parts=[f"<sub>{note}</sub>  \n" for note in notes], noun="note")


def _causes(review: Review, *, with_names: bool) -> Iterator[str]:
    for causes, changes in review.by_cause():
        names = [f"  {_item(change)}\n" for change in changes] if with_names else []
        line = markdown_text(cause_line(causes, changes, real=review.is_real))
        yield f"- {line}\n{''.join(names)}"


def _names(review: Review) -> Iterator[Block]:
    for causes, changes in review.by_cause():
        rows = [f"{_item(change)}\n" for change in changes]
        yield titled(
            cause_line(causes, changes, real=review.is_real), rows, _noun(changes), fold=True
        )


def _item(change: Change) -> str:
    package, version, before, after, remark = _cells(change)
    old, new = (
        text if tag is None else markdown_code(text)
        for tag, text in ((change.before, before), (change.after, after))
    )
    problem = f", **{remark}**" if remark else ""
    wheel = markdown_code(f"{package} {version}")
    return f"- {markdown_text(change.variant)}: {wheel} {old} → {new}{problem}"


def _summary(review: Review, verdict: Verdict) -> str:
    """Return what a change does, in one line; first that its lock is stale, and so its tags."""
    stale = [each.message for each in verdict.findings if each.code == STALE_LOCK.code]
    parts = [*stale[:1], str(verdict)]
    if review.changes or not stale:
        parts.insert(-1, f"{_did(review)} from {review.base} to {review.head}")
    return "; ".join(parts)


def _did(review: Review) -> str:
    if review.is_empty:
        return "No build tags are compared"
    number = len(review.changes)
    if not number:
        return "No build tag changes"
    return f"{number:,} {'build tag changes' if number == 1 else 'build tags change'}"


def cause_line(causes: Sequence[Cause], changes: Sequence[Change], *, real: bool) -> str:
    """Return what a cause does: what it renames, adds and removes.

    Packages are counted, or the wheels of a *real* build.
    """
    what = "; ".join(map(str, causes)) if causes else _UNEXPLAINED
    beside = {each for change in changes for each in change.causes} - {*causes}
    if beside:
        what += f", with {counted(len(beside), 'package changelog')},"
    kinds: dict[str, list[Change]] = {}
    for change in changes:
        verb = "adds" if change.is_added else _DID[change.kind]
        kinds.setdefault(verb, []).append(change)
    did = [f"{verb} {_counted(kinds[verb], real=real)}" for verb in _DID.values() if verb in kinds]
    return f"{what} {' and '.join(did)}"


def _counted(changes: Sequence[Change], *, real: bool) -> str:
    number = count_wheels(changes, real=real)
    numbers = [counted(number, "wheel" if real else "package")] if number else []
    others = [OTHER_PACKAGES] if any(change.package == ANY for change in changes) else []
    return " and ".join(numbers + others)


def _noun(changes: Sequence[Change]) -> str:
    renamed = all(change.kind is ChangeKind.CHANGED for change in changes)
    return "renamed wheel" if renamed else "wheel"


def _counts(review: Review) -> Iterator[str]:
    """Return how much each affected stack builds again, and which wheels a new Torch loads."""
    for each in review.rebuilds:
        did = []
        if each.renamed or not each.added:
            did.append(f"{counted(each.renamed, review.noun)} renamed")
        if each.added:
            number = f"{each.added:,}" if did else counted(each.added, review.noun)
            did.append(f"{number} added")
        yield f"{each.variant} ({each.stack}): {', '.join(did)}"
    yield from map(_move, review.moves)


def _move(move: TorchMove) -> str:
    """Return how many renamed wheels load with their new Torch."""
    did = [
        text.format(f"{number:,}")
        for answer, text in _ANSWERS.items()
        if (number := move.answers.get(answer, 0))
    ]
    wheels = counted(move.wheels, "renamed wheel")
    return f"Torch {move.torch}, {wheels} read: {', '.join(did)}"


def remark(change: Change) -> str:
    """Return the problem of a change in two words; "" for none."""
    if change.lost_its_number:
        return "number gone"
    if change.number_fell:
        return "number fell"
    return "sorts below" if change.sorts_below else ""


#: Each format's renderer; the formats of a CI service contain the findings only.
REVIEWS: Final[Mapping[str, Callable[[Review, Verdict], Rendered]]] = {
    "table": _table,
    "markdown": render_review_markdown,
    "json": _json,
    "github": lambda _, verdict: FINDINGS["github"](verdict),
    "gitlab": lambda _, verdict: FINDINGS["gitlab"](verdict),
    "sarif": lambda _, verdict: FINDINGS["sarif"](verdict),
}
