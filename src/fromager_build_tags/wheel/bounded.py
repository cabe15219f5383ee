"""A file that gives up before it gives too much at once."""

from __future__ import annotations

import io
from typing import IO

READ_LIMIT = 16 << 20
"""Bytes. The longest list of members seen in a published wheel has a fifth of that."""


class TooLongError(Exception):
    """More bytes asked for at once than ``READ_LIMIT``."""


class BoundedFile:
    """A file as ``zipfile`` wants it, which reads the whole list of members in one go.

    It makes an object of each member before anybody can count them, so the bytes are counted.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes; raise ``TooLongError`` where they are too many."""
        if size > READ_LIMIT:
            raise TooLongError(f"{size} bytes")
        return self._file.read(size)

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Go to another position."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return the position."""
        return self._file.tell()

    def seekable(self) -> bool:
        """Return True."""
        return True
