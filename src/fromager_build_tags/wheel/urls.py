"""URLs of wheels: which file they name, and how to show them without what may be secret."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit


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
