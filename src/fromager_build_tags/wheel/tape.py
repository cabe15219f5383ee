"""Read a stream once, front to back, and keep only the places that matter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

CHUNK = 1 << 20
KEEP_LIMIT = 160 << 20
"""Bytes that one ``Sparse`` may hold: the bound on memory for an ELF file of any size."""


class Stream(Protocol):
    """What is asked of a stream: the next bytes, nothing else."""

    def read(self, size: int, /) -> bytes:
        """Return the next bytes, fewer than ``size`` only at the end."""
        ...


class GapError(Exception):
    """Bytes that lie in the file but were let pass; another run over the stream brings them."""

    def __init__(self, wanted: Sequence[range]) -> None:
        super().__init__(wanted)
        self.wanted = wanted


class OutOfBoundsError(Exception):
    """Bytes asked for that the file does not have."""


class TooMuchError(Exception):
    """More asked for than one file may have, or all of a wheel together."""


class Tape:
    """A stream with a position that only grows.

    A member of a wheel is deflated, so that every step back inflates it again from its start.
    """

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self.position = 0

    def take(self, wanted: range) -> bytearray:
        """Return the bytes of ``wanted``, which begins at or after the position.

        They are fewer where the stream ends before.
        """
        self._pass_by(wanted.start - self.position)
        # Filled in place: a list of chunks and then their sum would need the room twice.
        data, filled = bytearray(len(wanted)), 0
        while filled < len(data) and (chunk := self._read(len(data) - filled)):
            data[filled : filled + len(chunk)] = chunk
            filled += len(chunk)
        del data[filled:]
        return data

    def _pass_by(self, count: int) -> None:
        while count > 0 and (chunk := self._read(count)):
            count -= len(chunk)

    def _read(self, most: int) -> bytes:
        data = self._stream.read(min(most, CHUNK))
        self.position += len(data)
        return data


class Sparse:
    """The kept places of a file of ``size`` bytes."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._kept = 0
        self._pieces: list[tuple[int, memoryview]] = []

    def fill(self, tape: Tape, wanted: Sequence[range]) -> None:
        """Keep ``wanted`` where the tape has not passed it.

        Raises:
            OutOfBoundsError: the tape ends before the size that was stated for the file.
            TooMuchError: it is more than the limit.
        """
        for part in _merged(wanted, self.size):
            left = range(max(part.start, tape.position), part.stop)
            if left:
                self._reserve(len(left))
                data = tape.take(left)
                if len(data) < len(left):
                    raise OutOfBoundsError(f"it ends at {tape.position} of {self.size} bytes")
                self._pieces.append((left.start, memoryview(data)))

    def require(self, *wanted: range) -> None:
        """Raise one ``GapError`` for all of ``wanted`` that was not kept."""
        if missing := [part for part in wanted if part and self._find(part) is None]:
            raise GapError(missing)

    def read(self, wanted: range) -> memoryview:
        """Return the bytes of ``wanted``, or raise ``OutOfBoundsError`` or ``GapError``.

        They are no copy, which for symbols can be large.
        """
        if not wanted:
            return memoryview(b"")
        if (data := self._find(wanted)) is None:
            raise GapError([wanted])
        return data

    def _find(self, wanted: range) -> memoryview | None:
        if wanted.start < 0 or wanted.stop > self.size:
            count = wanted.stop - wanted.start  # len() of a range has a limit
            raise OutOfBoundsError(f"{count} bytes at {wanted.start} of {self.size}")
        for start, data in self._pieces:
            if start <= wanted.start and wanted.stop <= start + len(data):
                return data[wanted.start - start : wanted.stop - start]
        return None

    def _reserve(self, length: int) -> None:
        self._kept += length
        if self._kept > KEEP_LIMIT:
            raise TooMuchError(f"{self._kept} bytes of tables, where {KEEP_LIMIT} are read")


def _merged(wanted: Sequence[range], size: int) -> list[range]:
    merged: list[range] = []
    inside = [range(min(max(part.start, 0), size), min(part.stop, size)) for part in wanted]
    for part in sorted(inside, key=lambda part: part.start):
        if merged and part.start < merged[-1].stop:
            merged[-1] = range(merged[-1].start, max(merged[-1].stop, part.stop))
        elif part:
            merged.append(part)
    return merged
