"""The files that installers select, as a table, Markdown or JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from packaging.version import Version

from ..index import IndexFile
from ..index.select import Target
from ..text import markdown_code, plain
from .block import Block
from .table import Rendered, Table

FORMAT_VERSION: Final = "1.1"
_HEADING: Final = ("PROJECT", "VERSION", "PYTHON", "SELECTED BY", "WHEEL")


@dataclass(frozen=True, kw_only=True, slots=True)
class Selected:
    """A selected wheel or sdist.

    Attributes:
        index: its path, or its URL without credentials.
        installers: pip and uv, or the one of them that selects it.
    """

    index: str
    file: IndexFile
    version: Version
    target: Target
    installers: Sequence[str]

    @property
    def is_sdist(self) -> bool:
        """Whether the installer has to build it."""
        return not self.file.filename.endswith(".whl")


def _row(each: Selected) -> tuple[str, ...]:
    shown = plain(each.file.filename) + (" (sdist, to be built)" if each.is_sdist else "")
    installers = ", ".join(each.installers)
    return (each.file.project, str(each.version), str(each.target), installers, shown)


def render_table(selected: Sequence[Selected]) -> list[str | Table]:
    """Return a line for each file, Python and platform."""
    return [Table(heading=_HEADING, rows=[_row(each) for each in selected])] if selected else []


def render_markdown(selected: Sequence[Selected]) -> str:
    """Return a table."""
    head = f"| {' | '.join(_HEADING)} |\n|{' --- |' * len(_HEADING)}\n"
    rows = [f"| {' | '.join(map(markdown_code, _row(each)))} |\n" for each in selected]
    return Block(head=head, parts=rows, noun="wheel").within()


def render_json(selected: Sequence[Selected]) -> str:
    """Return an object with ``format_version`` and ``winners``."""
    records = [
        {
            "index": each.index,
            "project": each.file.project,
            "version": str(each.version),
            "abi": each.target.abi,
            "platform": each.target.platform,
            "installers": list(each.installers),
            "kind": "sdist" if each.is_sdist else "wheel",
            "filename": each.file.filename,
            "location": each.file.location,
        }
        for each in selected
    ]
    return json.dumps({"format_version": FORMAT_VERSION, "winners": records}, indent=1) + "\n"


RENDERERS: Final[Mapping[str, Callable[[Sequence[Selected]], Rendered]]] = {
    "table": render_table,
    "markdown": render_markdown,
    "json": render_json,
}
