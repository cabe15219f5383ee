"""Reports that consist of tables, each with a line about all of its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ..text import dump_json, markdown_code, markdown_text, plain
from .block import Block, chained
from .table import Part, Rendered, Table

#: Characters of a cell or summary.
_LONGEST: Final = 1_000

type Renderers[T] = Mapping[str, Callable[[T], Rendered]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """Rows of texts, a line about all of them, "" for none, and remarks on it, a line each."""

    heading: Sequence[str]
    rows: Sequence[Sequence[str]]
    summary: str = ""
    remarks: Sequence[str] = ()


def renderers[T](
    sections: Callable[[T], Iterable[Section]], record: Callable[[T], Mapping[str, Any]]
) -> Renderers[T]:
    """Return the renderers for results that consist of sections, and of a record for JSON."""

    def as_markdown(result: T) -> str:
        return chained(map(_markdown, sections(result)), "wheel").within().lstrip("\n")

    return {
        "table": lambda result: _table(sections(result)),
        "markdown": as_markdown,
        "json": lambda result: dump_json(record(result)),
    }


def _table(sections: Iterable[Section]) -> list[Part]:
    """Return a table for each section, with its summary below."""
    parts: list[Part] = []
    for section in sections:
        parts += ["\n"] if parts else []
        rows = [[plain(text, _LONGEST) for text in row] for row in section.rows]
        parts += [Table(heading=section.heading, rows=rows, below=1)] if rows else []
        lines = [plain(text, _LONGEST) for text in (section.summary, *section.remarks) if text]
        parts += [*lines[:-1], f"{lines[-1]}\n"] if lines else []
    return parts


def _markdown(section: Section) -> Block:
    """Return the summary, and a table below it."""
    head = f"\n| {' | '.join(section.heading)} |\n|{' --- |' * len(section.heading)}\n"
    rows = [f"| {' | '.join(map(_cell, row))} |\n" for row in section.rows]
    table = Block(head=head if rows else "", parts=rows, noun="wheel")
    summary = f"\n**{markdown_text(section.summary)}**\n" if section.summary else ""
    foot = "".join(f"\n{markdown_text(text)}\n" for text in section.remarks)
    return Block(head=summary, parts=[table], foot=foot, noun="wheel")


def _cell(text: str) -> str:
    """Return a cell: a name, which has no space, as code, and any other text as prose."""
    return markdown_text(text) if " " in text else markdown_code(text)
