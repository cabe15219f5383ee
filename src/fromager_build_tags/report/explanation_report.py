"""An explanation as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from ..plan.explanation import Explanation
from ..plan.source import SourceKind
from ..stack.facts import Fact, Missing

_KINDS: Final = {
    SourceKind.OWN_OVERRIDE: "its own override",
    SourceKind.ANNOTATION: "its annotation",
    SourceKind.SHIPPED_OVERRIDE: "the shipped override",
    SourceKind.DEFAULT: "default",
}


def render_explanation(explanation: Explanation) -> str:
    """Return the whole explanation, a section for each question."""
    sections = [
        _heading(explanation),
        _number(explanation),
        _segments(explanation),
        _needs(explanation),
        _stack(explanation),
    ]
    return "\n\n".join("\n".join(section) for section in sections if section) + "\n"


def _heading(explanation: Explanation) -> Sequence[str]:
    tag = explanation.tag
    unlisted = " (versions without a changelog entry)" if tag.version is None else ""
    wheel = f"{tag.package} {tag.version_text}{unlisted}"
    lines = [
        f"{wheel} on {tag.variant}: {tag.stack} ({tag.stack.place})",
        "",
        f"  platlib wheel  {tag.platlib_stem or 'error'}",
        f"  purelib wheel  {tag.purelib_stem}",
    ]
    return [*lines, *(f"  {text}" for text in (tag.note, tag.error) if text)]


def _number(explanation: Explanation) -> Sequence[str]:
    tag = explanation.tag
    counts = " + ".join(str(len(part.entries)) for part in explanation.changelogs)
    number = "no build number" if tag.number is None else f"build number {tag.number} = {counts}"
    lines = [f"{number}, changelog entries"]
    for part in explanation.changelogs:
        lines.append(f"  {len(part.entries)} in {part.place}")
        lines += [f"      {entry}" for entry in part.entries]
    return lines


def _segments(explanation: Explanation) -> Sequence[str]:
    if not explanation.segments:
        return []
    width = max(len(segment.text) for segment, _ in explanation.segments)
    rows = [f"  {segment.text:<{width}}  {provider}" for segment, provider in explanation.segments]
    return ["segments, and who gave them", *rows]


def _needs(explanation: Explanation) -> Sequence[str]:
    lines = [f"who says what {explanation.tag.package} needs, the first that speaks"]
    for source in explanation.sources:
        mark = ">" if source.is_source else " "
        kind = source.kind
        lines.append(f"{mark} {kind} {_KINDS[kind]:<20}  {source.text}")
    return lines


def _stack(explanation: Explanation) -> Sequence[str]:
    width = max(len(name) for name, _ in explanation.facts)
    lines = ["where the stack comes from"]
    for name, fact in explanation.facts:
        first, *rest = _fact(fact)
        lines.append(f"  {name:<{width}}  {first}")
        lines += [f"  {'':<{width}}  {text}" for text in rest]
    return lines


def _fact(fact: Fact[object] | Missing) -> Iterator[str]:
    if isinstance(fact, Missing):
        yield f"missing: {fact.message}"
        return
    yield f"{fact.value}, {fact.source}"
    for note in fact.unused:
        yield f"  heard: {note}"
