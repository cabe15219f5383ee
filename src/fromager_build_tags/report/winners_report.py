"""Which files are taken, as a table, Markdown or JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from packaging.version import Version

from ..index import IndexFile
from ..index.targets import Target
from ..text import markdown_code, plain
from .block import Block
from .table import Rendered, Table

FORMAT_VERSION: Final = "1.1"
_HEADING: Final = ("PROJECT", "VERSION", "PYTHON", "BY", "WHEEL")


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """A wheel, or an sdist, that is taken.

    Attributes:
        index: its path, or its URL without credentials.
        installers: who takes it: ``pip, uv``, or one of them where they disagree.
    """

    index: str
    file: IndexFile
    version: Version
    target: Target
    installers: str

    @property
    def is_sdist(self) -> bool:
        """Whether it has to be built."""
        return not self.file.filename.endswith(".whl")


def _row(taken: Taken) -> tuple[str, ...]:
    shown = plain(taken.file.filename) + (" (an sdist: it is built)" if taken.is_sdist else "")
    project, version = taken.file.project, str(taken.version)
    return (project, version, str(taken.target), taken.installers, shown)


def render_table(taken: Sequence[Taken]) -> list[str | Table]:
    """Return a line for each file, Python and platform."""
    return [Table(heading=_HEADING, rows=[_row(each) for each in taken])] if taken else []


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
            "project": each.file.project,
            "version": str(each.version),
            "abi": each.target.abi,
            "platform": each.target.platform,
            "installers": each.installers.split(", "),
            "kind": "sdist" if each.is_sdist else "wheel",
            "filename": each.file.filename,
            "location": each.file.location,
        }
        for each in taken
    ]
    return json.dumps({"format_version": FORMAT_VERSION, "winners": winners}, indent=1) + "\n"


RENDERERS: Final[Mapping[str, Callable[[Sequence[Taken]], Rendered]]] = {
    "table": render_table,
    "markdown": render_markdown,
    "json": render_json,
}
