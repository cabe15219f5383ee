"""Make a text from outside harmless: names in an index and keys in a file can hold anything."""

from __future__ import annotations

import re

_LONGEST = 300
_CODE_FENCE = re.compile(r"`+")


def plain(text: str, longest: int = _LONGEST) -> str:
    """Return *text* on one line, control characters spelled out, not longer than *longest*."""
    shown = text if text.isprintable() else "".join(map(_printable, text))
    return shown if len(shown) <= longest else f"{shown[: longest - 1]}…"


def _printable(character: str) -> str:
    return character if character.isprintable() else ascii(character)[1:-1]


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


def size_text(size: int | None) -> str:
    """Return ``1.5 MB`` for bytes; ``?`` for a size that nobody tells."""
    if size is None:
        return "?"
    number, unit = float(size), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if number < 1000:
            break
        number, unit = number / 1000, larger
    return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"


def counted(number: int, word: str) -> str:
    """Return ``1 wheel`` or ``1,200 wheels``."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"
