"""The blocks of a how-to page: the files that it shows, and its commands with their output.

A block with a title is a file, which the test writes. In a block ``console``, the lines that start
with ``$`` are commands, which run in a shell, with the real program; the lines below one are its
output. ``...`` there stands for any text, on a line of its own for any lines.
"""

from __future__ import annotations

import pathlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

DOCS: Final = pathlib.Path(__file__).parent.parent / "docs"
_BLOCK: Final = re.compile(r"^```(?P<info>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_TITLE: Final = re.compile(r'title="([^"]+)"')


@dataclass(frozen=True, kw_only=True, slots=True)
class File:
    """A file that the page shows."""

    path: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """A command that the page runs, and its output."""

    line: str
    output: str


def steps(page: str) -> Iterator[File | Command]:
    """Yield the files and commands of a page, in their order."""
    for block in _BLOCK.finditer((DOCS / page).read_text(encoding="utf-8")):
        if title := _TITLE.search(block["info"]):
            yield File(path=title[1], text=block["text"])
        elif block["info"] == "console":
            _, *parts = re.split(r"^\$ ", block["text"], flags=re.MULTILINE)
            for part in parts:
                line, _, output = part.partition("\n")
                yield Command(line=line, output=output)


def matches(expected: str, output: str) -> bool:
    """Whether an output is the expected one, in which ``...`` stands for any text."""
    lines = [
        r"(?:.*\n)*?" if line == "..." else re.escape(line).replace(r"\.\.\.", ".*") + r"\n"
        for line in expected.splitlines()
    ]
    return re.fullmatch("".join(lines), output) is not None
