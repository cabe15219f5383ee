"""URLs of indexes and wheels: the file they name, and the part of them that may be shown."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from ..errors import BuildTagError
from ..text import redact

_NOTHING_HIDDEN: Final = re.compile(r"https?://[\w.-]+(?::\d{1,5})?/[^@?#]*(?=#[^@]*$|$)")

#: The ends of the URL of one page, such as one for ``--find-links``; other pages end in "/".
PAGES: Final = (".html", ".htm")


class FetchError(BuildTagError):
    """A URL that cannot be read.

    Attributes:
        location: the URL without what may be secret.
        reason: why it cannot be read.
        status: of the response, if that is the reason; otherwise 0.
    """

    def __init__(self, url: str, reason: str, *, status: int = 0) -> None:
        super().__init__(url, reason)
        self.status = status
        self.location = shown_url(url)
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.location} cannot be read: {self.reason}"


def is_url(text: str) -> bool:
    """Return whether *text* is a URL that can be read, and not the name of a file."""
    return text.lower().startswith(("http://", "https://"))


def file_name(url: str) -> str:
    """Return the name of the file that a URL names, "" if it names none."""
    return unquote(split_url(url).path.rpartition("/")[2])


def shown_url(url: str) -> str:
    """Return *url* without credentials, and without query and fragment, which can hold some."""
    if plain := _NOTHING_HIDDEN.match(url):  # an index has up to a million
        return plain[0]
    try:
        parts = urlsplit(redact(url))
        host = parts.netloc.rpartition("@")[2]
        _ = parts.port  # raises where it is no number
    except ValueError:
        return "(a URL that cannot be parsed)"
    return urlunsplit((parts.scheme, host, parts.path, "", ""))


def signed_url(url: str, shown: str) -> str:
    """Return *url* without its fragment if that is more than what is *shown* of it; else ""."""
    requested = url.partition("#")[0]
    return "" if requested == shown else requested


def split_url(url: str) -> SplitResult:
    """Return the parts of a URL; all are empty where it cannot be parsed."""
    try:
        return urlsplit(url)
    except ValueError:  # such as an IPv6 address without its end
        return urlsplit("")


def comparable_url(text: str) -> str:
    """Return a text that is equal for two spellings of one URL; of a name, the name.

    Credentials, the scheme of the web and a slash at the end do not count.
    """
    text = text.strip()
    parts = split_url(text)
    if not (is_url(text) and parts.hostname):
        return text.rstrip("/")
    default = ":443" if parts.scheme == "https" else ":80"
    host = parts.netloc.rpartition("@")[2].lower().removesuffix(default)
    return f"{host}/{unquote(parts.path).strip('/')}"
