"""Sizes and counts for people."""

from __future__ import annotations


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
