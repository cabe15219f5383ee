"""One file of an HTTP server, by ranges where the server knows them.

Nothing that the server says is believed: a place, a size or a length that does not fit is refused.
URLs may hold credentials, and so may what ``requests`` says about them: neither is shown as it is.

Source: RFC 9110, section 14, "Range Requests".
"""

from __future__ import annotations

import contextlib
import re
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final

from .archive import WheelError

if TYPE_CHECKING:
    import requests

SIZE_LIMIT: Final = 8 << 30
"""A file that claims more bytes is refused: the registry takes none of half that size."""
REDIRECTS: Final = 5
_CHUNK: Final = 1 << 20
_TIMEOUT: Final = (10, 30)
_REMEDIES: Final = {
    401: ", it wants credentials: put them into netrc",
    403: ", the credentials, or the URL's signature, are not allowed to read it",
}
#: Seconds of waiting for bodies, and the bytes that have to come in them.
PACE: Final = (30, 30 << 10)
#: What servers say to a range that they do not want to give: they may give the whole.
_NO_RANGE: Final = {400, 416, 501}
_CONTENT_RANGE: Final = re.compile(r"bytes (\d{1,19})-(\d{1,19})/(\d{1,19})")


@dataclass(kw_only=True, slots=True)
class Traffic:
    """How much of a remote file was read."""

    size: int = 0
    read: int = 0
    requests: int = 0
    whole: str = ""
    """Why all of it was streamed, "" where it was read by ranges."""

    def __str__(self) -> str:
        if not self.size:
            return f"read {self.read:,} bytes"
        why = f"; {self.whole}" if self.whole else ""
        return f"read {self.read:,} of {self.size:,} bytes ({self.read / self.size:.1%}){why}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Tail:
    """The end of a file: where it begins, and its bytes."""

    start: int
    data: bytes


@contextlib.contextmanager
def _refusals(shown: str) -> Iterator[None]:
    """Say in our own words what went wrong: those of ``requests`` hold the whole URL.

    It stands around each request, since to ``zipfile`` an ``OSError``, which these are, means a
    broken archive.
    """
    import requests
    import urllib3

    try:
        yield
    except urllib3.exceptions.ReadTimeoutError:
        raise WheelError(shown, "the server does not answer in time") from None
    except urllib3.exceptions.HTTPError:
        raise WheelError(shown, "the connection was cut") from None
    except requests.TooManyRedirects:
        raise WheelError(shown, f"more than {REDIRECTS} redirects") from None
    except requests.Timeout:
        raise WheelError(shown, "the server does not answer in time") from None
    except requests.exceptions.SSLError:
        raise WheelError(shown, "the server's certificate is not trusted") from None
    except requests.ConnectionError:
        raise WheelError(
            shown, "the server cannot be reached, or does not answer to the end"
        ) from None
    except (requests.RequestException, UnicodeError) as err:
        raise WheelError(shown, f"it cannot be fetched ({type(err).__name__})") from None
    except OSError as err:
        raise not_stored(shown, err) from None


def not_stored(shown: str, err: OSError) -> WheelError:
    """Return the error of a full disk, which is not the wheel's fault."""
    return WheelError(shown, f"it cannot be stored ({err.strerror})")


class Pace:
    """How fast bodies come; a server that lets one wait for ever is refused."""

    def __init__(self, shown: str) -> None:
        self._shown = shown
        self._waited = 0.0
        self._read = 0

    def chunks(self, response: requests.Response, size: int) -> Iterator[bytes]:
        """Yield the body of a response as it comes, at most *size* bytes at once.

        Raises:
            WheelError: too little of it comes.
        """
        while True:
            started = time.monotonic()
            # read(), and with it iter_content(), would wait until it has all of *size*
            chunk = response.raw.read1(size, decode_content=False)
            self._count(len(chunk), time.monotonic() - started)
            if not chunk:
                return
            yield chunk

    def _count(self, read: int, waited: float) -> None:
        seconds, least = PACE
        self._read += read
        self._waited += waited
        if self._waited < seconds:
            return
        if self._read < least:
            raise WheelError(
                self._shown,
                f"the server is too slow: {self._read:,} bytes in {self._waited:.0f} seconds",
            )
        self._waited, self._read = 0.0, 0


class Server:
    """One file of a server."""

    def __init__(self, session: requests.Session, url: str, shown: str, traffic: Traffic) -> None:
        self._session = session
        self._url = url
        self.shown = shown
        self._traffic = traffic
        self._etag: str | None = None
        self._pace = Pace(shown)

    def open(self, length: int) -> Tail | IO[bytes]:
        """Return the last *length* bytes, or a file with all of it where there are no ranges."""
        with _refusals(self.shown), self._get(f"bytes=-{length}") as response:
            if response.status_code == 200:
                return self._download(response, "the server knows no ranges")
            if response.status_code in _NO_RANGE:
                why = f"the server refuses ranges ({response.status_code})"
            elif (found := self._content_range(response)) is None or found[0].stop != found[1]:
                why = f"the server's Content-Range is {_stated_range(response)!r}"
            else:
                span, size = found
                self._traffic.size = self._checked_size(size)
                self._etag = response.headers.get("ETag")
                return Tail(start=span.start, data=self._body(response, len(span)))
        return self._whole(why)

    def fetch(self, wanted: range) -> bytes | IO[bytes]:
        """Return the bytes of *wanted*, or all of it where the server knows ranges no more."""
        bounds = f"bytes={wanted.start}-{wanted.stop - 1}"
        with _refusals(self.shown), self._get(bounds) as response:
            if response.status_code == 200:
                return self._same(response, "the server knows ranges no more")
            if response.status_code not in _NO_RANGE:
                return self._part(response, wanted)
        return self._whole("the server knows ranges no more")

    def _part(self, response: requests.Response, wanted: range) -> bytes:
        if (found := self._content_range(response)) is None:
            raise WheelError(
                self.shown, f"the server's Content-Range is {_stated_range(response)!r}"
            )
        span, size = found
        if size != self._traffic.size or response.headers.get("ETag") != self._etag:
            raise self._changed()
        if span != wanted:
            raise WheelError(
                self.shown,
                f"the server gave bytes {span.start} to {span.stop} where "
                f"{wanted.start} to {wanted.stop} were asked for",
            )
        return self._body(response, len(wanted))

    def _whole(self, why: str) -> IO[bytes]:
        with _refusals(self.shown), self._get(None) as response:
            if response.status_code != 200:
                raise self._refused(response.status_code)
            return self._same(response, why)

    def _same(self, response: requests.Response, why: str) -> IO[bytes]:
        """Stream all of it; where some of it was read before, it has to be the same file."""
        known = self._traffic.size
        if known and response.headers.get("ETag", self._etag) != self._etag:
            raise self._changed()
        file = self._download(response, why)
        if known and file.tell() != known:
            file.close()
            raise self._changed()
        return file

    def _get(self, wanted: str | None) -> requests.Response:
        self._traffic.requests += 1
        response = self._session.get(
            self._url,
            headers={} if wanted is None else {"Range": wanted},
            stream=True,
            timeout=_TIMEOUT,
        )
        if response.status_code not in {200, 206, *_NO_RANGE}:
            response.close()
            raise self._refused(response.status_code)
        if response.headers.get("Content-Encoding", "identity") != "identity":
            response.close()
            raise WheelError(self.shown, "the server encodes it, though that was declined")
        return response

    def _refused(self, status: int) -> WheelError:
        return WheelError(self.shown, f"the server says {status}{_REMEDIES.get(status, '')}")

    def _changed(self) -> WheelError:
        return WheelError(self.shown, "it changed while it was read")

    def _content_range(self, response: requests.Response) -> tuple[range, int] | None:
        match = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
        start, last, size = map(int, match.groups()) if match else (1, 0, 0)
        return (range(start, last + 1), size) if start <= last < size else None

    def _checked_size(self, size: int) -> int:
        if size > SIZE_LIMIT:
            raise WheelError(self.shown, f"the server claims {size:,} bytes for it")
        return size

    def _body(self, response: requests.Response, length: int) -> bytes:
        """Return the body, and no more of it than was agreed on."""
        data = bytearray()
        for chunk in self._pace.chunks(response, min(_CHUNK, length)):
            data += chunk
            self._traffic.read += len(chunk)
            if len(data) > length:
                break
        if len(data) != length:
            raise WheelError(
                self.shown, f"the server gave {len(data):,} bytes where it said {length:,}"
            )
        return bytes(data)

    def _download(self, response: requests.Response, why: str) -> IO[bytes]:
        self._traffic.whole = why
        stated = response.headers.get("Content-Length", "")
        if stated.isascii() and stated.isdigit():
            self._traffic.size = self._checked_size(int(stated[:20]))
        file = tempfile.TemporaryFile(prefix="build-tags-")  # noqa: SIM115 - the caller closes it
        try:
            for chunk in self._pace.chunks(response, _CHUNK):
                self._traffic.read += len(chunk)
                self._checked_size(file.tell() + len(chunk))
                file.write(chunk)
        except BaseException:
            file.close()
            raise
        self._traffic.size = file.tell()
        return file


def _stated_range(response: requests.Response) -> str:
    return str(response.headers.get("Content-Range", ""))[:80]
