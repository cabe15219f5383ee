"""The links of an HTML page, found in one pass over its text.

Python's own parser, and Beautiful Soup on top of it, take quadratic time for tags and comments
that do not end: 22 seconds for 80 KB.

Source: HTML standard, "Tokenization"; PEP 503 and PEP 629.
"""

from __future__ import annotations

import html
import re
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

#: Five times those of a page with 100,000 links.
_MOST_TAGS: Final = 2_000_000
#: What has no end reaches to the end of the page, and no part of it is read again: the possessive
#: quantifiers (``*+``) forbid that.
_TAG: Final = re.compile(
    r"""<!--.*?(?:-->|\Z)
    |<(?P<text>script|style|textarea|title)(?=[\s/>]).*?(?:</(?P=text)|\Z)
    |<(?P<name>[a-z][^\s/>]*+)
      (?P<attributes>(?:=\s*+(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z))|[^>])*+)(?P<end>>|\Z)""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
_ATTRIBUTE: Final = re.compile(
    r"""([^\s/=>][^\s/=>]*+)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s>]*+)))?""", re.DOTALL
)

type Attributes = Mapping[str, str | None]


class PageLink(NamedTuple):
    """A link with its absolute URL, and its other attributes; None for one without a value."""

    url: str
    attributes: Attributes


class HtmlPage(NamedTuple):
    """What a page contains.

    Attributes:
        invalid: the links that are not valid URLs.
        version: of the API, as the page declares it; None if it does not.
    """

    links: Sequence[PageLink]
    invalid: Sequence[str]
    version: str | None


def parse_html(body: bytes, url: str) -> HtmlPage:
    """Return the links of a page that was read from *url*.

    Raises:
        ValueError: it has too many tags or entities; the message is the reason.
    """
    if max(map(body.count, (b"<", b"&"))) > _MOST_TAGS:
        raise ValueError(f"it has more than {_MOST_TAGS:,} tags or entities")
    tags = [*_tags(_decode(body))]
    bases = (attributes["href"] for name, attributes in tags if name == "base")
    base = _join(url, next(filter(None, bases), "")) or url
    links, invalid = [], []
    for name, attributes in tags:
        if name == "a":
            href = attributes["href"] or ""
            if joined := _join(base, href):
                links.append(PageLink(joined, attributes))
            else:
                invalid.append(href)
    metas = (attributes for name, attributes in tags if name == "meta")
    versions = (
        each.get("content") for each in metas if each.get("name") == "pypi:repository-version"
    )
    return HtmlPage(links, invalid, next(versions, None))


def _tags(text: str) -> Iterator[tuple[str, Attributes]]:
    for match in _TAG.finditer(text):
        name = (match["name"] or "").lower()
        if name in {"a", "base", "meta"} and match["end"]:
            attributes = dict(map(_attribute, _ATTRIBUTE.finditer(match["attributes"])))
            if name == "meta" or "href" in attributes:
                yield name, attributes


def _attribute(match: re.Match[str]) -> tuple[str, str | None]:
    group = match.lastindex or 0
    return match[1].lower(), html.unescape(match[group]) if group > 1 else None


def _join(base: str, href: str) -> str:
    """Return the absolute URL of a link; "" for one that is not valid."""
    try:
        return urllib.parse.urljoin(base, href)
    except ValueError:
        return ""


def _decode(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body.decode("latin-1")
