"""A limit of time and bytes for each response, from its first byte on.

The time-outs of requests and urllib3 start again with each byte. So a server can hold a client with
a slow body, with a slow or endless head, and with the body of a redirect or of an error, which
requests and urllib3 read to its end.
"""

from __future__ import annotations

import functools
import http.client
import io
import time
from typing import Any, Final

from requests.adapters import HTTPAdapter

#: Seconds of waiting for one response, after which it has to come faster than ``SLOWEST``.
SLOW_AFTER: Final = 30
#: Bytes a second.
SLOWEST: Final = 1 << 10
#: Bytes of a head, with the interim responses before it, and of a body that is not used.
HEAD_LIMIT: Final = 1 << 20
#: Lines in a row, of heads or behind a body.
LINES: Final = 1_000


class PaceError(TimeoutError):
    """A response is too slow or has too many bytes; the message is the reason."""


class PacedAdapter(HTTPAdapter):
    """An adapter for connections, of a proxy or not, whose responses are paced."""

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        """Return the pool of connections for a request."""
        pool = super().get_connection_with_tls_context(*args, **kwargs)
        pool.ConnectionCls = _paced(pool.ConnectionCls)
        return pool


@functools.cache
def _paced(connection: type[Any]) -> type[Any]:
    if issubclass(connection.response_class, _PacedResponse):
        return connection
    return type(connection.__name__, (connection,), {"response_class": _PacedResponse})


class _PacedResponse(http.client.HTTPResponse):
    def __init__(self, sock: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self._paced = _PacedBytes(self.fp.detach())
        self.fp = _LimitedLines(self._paced)

    def begin(self) -> None:
        super().begin()
        if self.status == http.client.OK:
            self._paced.is_body = True


class _PacedBytes(io.RawIOBase):
    """The bytes of a socket.

    Attributes:
        is_body: whether what follows is the body of a successful response.
    """

    def __init__(self, raw: io.RawIOBase) -> None:
        self._raw = raw
        self._size, self._waited = 0, 0.0
        self.is_body = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Read what has arrived.

        Raises:
            PaceError: the response is too slow, or its head has no end.
        """
        started = time.monotonic()
        count = self._raw.readinto(buffer) or 0
        self._waited += time.monotonic() - started
        self._size += count
        if not self.is_body and self._size > HEAD_LIMIT:
            raise PaceError(f"the server sends more than {HEAD_LIMIT:,} bytes before the content")
        slow = not self.is_body or self._size < SLOWEST * self._waited
        if count and slow and self._waited > SLOW_AFTER:
            after = f"{self._size:,} bytes in {self._waited:.0f} seconds"
            raise PaceError(f"the server is too slow: {after}")
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _LimitedLines(io.BufferedReader):
    """A reader of heads, of chunks with a line before each, and of trailers."""

    _lines = 0

    def readline(self, size: int | None = -1, /) -> bytes:
        """Read a line.

        Raises:
            PaceError: there are too many.
        """
        self._lines += 1
        if self._lines > LINES:
            where = "before the content, or after it"
            raise PaceError(f"the server sends more than {LINES:,} lines {where}")
        return super().readline(size)

    def read1(self, size: int = -1, /) -> bytes:
        self._lines = 0
        return super().read1(size)
