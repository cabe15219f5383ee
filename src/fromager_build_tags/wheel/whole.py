"""A member of a wheel is what the archive says of it, twice: in its list, and before its bytes.

Source: PKWARE's APPNOTE.TXT, sections 4.3.7 (local file header), 4.3.9 (data descriptor) and 4.5.3
(zip64).
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterator
from typing import IO

from .tape import Stream

_HEADER = struct.Struct("<4s5H3I2H")
_FLAGS, _SIZES, _LENGTHS = 2, slice(7, 9), slice(9, 11)
_DESCRIPTOR = 1 << 3
_IN_EXTRA, _ZIP64 = 0xFFFFFFFF, 1


class Whole:
    """A stream of exactly ``size`` bytes; raise ``EOFError`` where it ends before."""

    def __init__(self, stream: Stream, size: int) -> None:
        self._stream = stream
        self._left = size

    def read(self, size: int, /) -> bytes:
        """Return the next bytes, fewer than ``size`` only at the end."""
        data = self._stream.read(size)
        if len(data) < min(size, self._left):
            raise EOFError(f"it ends {self._left - len(data)} bytes before its stated size")
        self._left -= len(data)
        return data


def check_local_header(file: IO[bytes], info: zipfile.ZipInfo) -> None:
    """Raise ``BadZipFile`` where the sizes before a member's bytes are not those of the list.

    Its name is compared by ``zipfile``. Where the sizes stand behind the bytes, they may be left
    out before them.
    """
    file.seek(info.header_offset)
    data = file.read(_HEADER.size)
    if len(data) < _HEADER.size:
        raise zipfile.BadZipFile("its local header is cut off")
    header = _HEADER.unpack(data)
    name, extra = header[_LENGTHS]
    packed, unpacked = header[_SIZES]
    if _IN_EXTRA in (packed, unpacked):
        file.seek(name, io.SEEK_CUR)
        unpacked, packed = _zip64(file.read(extra), unpacked, packed)
    listed = (info.compress_size, info.file_size)
    left_out = header[_FLAGS] & _DESCRIPTOR and {packed, unpacked} <= {0, _IN_EXTRA}
    if (packed, unpacked) != listed and not left_out:
        raise zipfile.BadZipFile(
            f"its local header says {unpacked} bytes in {packed}, and the list of members "
            f"{info.file_size} in {info.compress_size}"
        )


def _zip64(extra: bytes, *sizes: int) -> Iterator[int]:
    """Yield the sizes, those that are too large for 32 bits from the zip64 field."""
    values = iter(_zip64_values(extra))
    return (next(values, size) if size == _IN_EXTRA else size for size in sizes)


def _zip64_values(extra: bytes) -> tuple[int, ...]:
    while len(extra) >= 4:
        kind, length = struct.unpack("<2H", extra[:4])
        if kind == _ZIP64:
            data = extra[4 : 4 + min(length, 16)]
            return struct.unpack(f"<{len(data) // 8}Q", data[: len(data) // 8 * 8])
        extra = extra[4 + length :]
    return ()
