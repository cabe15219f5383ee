"""Planned tags as a table for people, Markdown, CSV or JSON."""

from __future__ import annotations

import csv
import io
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from ..plan.model import PlannedTag
from ..plan.source import SourceKind
from ..text import first_few
from .table import Rendered, Table

#: Of the JSON report: a minor number adds, a major number breaks.
FORMAT_VERSION: Final = "2.0"

_HEADING: Final = ("PACKAGE", "VERSION", "BUILD TAG", "PLATLIB WHEEL", "PURELIB WHEEL", "SOURCE")


def render_table(tags: Iterable[PlannedTag]) -> list[str | Table]:
    """Return one table for each stack, with its notes and errors below."""
    parts: list[str | Table] = []
    for title, group in _by_stack(tags):
        table = Table(heading=_HEADING, rows=[_row(tag) for tag in group])
        parts += ["\n", f"{title}\n", "\n", table, _notes(group, "  ")]
    return parts[1:]


def render_markdown(tags: Iterable[PlannedTag]) -> str:
    """Return one Markdown table for each stack."""
    return "\n".join(_markdown_table(title, group) for title, group in _by_stack(tags))


def render_csv(tags: Iterable[PlannedTag]) -> str:
    """Return one line of comma-separated values for each tag."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_FIELDS)
    writer.writerows(_records(tags))
    return out.getvalue()


def render_json(tags: Iterable[PlannedTag]) -> str:
    """Return an object with ``format_version`` and a list of ``tags``."""
    # json.dumps makes an encoder for each record, which takes three times as long as its texts
    encode = json.JSONEncoder().encode
    record = "{" + ", ".join(f"{encode(field)}: %s" for field in _FIELDS) + "}"
    records = ",\n  ".join(record % tuple(map(encode, texts)) for texts in _records(tags))
    return f'{{"format_version": "{FORMAT_VERSION}", "tags": [\n  {records}\n]}}\n'


RENDERERS: Final[Mapping[str, Callable[[Iterable[PlannedTag]], Rendered]]] = {
    "table": render_table,
    "json": render_json,
    "csv": render_csv,
    "markdown": render_markdown,
}


#: Nothing is shown for the default; looked up, since a large tree has 14,400 rows.
_SOURCES: Final = {kind: kind.label for kind in SourceKind} | {SourceKind.DEFAULT: "", None: ""}


_FIELDS: Final = (
    "package",
    "version",
    "variant",
    "stack",
    "build_tag",
    "platlib",
    "purelib",
    "source",
    "note",
    "error",
)


def _records(tags: Iterable[PlannedTag]) -> Iterator[tuple[str, ...]]:
    """Yield the texts of each tag, in the order of the fields."""
    for _, group in itertools.groupby(tags, lambda tag: id(tag.stack)):
        members = list(group)
        stack = str(members[0].stack)
        for tag in members:
            yield (
                tag.package,
                tag.version_text,
                tag.variant,
                stack,
                str(tag.build_tag) if not tag.error else "",
                tag.platlib_stem,
                tag.purelib_stem,
                _SOURCES[tag.source],
                tag.note,
                tag.error,
            )


def _by_stack(tags: Iterable[PlannedTag]) -> Iterable[tuple[str, Sequence[PlannedTag]]]:
    for _, group in itertools.groupby(tags, lambda tag: id(tag.stack)):
        members = list(group)
        stack = members[0].stack
        yield f"{stack.variant}: {stack} ({stack.place})", members


def _row(tag: PlannedTag) -> tuple[str, ...]:
    return (
        tag.package,
        tag.version_text,
        "error" if tag.is_wrong else str(tag.build_tag) or "-",
        tag.platlib_stem or "-",
        tag.purelib_stem,
        _SOURCES[tag.source],
    )


def _notes(tags: Sequence[PlannedTag], indent: str) -> str:
    """Return each note and error once, after the packages that it is about."""
    packages: dict[str, list[str]] = {}
    for tag in tags:
        if text := tag.error or tag.note:
            packages.setdefault(text, []).append(f"{tag.package} {tag.version_text}")
    return "".join(f"{indent}{first_few(names, 5)}: {text}\n" for text, names in packages.items())


def _markdown_table(title: str, tags: Sequence[PlannedTag]) -> str:
    lines = [
        f"### {title}",
        "",
        "| " + " | ".join(word.capitalize() for word in _HEADING) + " |",
        "|" + " --- |" * len(_HEADING),
    ]
    lines += ["| " + " | ".join(_markdown_cells(tag)) + " |" for tag in tags]
    notes = _notes(tags, "- ")
    return "\n".join(lines) + "\n" + (f"\n{notes}" if notes else "")


def _markdown_cells(tag: PlannedTag) -> Iterable[str]:
    *names, source = _row(tag)
    return (*(f"`{name}`" if name else "" for name in names), source)
