"""What the libraries of one wheel may cost together."""

from __future__ import annotations

from dataclasses import dataclass

from .tape import TooMuchError

ROWS = 2_000_000
"""Rows of symbol tables and other tables. tensorflow-cpu 2.21 has 0.6 million, torch 0.2."""
NAMES = 32 << 20
"""Bytes of names that are kept, with what an object costs. torch 2.14 has 8 MB."""
_OBJECT = 64


@dataclass(slots=True)
class Budget:
    """What is left for the libraries that come."""

    rows: int = ROWS
    names: int = NAMES

    def take_rows(self, count: int) -> None:
        """Raise ``TooMuchError`` for more rows than are left; then none of them is taken."""
        if count > self.rows:
            raise TooMuchError(f"{count} rows in tables, where {self.rows} are left of {ROWS}")
        self.rows -= count

    def take_name(self, name: str) -> str:
        """Return the name; raise ``TooMuchError`` where no room is left for it."""
        self.names -= len(name) + _OBJECT
        if self.names < 0:
            raise TooMuchError(f"more than {NAMES} bytes of names")
        return name
