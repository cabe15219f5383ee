"""One file of an HTTP server, by ranges where the server knows them.

Nothing that the server says is believed: a place, a size or a length that does not fit is refused.
URLs may hold credentials, and so may what ``requests`` says about them: neither is shown as it is.

Source: RFC 9110, section 14, "Range Requests".
"""

from __future__ import annotations

import contextlib
import re
import tempfile
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

    try:
        yield
    except requests.TooManyRedirects:
        raise WheelError(shown, f"more than {REDIRECTS} redirects") from None
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


class Server:
    """One file of a server."""

    def __init__(self, session: requests.Session, url: str, shown: str, traffic: Traffic) -> None:
        self._session = session
        self._url = url
        self._shown = shown
        self._traffic = traffic
        self._etag: str | None = None

    def open(self, length: int) -> Tail | IO[bytes]:
        """Return the last *length* bytes, or a file with all of it where there are no ranges."""
        with _refusals(self._shown), self._get(f"bytes=-{length}") as response:
            if response.status_code == 200:
                return self._download(response)
            span, size = self._content_range(response)
            self._traffic.size = self._checked_size(size)
            self._etag = response.headers.get("ETag")
            if span.stop != size:
                raise WheelError(self._shown, "the server gave another part of it than its end")
            return Tail(start=span.start, data=self._body(response, len(span)))

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
            raise WheelError(self._shown, f"the server says {status}{_REMEDIES.get(status, '')}")
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
