"""Which wheels are taken, as a table, Markdown or JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ..standing import Wheel
from ..winners import Target
from .block import Block
from .columns import render_columns
from .escape import markdown_code, plain

FORMAT_VERSION: Final = "1.0"
_HEADING: Final = ("PROJECT", "VERSION", "PYTHON", "BY", "WHEEL")


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """A wheel that is taken.

    Attributes:
        index: its path, or its URL without credentials.
        installers: who takes it: ``pip, uv``, or one of them where they disagree.
    """

    index: str
    wheel: Wheel
    target: Target
    installers: str


def _row(taken: Taken) -> tuple[str, ...]:
    name = taken.wheel.name
    shown = plain(taken.wheel.file.filename)
    return (name.name, str(name.version), str(taken.target), taken.installers, shown)


def render_table(taken: Sequence[Taken]) -> str:
    """Return a line for each wheel, Python and platform."""
    return render_columns(_HEADING, [_row(each) for each in taken]) if taken else ""


def render_markdown(taken: Sequence[Taken]) -> str:
    """Return a table."""
    head = f"| {' | '.join(_HEADING)} |\n|{' --- |' * len(_HEADING)}\n"
    rows = [f"| {' | '.join(map(markdown_code, _row(each)))} |\n" for each in taken]
    return Block(head=head, parts=rows, noun="wheel").within()


def render_json(taken: Sequence[Taken]) -> str:
    """Return an object with ``format_version`` and ``winners``."""
    winners = [
        {
            "index": each.index,
            "project": each.wheel.name.name,
            "version": str(each.wheel.name.version),
            "abi": each.target.abi,
            "platform": each.target.platform,
            "installers": each.installers.split(", "),
            "filename": each.wheel.file.filename,
            "location": each.wheel.file.location,
        }
        for each in taken
    ]
    return json.dumps({"format_version": FORMAT_VERSION, "winners": winners}, indent=1) + "\n"


RENDERERS: Final[Mapping[str, Callable[[Sequence[Taken]], str]]] = {
    "table": render_table,
    "markdown": render_markdown,
    "json": render_json,
}
