"""A wheel behind a URL, read by HTTP ranges: the tail first, then what is asked for.

The end of a zip file says where everything is, and wheels put ``dist-info`` there, too. A server
that knows no ranges has its answer streamed to a temporary file, once.
"""

from __future__ import annotations

import contextlib
import io
import struct
import tempfile
import zlib
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING, Final, Self
from zipfile import ZIP_STORED

from ..http.urls import shown_url
from .archive import Member, WheelArchive
from .layout import MAGIC
from .server import REDIRECTS, Server, Tail, Traffic, not_stored
from .spans import Spans

if TYPE_CHECKING:
    import requests

TAIL: Final = 32 << 10
_LEAST, _LARGEST = 4 << 10, 4 << 20
# Of a member that is looked into: the local header with the name, and enough to inflate the start.
_HEADER: Final = struct.Struct("<26x2H")
_START: Final = 256
# Places nearer to each other than this are fetched as one: a request costs as much. So are those
# that are not so near, while there are many of them.
_NEAR: Final = (512, 1 << 10, 2 << 10, 4 << 10, 8 << 10)
_FEW: Final = 32
# No link editor writes a library or a program that is smaller than a page.
_PAGE: Final = 4 << 10


@contextlib.contextmanager
def open_url(
    url: str, traffic: Traffic, session: requests.Session | None = None
) -> Iterator[WheelArchive]:
    """Open a remote wheel.

    Args:
        url: where it is.
        traffic: counts, also where it fails.
        session: asks for it, and stays open; one of its own if it is None.

    Raises:
        WheelError: with the reason, by the server's fault or the wheel's.
    """
    import requests

    shown = shown_url(url)
    with contextlib.ExitStack() as stack:
        if session is None:
            session = stack.enter_context(requests.Session())
        session.max_redirects = REDIRECTS
        session.headers["Accept-Encoding"] = "identity"
        server = Server(session, url, shown, traffic)
        match server.open(TAIL):
            case Tail() as tail:
                file = _temporary_file(shown)
                ranges = stack.enter_context(RangeFile(server, traffic.size, tail, file))
                yield stack.enter_context(RemoteArchive.over(shown, ranges))
            case file:
                yield stack.enter_context(WheelArchive.open(shown, stack.enter_context(file)))


class RangeFile(io.RawIOBase):
    """A remote file that can seek; no byte of it is fetched twice.

    What was fetched is kept in *file*, which is closed with this one. Once it is known where
    members begin, a piece ends where its member does: who opens a member reads all of it, and
    perhaps not the next.
    """

    def __init__(self, server: Server, size: int, tail: Tail, file: IO[bytes]) -> None:
        super().__init__()
        self._server = server
        self._size = size
        self._at = 0
        self._members: Sequence[int] = ()
        self._held = Spans()
        self._file = file
        self._keep(tail.start, tail.data)

    def close(self) -> None:
        """Throw away what was fetched."""
        self._file.close()
        super().close()

    def know(self, members: Sequence[int]) -> None:
        """Take the positions at which members begin, in order."""
        self._members = members

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the position."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Go to another position."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise OSError("a position before the start")
        self._at = base + offset
        return self._at

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        """Read from the position on, perhaps less than *buffer* takes."""
        wanted = min(len(buffer), self._size - self._at)
        if wanted <= 0:
            return 0
        if self._held.held_from(self._at) == self._at:
            self._fetch(next(self._held.missing(self._piece(wanted))))
        data = self._kept(range(self._at, min(self._at + wanted, self._held.held_from(self._at))))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def bring(self, wanted: range) -> None:
        """Fetch what of *wanted* is not held yet."""
        for part in list(self._held.missing(range(wanted.start, min(wanted.stop, self._size)))):
            for start in range(part.start, part.stop, _LARGEST):
                self._fetch(range(start, min(start + _LARGEST, part.stop)))

    def bytes_of(self, wanted: range) -> bytes:
        """Return bytes, fewer where the file ends before; the position stays."""
        self.bring(wanted)
        return self._kept(range(wanted.start, min(wanted.stop, self._size)))

    def _piece(self, wanted: int) -> range:
        """Return what to fetch for *wanted* bytes from the position on."""
        if not self._members:
            return range(self._at, min(self._at + min(max(wanted, _LEAST), _LARGEST), self._size))
        index = bisect_right(self._members, self._at)
        end = self._members[index] if index < len(self._members) else self._size
        return range(self._at, min(end, self._at + _LARGEST))

    def _fetch(self, wanted: range) -> None:
        fetched = self._server.fetch(wanted)
        if isinstance(fetched, bytes):
            self._keep(wanted.start, fetched)
            return
        self._file.close()
        self._file = fetched
        self._held = Spans()
        self._held.add(range(self._size))

    def _keep(self, start: int, data: bytes) -> None:
        try:
            self._file.seek(start)
            self._file.write(data)
        except OSError as err:
            raise not_stored(self._server.shown, err) from None
        if data:
            self._held.add(range(start, start + len(data)))

    def _kept(self, part: range) -> bytes:
        self._file.seek(part.start)
        return self._file.read(len(part))


class RemoteArchive(WheelArchive):
    """A wheel behind a URL: to look into a member costs a request, so many are fetched at once."""

    _ranges: RangeFile

    @classmethod
    def over(cls, shown: str, ranges: RangeFile) -> Self:
        """Open a wheel; raise ``WheelError`` with the reason where it is none, or unsafe."""
        archive = cls.open(shown, io.BufferedReader(ranges, _LEAST))
        archive._ranges = ranges
        ranges.know(sorted(member.info.header_offset for member in archive.members()))
        return archive

    def elf_files(self, members: Sequence[Member]) -> Iterator[Member]:
        """Yield the members that begin like an ELF file.

        In a wheel that says that it is pure, what has no extension and is smaller than a page is
        not looked into: such are the hundreds of files of a database of time zones.
        """
        if self._is_pure():
            members = [each for each in members if each.size >= _PAGE or _extension(each)]
        for part in _few(sorted(map(_start_of, members), key=lambda part: part.start)):
            self._ranges.bring(part)
        return filter(self._begins_like_elf, members)

    def _is_pure(self) -> bool:
        wheel = self.wheel_metadata()
        tags = wheel.get_all("Tag", [])
        said = str(wheel.get("Root-Is-Purelib", "")).strip().lower()
        return said == "true" and bool(tags) and all(str(tag).endswith("-any") for tag in tags)

    def _begins_like_elf(self, member: Member) -> bool:
        info, size = member.info, member.info.compress_size
        header = self._ranges.bytes_of(_from(info.header_offset, _HEADER.size))
        if len(header) < _HEADER.size:
            return any(super().elf_files([member]))  # which says what is wrong
        data_at = info.header_offset + _HEADER.size + sum(_HEADER.unpack(header))
        length = _START
        while True:
            data = self._ranges.bytes_of(_from(data_at, min(length, size)))
            try:
                start = data[: len(MAGIC)] if info.compress_type == ZIP_STORED else _inflated(data)
            except zlib.error:
                return any(super().elf_files([member]))
            if len(start) == len(MAGIC) or length >= size:
                return start == MAGIC
            length *= 4


def _temporary_file(shown: str) -> IO[bytes]:
    try:
        return tempfile.TemporaryFile(prefix="build-tags-")
    except OSError as err:
        raise not_stored(shown, err) from None


def _inflated(data: bytes) -> bytes:
    return zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, len(MAGIC))


def _extension(member: Member) -> str:
    return PurePosixPath(member.name).suffix


def _from(start: int, length: int) -> range:
    return range(start, start + length)


def _start_of(member: Member) -> range:
    info = member.info
    names = len(info.orig_filename.encode()) + len(info.extra)
    return _from(info.header_offset, _HEADER.size + names + min(_START, info.compress_size))


def _few(parts: Sequence[range]) -> Sequence[range]:
    """Return ranges, those that are near to each other as one."""
    for near in _NEAR:
        parts = list(_joined(parts, near))
        if len(parts) <= _FEW:
            break
    return parts


def _joined(parts: Sequence[range], near: int) -> Iterator[range]:
    found, *others = parts or [range(0)]
    for part in others:
        if part.start - found.stop > near:
            yield found
            found = part
        found = range(found.start, max(found.stop, part.stop))
    yield found
