"""URLs of wheels: which file they name, and how to show them without what may be secret."""

from __future__ import annotations

from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit


def is_url(text: str) -> bool:
    """Tell a URL that can be read from the name of a file."""
    return text.lower().startswith(("http://", "https://"))


def file_name(url: str) -> str:
    """Return the name of the file that a URL names, "" if it is none."""
    try:
        return unquote(urlsplit(url).path.rpartition("/")[2])
    except ValueError:
        return ""


def shown_url(url: str) -> str:
    """Return *url* without credentials, and without query and fragment, which can hold some."""
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        _ = parts.port  # raises where it is no number
    except ValueError:
        return "(a URL that cannot be read)"
    return urlunsplit((parts.scheme, host, parts.path, "", ""))


def signed_url(url: str, shown: str) -> str:
    """Return *url* to be asked for, if it is more than what is *shown* of it; else ""."""
    asked = url.partition("#")[0]
    return "" if asked == shown else asked


def split_url(url: str) -> SplitResult:
    """Return the parts of a URL; all are empty where it cannot be taken apart."""
    try:
        return urlsplit(url)
    except ValueError:  # such as an IPv6 address without its end
        return urlsplit("")
