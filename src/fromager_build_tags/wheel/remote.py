"""A wheel behind a URL, read by HTTP ranges: the tail first, then what is asked for.

The end of a zip file says where everything is, and wheels put ``dist-info`` there, too. A server
that knows no ranges has its answer streamed to a temporary file, once.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Final

from .archive import WheelArchive
from .server import REDIRECTS, Server, Tail, Traffic
from .urls import shown_url

if TYPE_CHECKING:
    import requests

TAIL: Final = 32 << 10
_FIRST, _GROWTH, _LARGEST = 4 << 10, 4, 4 << 20


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
        file = stack.enter_context(_file(Server(session, url, shown, traffic), traffic))
        yield stack.enter_context(WheelArchive.open(shown, file))


def _file(server: Server, traffic: Traffic) -> IO[bytes]:
    match server.open(TAIL):
        case Tail() as tail:
            return io.BufferedReader(RangeFile(server, traffic.size, tail), 4096)
        case file:
            return file


class RangeFile(io.RawIOBase):
    """A remote file that can seek: it keeps the tail, and the last two pieces that it read.

    Pieces grow while one is read behind the other, so a member that is looked into costs little,
    and one that is read to its end few requests. Two, since a member that was looked into across
    the end of one piece is then read from its start.
    """

    def __init__(self, server: Server, size: int, tail: Tail) -> None:
        super().__init__()
        self._server = server
        self._size = size
        self._tail = (tail.start, tail.data)
        self._pieces = [(0, b""), (0, b"")]
        self._next = _FIRST
        self._at = 0

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
        data = self._held(wanted)
        if not data:
            self._fetch()
            data = self._held(wanted)
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def _held(self, wanted: int) -> bytes:
        for start, data in (self._tail, *self._pieces):
            at = self._at - start
            if 0 <= at < len(data):
                return data[at : at + wanted]
        return b""

    def _fetch(self) -> None:
        start, data = self._pieces[-1]
        follows = data and self._at == start + len(data)
        self._next = min(self._next * _GROWTH, _LARGEST) if follows else _FIRST
        stop = min(self._at + self._next, self._tail[0])  # the tail is here already
        piece = (self._at, self._server.fetch(range(self._at, stop)))
        self._pieces = [self._pieces[-1], piece]
