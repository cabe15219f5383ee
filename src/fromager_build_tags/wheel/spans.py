"""Which bytes of a file are held."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator


class Spans:
    """Ranges that neither touch nor overlap, in order."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._stops: list[int] = []

    def add(self, part: range) -> None:
        """Add a range that overlaps none."""
        at = bisect_right(self._starts, part.start)
        self._starts.insert(at, part.start)
        self._stops.insert(at, part.stop)
        for left in (at, at - 1):  # what touches becomes one
            if 0 <= left < len(self._starts) - 1 and self._stops[left] == self._starts[left + 1]:
                self._stops[left] = self._stops.pop(left + 1)
                del self._starts[left + 1]

    def held_from(self, at: int) -> int:
        """Return where the range ends that holds *at*; *at* itself where none does."""
        index = bisect_right(self._starts, at) - 1
        return max(at, self._stops[index]) if index >= 0 else at

    def missing(self, wanted: range) -> Iterator[range]:
        """Yield the parts of *wanted* that no range holds."""
        at = wanted.start
        while (at := self.held_from(at)) < wanted.stop:
            index = bisect_right(self._starts, at)
            following = self._starts[index] if index < len(self._starts) else wanted.stop
            stop = min(following, wanted.stop)
            yield range(at, stop)
            at = stop
