"""Read pages and files from web servers: one session, with retries, time-outs and limits.

Credentials come from the URL or from netrc, as for requests and pip, and go to their own host only.
"""

from __future__ import annotations

import collections
import contextlib
import io
import logging
import threading
import time
import urllib.parse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Final

import pypi_simple
import requests
import urllib3

from ..text import counted
from .pace import PacedAdapter, PaceError
from .prefetch import THREADS
from .urls import PAGES, FetchError, shown_url, split_url

#: Seconds to connect, and between two bytes.
TIMEOUT: Final = (10, 30)
#: Seconds between two attempts, doubled each time.
BACKOFF: Final = 0.5
#: The longest pause in seconds between two attempts that a server can ask for.
LONGEST_PAUSE: Final = 30
#: Requests in a row that a host leaves without a response before it gets no more of them.
UNANSWERED: Final = 5
REDIRECTS: Final = 5
#: Bytes. A page of 100,000 files has 50 MB; the registry accepts no wheel of half this size.
PAGE_LIMIT, FILE_LIMIT = 128 << 20, 8 << 30
#: Seconds after which a body has to be complete, whether it comes fast or slowly.
PAGE_TIME, FILE_TIME = 600, 3_600
#: Bytes of all pages of an index together, and of a page that is read while no other such page is.
PAGES_LIMIT, LARGE = 2 << 30, 4 << 20
_RETRIED: Final = (429, 500, 502, 503, 504)
_ENCODINGS: Final = {"", "identity", "gzip", "x-gzip"}
_CHUNK: Final = 1 << 20
_REASONS: Final = {
    401: "credentials are missing or wrong; set them in netrc",
    403: "access denied; check the credentials, or the signature of the URL",
    404: "not found",
    429: "too many requests",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """A page, and the URL that links on it are relative to."""

    url: str
    content_type: str
    body: bytes


class Session:
    """The requests of one index, or of one URL; safe to use from any thread.

    Attributes:
        root: the URL of the list of projects, without credentials.
    """

    def __init__(self, address: str) -> None:
        """Take credentials out of *address*, the URL of the list of projects or of a file."""
        parts = split_url(address)
        netloc = parts.netloc.rpartition("@")[2]
        path = parts.path if parts.path.endswith(("/", *PAGES)) else f"{parts.path}/"
        self.root = urllib.parse.urlunsplit((parts.scheme, netloc, path, parts.query, ""))
        # Its warnings and debug lines contain queries, which can hold secrets.
        logging.getLogger("urllib3").setLevel(logging.ERROR)
        self._requests = requests.Session()
        self._requests.max_redirects = REDIRECTS
        self._requests.headers["User-Agent"] = "fromager-build-tags"
        self._credentials: tuple[str, str] | None = None
        if parts.username is not None:
            user, password = map(urllib.parse.unquote, (parts.username, parts.password or ""))
            self._credentials = (user, password)
        # A read that times out costs 30 seconds each time, so there is one more attempt only.
        retry = _CappedRetry(
            total=3,
            connect=2,
            read=1,
            backoff_factor=BACKOFF,
            status_forcelist=_RETRIED,
            raise_on_status=False,
        )
        adapter = PacedAdapter(pool_maxsize=THREADS, max_retries=retry)
        for scheme in ("http://", "https://"):
            self._requests.mount(scheme, adapter)
        # Two threads can lose a count between them; then the host gets one request more.
        self._unanswered: collections.Counter[str] = collections.Counter()
        self._left = PAGES_LIMIT
        self._large = threading.Lock()

    def close(self) -> None:
        """Close the connections; another request opens one again."""
        self._requests.close()

    @contextlib.contextmanager
    def page(self, url: str) -> Iterator[Page]:
        """Yield a page of the index's host; large pages are read and used one at a time.

        Raises:
            FetchError: it cannot be read, or is on another host.
        """
        if not _same_host(self.root, self.root):  # its port is no number
            raise FetchError(url, 'it is not a valid URL; write "/" of a password as %2F')
        if not _same_host(self.root, url):
            raise FetchError(url, "it is on another host than the index")
        headers = {"Accept": pypi_simple.ACCEPT_ANY, "Accept-Encoding": "gzip"}
        with contextlib.ExitStack() as stack:
            with self._response(url, headers, stay=True) as response:
                content_type = response.headers.get("Content-Type", "")
                if not _media_type(response).endswith(("html", "json")):  # of a wheel nothing
                    raise FetchError(url, f"expected HTML or JSON, received {content_type!r}")
                body = bytearray()
                for chunk in _chunks(url, response, PAGE_LIMIT, PAGE_TIME):
                    if len(body) <= LARGE < len(body) + len(chunk):
                        stack.enter_context(self._large)
                    self.take(len(chunk), url)
                    body += chunk
            yield Page(url=response.url, content_type=content_type, body=bytes(body))

    def take(self, size: int, url: str) -> None:
        """Count the memory, in bytes, that a page takes.

        Raises:
            FetchError: with those before, it takes too much.
        """
        self._left -= size
        if self._left < 0:
            raise FetchError(url, f"the pages of the index have more than {PAGES_LIMIT:,} bytes")

    def download(self, url: str, file: IO[bytes]) -> None:
        """Write all of a file that is behind a URL, on any host, to *file*.

        Raises:
            FetchError: it cannot be read, or not be stored.
        """
        with self._response(url, {"Accept-Encoding": "identity"}) as response:
            # The type alone is no proof: some servers state it for all of their files.
            html = _media_type(response) == "text/html"
            for chunk in _chunks(url, response, FILE_LIMIT, FILE_TIME):
                if html and file.tell() == 0 and chunk.lstrip().startswith(b"<"):
                    raise FetchError(url, "expected a file, received a page of HTML")
                try:
                    file.write(chunk)
                except OSError as err:
                    raise FetchError(url, f"it cannot be stored ({err.strerror})") from None

    @contextlib.contextmanager
    def _response(
        self, url: str, headers: Mapping[str, str], *, stay: bool = False
    ) -> Iterator[requests.Response]:
        """Yield a response with status 200; translate what goes wrong until its body is read.

        Args:
            url: the URL.
            headers: the headers of the request.
            stay: whether to refuse a redirect to another host.
        """
        host = split_url(url).netloc
        if self._unanswered[host] >= UNANSWERED:
            raise FetchError(url, f"the host did not respond {UNANSWERED} times in a row")
        # None is for those of the URL, or of netrc.
        auth = self._credentials if _same_host(self.root, url) else None
        hooks = {"response": [_skip_redirect, *([self._stay_on_host] if stay else [])]}
        try:
            with self._requests.get(
                url, auth=auth, headers=headers, hooks=hooks, timeout=TIMEOUT, stream=True
            ) as response:
                if response.status_code != requests.codes.ok:
                    self._unanswered[host] = 0
                    status = response.status_code
                    raise FetchError(url, _status_reason(status), status=status)
                yield response
                self._unanswered[host] = 0
        except (requests.RequestException, urllib3.exceptions.HTTPError, ValueError) as err:
            if isinstance(err, requests.RequestException) and err.response is not None:
                err.response.close()
            lost = isinstance(err, _LOST) and not isinstance(err, requests.exceptions.SSLError)
            self._unanswered[host] += lost
            raise FetchError(url, _reason(err)) from None

    def _stay_on_host(self, response: requests.Response, **_: object) -> None:
        """Refuse a redirect to another host: what is there is no part of the index."""
        target = self._requests.get_redirect_target(response) or ""
        there = urllib.parse.urljoin(response.url, target)
        if not _same_host(response.url, there):
            response.close()
            reason = f"it redirects to {shown_url(there)}; if that is the index, use its URL"
            raise FetchError(response.url, reason)


class _CappedRetry(urllib3.Retry):
    """Retries whose pauses a server cannot make as long as it wants."""

    def parse_retry_after(self, retry_after: str) -> float:
        """Return the seconds to wait."""
        return min(super().parse_retry_after(retry_after), LONGEST_PAUSE)


def _skip_redirect(response: requests.Response, **_: object) -> None:
    """Leave the body of a redirect, of which requests reads and decodes all."""
    if response.is_redirect:
        response.close()
        response.raw = urllib3.HTTPResponse(io.BytesIO(), preload_content=False)


def _same_host(here: str, there: str) -> bool:
    """Return whether two URLs are of one server; from http to https the port may change."""
    one, other = split_url(here), split_url(there)
    if one.hostname != other.hostname:
        return False
    if (one.scheme, other.scheme) == ("http", "https"):
        return True
    try:
        return (one.scheme, one.port) == (other.scheme, other.port)
    except ValueError:
        return False


def _media_type(response: requests.Response) -> str:
    return response.headers.get("Content-Type", "").partition(";")[0].strip().lower()


def _chunks(url: str, response: requests.Response, limit: int, seconds: float) -> Iterator[bytes]:
    """Yield a body as it comes, decoded.

    Raises:
        FetchError: it has more bytes than *limit*, takes more *seconds*, or has another encoding.
    """
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in _ENCODINGS:  # the decoders of others give any number of bytes at once
        raise FetchError(url, f"content encoding {encoding!r} is not supported (supported: gzip)")
    stated = response.raw.length_remaining  # of Content-Length, if that is a number
    if stated is not None and stated > limit:
        raise FetchError(url, f"it has {stated:,} bytes; at most {limit:,} are read")
    size, end = 0, time.monotonic() + seconds
    # Not read() or iter_content(), which wait until they have all of a chunk.
    while chunk := response.raw.read1(_CHUNK, decode_content=True):
        size += len(chunk)
        if size > limit:
            raise FetchError(url, f"it has more than {limit:,} bytes")
        if time.monotonic() > end:
            raise FetchError(url, f"it is not complete after {counted(int(seconds), 'second')}")
        yield chunk


def _status_reason(status: int) -> str:
    why = _REASONS.get(status, "server error" if status >= 500 else "")
    return f"status {status}" + (f": {why}" if why else "")


def _reason(err: Exception) -> str:
    """Return what is wrong without the message of requests, which can contain the URL."""
    chain: BaseException | None = err
    while chain is not None:
        if isinstance(chain, PaceError):
            return str(chain)
        chain = chain.__cause__ or chain.__context__
    cause = err.args[0] if err.args else None
    # the time-out of the last attempt is the cause of a ConnectionError
    if isinstance(getattr(cause, "reason", cause), urllib3.exceptions.ReadTimeoutError):
        return _TIMED_OUT
    found = (text for kind, text in _FAILURES if isinstance(err, kind))
    return next(found, f"the request fails ({type(err).__name__})")


_LOST: Final = (requests.Timeout, requests.ConnectionError, urllib3.exceptions.TimeoutError)
_TIMED_OUT: Final = f"no response within {TIMEOUT[1]} seconds"
#: The special ones first: a time-out while connecting is a ConnectionError, too.
_FAILURES: Final[tuple[tuple[type[Exception], str], ...]] = (
    (requests.exceptions.SSLError, "its certificate is not trusted"),
    (requests.Timeout, _TIMED_OUT),
    (urllib3.exceptions.ReadTimeoutError, _TIMED_OUT),
    (urllib3.exceptions.DecodeError, "its content encoding is damaged"),
    (urllib3.exceptions.HTTPError, "the connection was closed before the end"),
    (requests.TooManyRedirects, f"more than {REDIRECTS} redirects"),
    (requests.exceptions.InvalidURL, "it is not a valid URL"),
    (requests.exceptions.InvalidSchema, "it redirects to a URL that is not http or https"),
    (requests.ConnectionError, "the server cannot be reached, or closes the connection"),
)
