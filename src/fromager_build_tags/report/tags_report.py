"""Planned tags as a table for people, Markdown, CSV or JSON; the explanation of one as text."""

from __future__ import annotations

import csv
import functools
import io
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from ..plan.explanation import Explanation
from ..plan.model import ANY_PACKAGE, PlannedTag
from ..plan.source import SourceKind
from ..stack.fact import Fact, Missing
from ..text import first_few, markdown_code, markdown_text, plain, safe_json
from .table import Part, Rendered, Table

#: Of the JSON report: a minor number adds, a major number breaks.
FORMAT_VERSION: Final = "2.3"

_HEADING: Final = ("PACKAGE", "VERSION", "TAG", "SOURCE")
_NAMES: Final = ("LABEL", "PLATLIB WHEEL", "PURELIB WHEEL")
_FIELDS: Final = (
    "package", "version", "variant", "stack", "build_tag", "platlib", "purelib", "source", "note",
    "error", "pattern", "label",
)  # fmt: skip
#: Looked up, since a large tree has 14,400 rows.
_SOURCES: Final = {kind: kind.label for kind in SourceKind} | {None: "-"}
#: JSON and CSV have an empty text for the default.
_SOURCE_FIELDS: Final = _SOURCES | {SourceKind.DEFAULT: "", None: ""}


def render_table(tags: Iterable[PlannedTag], *, names: bool = False) -> list[Part]:
    """Return one table for each stack, with its notes and errors below."""
    parts: list[Part] = []
    for group in _by_stack(tags):
        heading, *rows = _rows(group, names)
        table = Table(heading=heading, rows=rows, below=len(_NAMES) if names else 0)
        parts += ["", _title(group[0]), "", table, *(f"  {note}" for note in _notes(group))]
    return parts[1:]


def render_markdown(tags: Iterable[PlannedTag], *, names: bool = False) -> str:
    """Return one Markdown table for each stack."""
    return "\n".join(_markdown_table(group, names) for group in _by_stack(tags))


def render_csv(tags: Iterable[PlannedTag]) -> str:
    """Return one line of comma-separated values for each tag."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_FIELDS)
    writer.writerows(map(_csv_cell, record) for record in _records(tags))
    return out.getvalue()


def render_json(tags: Iterable[PlannedTag]) -> str:
    """Return an object with ``format_version`` and a list of ``tags``."""
    # json.dumps makes an encoder for each record, which takes three times as long as its texts
    encode = json.JSONEncoder().encode
    record = "{" + ", ".join(f"{encode(field)}: %s" for field in _FIELDS) + "}"
    records = ",\n  ".join(record % tuple(map(encode, texts)) for texts in _records(tags))
    head = f'{{"format_version": "{FORMAT_VERSION}", "tags": ['
    return safe_json(f"{head}\n  {records}\n]}}\n")


RENDERERS: Final[dict[str, Callable[[Iterable[PlannedTag]], Rendered]]] = {
    "table": render_table,
    "json": render_json,
    "csv": render_csv,
    "markdown": render_markdown,
}
#: The same with the names of wheels, which JSON and CSV always contain.
NAME_RENDERERS: Final = RENDERERS | {
    "table": functools.partial(render_table, names=True),
    "markdown": functools.partial(render_markdown, names=True),
}


def _records(tags: Iterable[PlannedTag]) -> Iterator[tuple[str, ...]]:
    """Yield the texts of each tag, in the order of the fields."""
    for members in _by_stack(tags):
        stack = str(members[0].stack)
        for tag in members:
            yield (
                _name(tag),
                tag.version_text,
                tag.variant,
                stack,
                str(tag.build_tag) if not tag.error else "",
                tag.platlib_stem,
                tag.purelib_stem,
                _SOURCE_FIELDS[tag.source],
                tag.note,
                tag.error,
                tag.pattern,
                tag.label,
            )


def _by_stack(tags: Iterable[PlannedTag]) -> Iterator[list[PlannedTag]]:
    for _, group in itertools.groupby(tags, lambda tag: id(tag.stack)):
        yield list(group)


def _title(tag: PlannedTag) -> str:
    return f"{tag.variant}: {tag.stack} ({tag.stack.place})"


def _rows(tags: Iterable[PlannedTag], names: bool) -> Iterator[tuple[str, ...]]:
    """Yield the heading and a row for each tag; with *names*, what file names begin with, too."""
    yield (*_HEADING, *(_NAMES if names else ()))
    for tag in tags:
        if tag.package == ANY_PACKAGE:
            continue  # a note below the table
        build_tag = _text(tag)
        names_of = (tag.label, tag.platlib_stem, tag.purelib_stem) if names else ()
        more = (each or "-" for each in names_of)
        yield (tag.package, tag.version_text, build_tag, _source(tag), *more)


def _text(tag: PlannedTag) -> str:
    return "error" if tag.is_wrong else str(tag.build_tag) or "-"


def _name(tag: PlannedTag) -> str:
    return "*" if tag.package == ANY_PACKAGE else tag.package


def _source(tag: PlannedTag) -> str:
    return _SOURCES[tag.source] + (f" for {tag.pattern}" if tag.pattern else "")


def _csv_cell(text: str) -> str:
    """Return a text on one line, which no spreadsheet takes for a formula."""
    shown = plain(text, 2_000)
    return f"'{shown}" if shown.startswith(("=", "+", "-", "@")) else shown


def _notes(tags: Sequence[PlannedTag]) -> Iterator[str]:
    """Yield the default, then each note and error once, after the packages that it is about."""
    packages: dict[str, list[str]] = {}
    for tag in tags:
        if tag.package == ANY_PACKAGE:
            yield f"every package without settings or an override: {_text(tag)}"
        if text := tag.error or tag.note:
            packages.setdefault(text, []).append(f"{_name(tag)} {tag.version_text}")
    yield from (f"{first_few(names, 5)}: {text}" for text, names in packages.items())


def _markdown_table(tags: Sequence[PlannedTag], names: bool) -> str:
    heading, *rows = _rows(tags, names)
    cells = [
        [
            markdown_code(cell) if column != "SOURCE" else markdown_text(cell)
            for column, cell in zip(heading, row, strict=True)
        ]
        for row in rows
    ]
    table = [f"| {' | '.join(row)} |\n" for row in (map(str.capitalize, heading), *cells)]
    table.insert(1, "|" + " --- |" * len(heading) + "\n")
    notes = "".join(f"- {markdown_text(note)}\n" for note in _notes(tags))
    title = markdown_text(_title(tags[0]))
    return f"### {title}\n\n{''.join(table)}" + (f"\n{notes}" if notes else "")


def render_explanation(explanation: Explanation) -> list[Part]:
    """Return the parts of the explanation, with a section for each question."""
    tag = explanation.tag
    segments = [(f"  {segment.text}", provider) for segment, provider in explanation.segments]
    sources = [
        (f"{'>' if kind is tag.source else ' '} {kind} {kind.label}", text)
        for kind, text in explanation.sources.items()
    ]
    facts = [row for name, fact in explanation.facts for row in _fact(name, fact)]
    sections: list[Iterable[Part]] = [
        _heading(tag),
        _number(explanation),
        ["segments and their sources", Table(heading=(), rows=segments)] if segments else [],
        [f"dependencies of {tag.package} (first match wins)", Table(heading=(), rows=sources)],
        ["facts of the stack and their sources", Table(heading=(), rows=facts)],
    ]
    return [line for section in sections if section for line in ("", *section)][1:]


def _heading(tag: PlannedTag) -> Iterator[str]:
    unlisted = " (versions without a changelog entry)" if tag.version is None else ""
    yield f"{tag.package} {tag.version_text}{unlisted} on {_title(tag)}"
    yield ""
    unknown = "error" if tag.error else "unknown"
    yield f"  platlib wheel  {tag.platlib_stem or unknown}"
    yield f"  purelib wheel  {tag.purelib_stem or unknown}"
    if tag.label:
        yield f"  variant label  {tag.label}, in an index of all accelerators"
    yield from (f"  {text}" for text in (tag.note, tag.error) if text)


def _number(explanation: Explanation) -> Iterator[str]:
    tag = explanation.tag
    counts = " + ".join(str(len(entries)) for _, entries in explanation.changelogs)
    number = "no build number" if tag.number is None else f"build number {tag.number} = {counts}"
    yield f"{number}, changelog entries"
    for place, entries in explanation.changelogs:
        yield f"  {len(entries)} in {place}"
        yield from (f"      {entry}" for entry in entries)


def _fact(name: str, fact: Fact[object] | Missing) -> Iterator[tuple[str, str]]:
    if isinstance(fact, Missing):
        yield f"  {name}", f"missing: {fact.message}"
        return
    yield f"  {name}", f"{fact.value}, {fact.source}"
    for note in fact.unused:
        yield "", f"  not used: {note}"
