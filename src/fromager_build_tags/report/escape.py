"""Make a text from outside harmless: names in an index and keys in a file can hold anything."""

from __future__ import annotations

import re

_LONGEST = 300
_CODE_FENCE = re.compile(r"`+")


def plain(text: str, longest: int = _LONGEST) -> str:
    """Return *text* on one line, control characters spelled out, not longer than *longest*."""
    shown = text
    if not text.isprintable():
        shown = "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)
    return shown if len(shown) <= longest else f"{shown[: longest - 1]}…"


def markdown_code(text: str) -> str:
    """Return *text* as a code span, in which nothing is markup, for use inside a table, too."""
    shown = plain(text).replace("|", "\\|")
    if not shown:
        return ""
    ticks = "`" * (1 + max((len(run) for run in _CODE_FENCE.findall(shown)), default=0))
    space = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{ticks}{space}{shown}{space}{ticks}"


def markdown_text(text: str) -> str:
    """Return *text* as prose: no markup but code spans that are balanced, no HTML."""
    shown = plain(text, 2_000)
    return re.sub(r"([\\*_\[\]<>|~#@])", r"\\\1", shown).replace("\\<", "&lt;")
