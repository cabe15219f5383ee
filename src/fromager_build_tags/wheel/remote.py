"""A wheel behind a URL, read by HTTP ranges: the tail first, then what is asked for.

The end of a zip file says where everything is, and wheels put ``dist-info`` there, too. A server
that knows no ranges has its answer streamed to a temporary file, once. URLs may hold credentials,
and so may what ``requests`` says about them: neither is ever shown as it is.

Source: RFC 9110, section 14, "Range Requests".
"""

from __future__ import annotations

import contextlib
import io
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from .archive import WheelArchive, WheelError

if TYPE_CHECKING:
    import requests

SIZE_LIMIT: Final = 8 << 30
"""A file that claims more bytes is refused: the registry takes none of half that size."""
TAIL: Final = 64 << 10
_FIRST, _LARGEST = 16 << 10, 4 << 20
_CHUNK: Final = 1 << 20
_TIMEOUT: Final = (10, 30)
_REDIRECTS: Final = 5
_CONTENT_RANGE: Final = re.compile(r"bytes (\d{1,19})-(\d{1,19})/(\d{1,19})")


@dataclass(kw_only=True, slots=True)
class Traffic:
    """How much of a remote file was read."""

    size: int = 0
    read: int = 0
    requests: int = 0
    ranges: bool = True

    def __str__(self) -> str:
        if not self.size:
            return f"read {self.read:,} bytes"
        how = "" if self.ranges else "; the server knows no ranges"
        return f"read {self.read:,} of {self.size:,} bytes ({self.read / self.size:.1%}){how}"


def is_url(text: str) -> bool:
    """Tell a URL that can be read from the name of a file."""
    return text.lower().startswith(("http://", "https://"))


def shown_url(url: str) -> str:
    """Return a URL without what may be secret: user, password, query and fragment."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "(a URL that cannot be read)"
    return f"{parts.scheme}://{host}{port}{parts.path}"


def file_name(url: str) -> str:
    """Return the name of the file that a URL names, "" if it is none."""
    try:
        return unquote(urlsplit(url).path.rpartition("/")[2])
    except ValueError:
        return ""


@contextlib.contextmanager
def open_url(url: str, traffic: Traffic) -> Iterator[WheelArchive]:
    """Open a remote wheel; *traffic* counts, also where it fails.

    Raises:
        WheelError: with the reason, by the server's fault or the wheel's.
    """
    import requests

    shown = shown_url(url)
    with requests.Session() as session:
        session.max_redirects = _REDIRECTS
        session.headers["Accept-Encoding"] = "identity"
        server = _Server(session, url, shown, traffic)
        with server.open() as file, WheelArchive.open(shown, file) as archive:
            yield archive


@contextlib.contextmanager
def _refusals(shown: str) -> Iterator[None]:
    """Say in our own words what went wrong: those of ``requests`` hold the whole URL.

    It stands around each request, since to ``zipfile`` an ``OSError``, which these are, means a
    broken archive.
    """
    import requests

    try:
        yield
    except requests.TooManyRedirects:
        raise WheelError(shown, f"more than {_REDIRECTS} redirects") from None
    except requests.Timeout:
        raise WheelError(shown, "the server does not answer in time") from None
    except requests.exceptions.SSLError:
        raise WheelError(shown, "the server's certificate is not trusted") from None
    except requests.exceptions.ChunkedEncodingError:
        raise WheelError(shown, "the connection was cut") from None
    except requests.ConnectionError:
        raise WheelError(
            shown, "the server cannot be reached, or does not answer to the end"
        ) from None
    except (requests.RequestException, UnicodeError) as err:
        raise WheelError(shown, f"it cannot be fetched ({type(err).__name__})") from None
    except OSError as err:
        raise WheelError(shown, f"it cannot be stored ({err.strerror})") from None


class _Server:
    """One file of a server."""

    def __init__(self, session: requests.Session, url: str, shown: str, traffic: Traffic) -> None:
        self._session = session
        self._url = url
        self._shown = shown
        self._traffic = traffic
        self._etag: str | None = None

    def open(self) -> IO[bytes]:
        """Return the file: its tail read, or all of it where there are no ranges."""
        with _refusals(self._shown), self._get(f"bytes=-{TAIL}") as response:
            if response.status_code == 200:
                return self._download(response)
            span = self._content_range(response)
            self._traffic.size = self._checked_size(span[1])
            self._etag = response.headers.get("ETag")
            tail = self._body(response, len(span[0]))
        if span[0].stop != span[1]:
            raise WheelError(self._shown, "the server gave another part of it than its end")
        return io.BufferedReader(RangeFile(self, span[1], span[0].start, tail), 4096)

    def fetch(self, wanted: range) -> bytes:
        """Return the bytes of *wanted*."""
        bounds = f"bytes={wanted.start}-{wanted.stop - 1}"
        with _refusals(self._shown), self._get(bounds) as response:
            if response.status_code == 200:
                raise WheelError(self._shown, "the server knows ranges no more")
            span, size = self._content_range(response)
            changed = size != self._traffic.size or response.headers.get("ETag") != self._etag
            if changed:
                raise WheelError(self._shown, "it changed while it was read")
            if span != wanted:
                raise WheelError(
                    self._shown,
                    f"the server gave bytes {span.start} to {span.stop} where "
                    f"{wanted.start} to {wanted.stop} were asked for",
                )
            return self._body(response, len(wanted))

    def _get(self, wanted: str) -> requests.Response:
        self._traffic.requests += 1
        response = self._session.get(
            self._url, headers={"Range": wanted}, stream=True, timeout=_TIMEOUT
        )
        if response.status_code not in {200, 206}:
            status = response.status_code
            response.close()
            raise WheelError(self._shown, f"the server says {status}")
        if response.headers.get("Content-Encoding", "identity") != "identity":
            response.close()
            raise WheelError(self._shown, "the server encodes it, though that was declined")
        return response

    def _content_range(self, response: requests.Response) -> tuple[range, int]:
        text = response.headers.get("Content-Range", "")
        match = _CONTENT_RANGE.fullmatch(text)
        start, last, size = map(int, match.groups()) if match else (1, 0, 0)
        if not start <= last < size:
            raise WheelError(self._shown, f"the server's Content-Range is {text[:80]!r}")
        return range(start, last + 1), size

    def _checked_size(self, size: int) -> int:
        if size > SIZE_LIMIT:
            raise WheelError(self._shown, f"the server claims {size:,} bytes for it")
        return size

    def _body(self, response: requests.Response, length: int) -> bytes:
        """Return the body, and no more of it than was agreed on."""
        data = bytearray()
        for chunk in response.iter_content(min(_CHUNK, length)):
            data += chunk
            self._traffic.read += len(chunk)
            if len(data) > length:
                break
        if len(data) != length:
            raise WheelError(
                self._shown, f"the server gave {len(data):,} bytes where it said {length:,}"
            )
        return bytes(data)

    def _download(self, response: requests.Response) -> IO[bytes]:
        self._traffic.ranges = False
        stated = response.headers.get("Content-Length", "")
        if stated.isascii() and stated.isdigit():
            self._traffic.size = self._checked_size(int(stated[:20]))
        file = tempfile.TemporaryFile(prefix="build-tags-")  # noqa: SIM115 - the caller closes it
        try:
            for chunk in response.iter_content(_CHUNK):
                self._traffic.read += len(chunk)
                self._checked_size(self._traffic.read)
                file.write(chunk)
        except BaseException:
            file.close()
            raise
        return file


class RangeFile(io.RawIOBase):
    """A remote file that can seek: it keeps the tail, and the last piece that it read.

    Pieces double in size while one is read behind the other, so a member that is looked into
    costs little, and one that is read to its end few requests.
    """

    def __init__(self, server: _Server, size: int, tail_start: int, tail: bytes) -> None:
        super().__init__()
        self._server = server
        self._size = size
        self._tail = (tail_start, tail)
        self._piece = (0, b"")
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
        data = self._held(self._tail, wanted) or self._held(self._piece, wanted)
        if not data:
            self._fetch()
            data = self._held(self._piece, wanted)
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def _held(self, piece: tuple[int, bytes], wanted: int) -> bytes:
        start, data = piece
        at = self._at - start
        return data[at : at + wanted] if 0 <= at < len(data) else b""

    def _fetch(self) -> None:
        start, data = self._piece
        follows = self._at == start + len(data)
        self._next = min(self._next * 2, _LARGEST) if follows and data else _FIRST
        stop = min(self._at + self._next, self._tail[0])  # the tail is here already
        self._piece = (self._at, self._server.fetch(range(self._at, stop)))
