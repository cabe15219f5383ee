"""The explanation of a build tag, as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..plan.explanation import Explanation
from ..stack.fact import Fact, Missing


def render_explanation(explanation: Explanation) -> str:
    """Return the explanation, with a section for each question."""
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
    counts = " + ".join(str(len(entries)) for _, entries in explanation.changelogs)
    number = "no build number" if tag.number is None else f"build number {tag.number} = {counts}"
    lines = [f"{number}, changelog entries"]
    for place, entries in explanation.changelogs:
        lines.append(f"  {len(entries)} in {place}")
        lines += [f"      {entry}" for entry in entries]
    return lines


def _segments(explanation: Explanation) -> Sequence[str]:
    if not explanation.segments:
        return []
    width = max(len(segment.text) for segment, _ in explanation.segments)
    rows = [f"  {segment.text:<{width}}  {provider}" for segment, provider in explanation.segments]
    return ["segments and their sources", *rows]


def _needs(explanation: Explanation) -> Sequence[str]:
    lines = [f"dependencies of {explanation.tag.package} (first match wins)"]
    for kind, text in explanation.sources.items():
        mark = ">" if kind is explanation.tag.source else " "
        lines.append(f"{mark} {kind} {kind.label:<16}  {text}")
    return lines


def _stack(explanation: Explanation) -> Sequence[str]:
    width = max(len(name) for name, _ in explanation.facts)
    lines = ["facts of the stack and their sources"]
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
        yield f"  not used: {note}"
