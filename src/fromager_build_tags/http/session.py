"""Ask a server for pages: one session for all threads, retries, and a cache on disk.

Credentials come from the URL or from netrc, as requests and pip take them, and go to the host
of the index alone.
"""

from __future__ import annotations

import pathlib
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import pypi_simple
import requests
from requests.auth import AuthBase, HTTPBasicAuth
from requests.utils import get_netrc_auth
from urllib3.exceptions import ReadTimeoutError

from ..errors import BuildTagError
from ..http.urls import shown_url, split_url
from .cache import PageCache
from .patience import SILENCE, PatientAdapter, SilentHostError

#: Seconds to connect, and between two bytes.
TIMEOUT: Final = (10, 30)
_REASONS: Final = {
    401: "it wants credentials, or others than it got: put them into netrc",
    403: "the credentials are not allowed to read it",
    404: "there is no such page",
    429: "it is asked too often",
}
#: A page of a hundred thousand files has some 50 MB; an endless one has to end.
_LARGEST: Final = 512 << 20


class PageError(BuildTagError):
    """A page that cannot be had: which, and why."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(url, reason)
        self.location = shown_url(url)
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.location} cannot be read: {self.reason}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """A page, and the URL that links on it are relative to."""

    url: str
    content_type: str
    body: bytes


class _ElsewhereError(Exception):
    """A page leads to another host."""


class _OneHost(requests.Session):
    """A session that is not led to another host: what that says is no part of the index."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Return where a page redirects to, if it does."""
        target = super().get_redirect_target(resp)
        if target is not None:
            there = urllib.parse.urljoin(resp.url, target)
            if not _same_host(resp.url, there):
                resp.close()
                raise _ElsewhereError(shown_url(there))
        return target


class _HostAuth(AuthBase):
    """Credentials of one host; any other gets those that netrc has for it."""

    def __init__(self, root: str, user: str, password: str) -> None:
        self._root = root
        self._basic = HTTPBasicAuth(user, password)

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        url = r.url or ""
        if _same_host(self._root, url):
            return self._basic(r)
        known = get_netrc_auth(url)
        return HTTPBasicAuth(*known)(r) if known else r


class Session:
    """Asks for the pages of one index, from any thread.

    Attributes:
        root: the URL of the list of projects, without credentials.
        files: what asks for files, which may be on other hosts.
    """

    def __init__(
        self,
        address: str,
        *,
        cache: pathlib.Path | None = None,
        backoff: float = 0.5,
        note: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Take credentials out of *address*.

        Args:
            address: of the list of projects.
            cache: a folder for pages; None for no cache.
            backoff: seconds between attempts, doubled each time.
            note: is told, once, what somebody who waits should know.
        """
        parts = split_url(address)
        netloc = parts.netloc.rpartition("@")[2]
        path = parts.path if parts.path.endswith("/") else f"{parts.path}/"
        self.root = urllib.parse.urlunsplit((parts.scheme, netloc, path, parts.query, ""))
        self.files = requests.Session()
        self._pages = _OneHost()
        self._pages.headers["Accept"] = pypi_simple.ACCEPT_ANY
        self._note: Callable[[str], None] | None = note
        adapter = PatientAdapter(backoff=backoff, told=self._waiting)
        for session in (self._pages, self.files):
            if parts.username is not None:
                user, password = map(urllib.parse.unquote, (parts.username, parts.password or ""))
                session.auth = _HostAuth(self.root, user, password)
            for scheme in ("http://", "https://"):
                session.mount(scheme, adapter)
            session.headers["User-Agent"] = "fromager-build-tags"
        self._cache = None if cache is None else PageCache(cache, parts.netloc)

    def close(self) -> None:
        """Close the connections; another request opens one again."""
        self._pages.close()
        self.files.close()

    def _waiting(self, seconds: float) -> None:
        note, self._note = self._note, None
        if note is not None:
            shown = shown_url(self.root)
            note(f"{shown}: waiting, since the server asks for {seconds:.0f} seconds each time")

    def get(self, url: str) -> Page:
        """Return a page; one that did not change comes from the cache.

        Raises:
            PageError: it cannot be had.
        """
        if not _same_host(self.root, url):
            raise PageError(url, "it is on another host than the index")
        known = None if self._cache is None else self._cache.find(url)
        headers = dict(known.validators) if known else {}
        try:
            with self._pages.get(url, headers=headers, timeout=TIMEOUT, stream=True) as response:
                if known and response.status_code == requests.codes.not_modified:
                    return Page(url=known.url, content_type=known.content_type, body=known.body)
                if response.status_code != requests.codes.ok:
                    raise PageError(url, _reason(response.status_code))
                if not _is_text(content_type := response.headers.get("Content-Type", "")):
                    raise PageError(url, f"it is neither HTML nor JSON, but {content_type!r}")
                body = _body(url, response)
        except _ElsewhereError as err:
            reason = f"it redirects to another place, {err}: if that is the index, name it"
            raise PageError(url, reason) from None
        except (requests.RequestException, ValueError) as err:
            if isinstance(err, requests.RequestException) and err.response is not None:
                err.response.close()
            raise PageError(url, _trouble(err)) from None
        page = Page(url=response.url, content_type=content_type, body=body)
        if self._cache is not None:
            self._cache.keep(url, page.url, page.content_type, body, response.headers)
        return page


def _same_host(here: str, there: str) -> bool:
    """Tell whether two URLs are of one server; from http to https it may be another port."""
    one, other = split_url(here), split_url(there)
    try:
        same_port = one.port == other.port
    except ValueError:
        return False
    upgraded = (one.scheme, other.scheme) == ("http", "https")
    return one.hostname == other.hostname and (
        upgraded or (same_port and one.scheme == other.scheme)
    )


def _is_text(content_type: str) -> bool:
    """Tell what can be a page from what can be a wheel, of which nothing should be read."""
    kind = content_type.partition(";")[0].strip().lower()
    return kind in {"text/html", "application/vnd.pypi.simple.v1+html"} or kind.endswith("json")


def _body(url: str, response: requests.Response) -> bytes:
    parts, size = [], 0
    for part in response.iter_content(1 << 16):
        size += len(part)
        if size > _LARGEST:
            raise PageError(url, f"it is larger than {_LARGEST >> 20} MB")
        parts.append(part)
    return b"".join(parts)


def _reason(status: int) -> str:
    why = _REASONS.get(status, "the server fails" if status >= 500 else "that is no page")
    return f"status {status}, {why}"


def _trouble(err: Exception) -> str:
    """Return what is wrong, in our own words: those of requests can hold the URL."""
    if _is_slow(err):
        return _SLOW
    said = (text for kind, text in _TROUBLES if isinstance(err, kind))
    return next(said, f"the request fails ({type(err).__name__})")


def _is_slow(err: Exception) -> bool:
    """Tell whether it is a time-out: after the last attempt, requests says ConnectionError."""
    cause = err.args[0] if err.args else None
    return isinstance(getattr(cause, "reason", cause), ReadTimeoutError)


_SLOW: Final = f"it does not answer within {TIMEOUT[1]} seconds"
#: The special ones first: a time-out while connecting is a ConnectionError, too.
_TROUBLES: Final[tuple[tuple[type[Exception], str], ...]] = (
    (requests.exceptions.SSLError, "its certificate is not trusted"),
    (requests.Timeout, _SLOW),
    (SilentHostError, f"the host did not answer {SILENCE} times in a row"),
    (requests.exceptions.ChunkedEncodingError, "the connection ends in the middle of the page"),
    (requests.TooManyRedirects, "it redirects without an end"),
    (requests.exceptions.InvalidURL, "it is no URL"),
    (requests.exceptions.InvalidSchema, "it is no URL"),
    (requests.exceptions.RetryError, "the server fails again and again"),
    (requests.ConnectionError, "the host cannot be reached"),
)
