"""Read the pages of a simple API: a list of projects, a flat folder, or the files of a project.

pypi-simple parses JSON. A file's name is that of an HTML link's URL, as for pip, and not its text.

Source: PyPA specification "Simple repository API"; PEP 503 and PEP 691.
"""

from __future__ import annotations

import json
import re
import sys
import urllib.parse
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import pypi_simple
from packaging.utils import NormalizedName, canonicalize_name

from ..errors import InputError
from ..http.session import Page
from ..http.urls import PAGES, FetchError, shown_url, signed_url, split_url
from ..text import first_few, redact
from .file_name import SDIST, project_word
from .html_page import HtmlPage, PageLink, parse_html
from .listing import IndexFile, Unreadable

_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_FRAGMENT: Final = re.compile(r"(?:^|&)sha256=([0-9A-Fa-f]+)")
_LAST_PART: Final = re.compile(r"[^:/?#]+://[^/?#]*/(?:[^?#]*/)?([^?#/]*)")
_NAME: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
_ARCHIVES: Final = (".whl", *SDIST)
#: The files of each project.
type Files = Mapping[NormalizedName, Sequence[IndexFile]]
#: Invalid entries that a message lists, and characters of each.
_MOST, _LONGEST = 10, 300
#: Values of a page in JSON: three times those of 100,000 files. Each can take 100 bytes of memory.
_MOST_VALUES: Final = 4_000_000
_MOST_INVALID: Final = 10_000
#: A larger size in bytes is unknown; an integer has no more digits than that.
_HUGE, _DIGITS = 1 << 60, 20
_NO_PAGE: Final = "not a page of a simple API"


def read_root(page: Page) -> tuple[Mapping[NormalizedName, str], Files, Unreadable | None]:
    """Return the pages of projects that a page lists, the files of a flat folder, and the rest.

    Raises:
        FetchError: *page* is neither.
        InputError: it lists nothing, and does not declare itself a list, which may be empty.
    """
    if _is_json(page):
        names, invalid = _json_projects(page)
        pages = {name: urllib.parse.urljoin(page.url, f"{name}/") for name in names}
        return pages, {}, _skipped(page, invalid)
    listed = _html(page)
    flat = any(_last_part(link.url).endswith(_ARCHIVES) for link in listed.links)
    files: dict[NormalizedName, list[IndexFile]] = {}
    pages = {}
    seen: set[str] = set()
    for link in listed.links:
        below = _below(page, link.url)
        # In a folder with wheels, every link that is not a folder is a file: any archive, or any
        # file directly below the page.
        is_file = _last_part(link.url).endswith(_ARCHIVES) or bool(below and "/" not in below)
        if flat and is_file:
            project = canonicalize_name(project_word(_last_part(link.url)))
            files.setdefault(project, []).extend(_from_link(project, link, seen))
        elif name := _project_name(page, link.url):
            pages.setdefault(name, link.url)
    if not (pages or files or listed.version is not None):
        raise InputError(
            f"no projects found at {shown_url(page.url)}: use the URL of a simple API, which "
            "usually ends in /simple/, or of a folder of wheels"
        )
    return pages, files, _skipped(page, map(_shown_link, listed.invalid))


def read_project(
    project: NormalizedName, page: Page
) -> tuple[Sequence[IndexFile], Unreadable | None]:
    """Return the files of a project's page, and a message about invalid entries.

    Raises:
        FetchError: *page* is not the page of a project.
    """
    seen: set[str] = set()
    if not _is_json(page):
        listed = _html(page)
        files = [file for link in listed.links for file in _from_link(project, link, seen)]
        return files, _skipped(page, map(_shown_link, listed.invalid))
    files, invalid = [], []
    for number, entry in enumerate(_entries(page, "files"), 1):
        try:
            files.append(_from_entry(project, page, entry, seen))
        except (ValueError, RecursionError):
            invalid.append(_shown_entry(number, entry, "filename"))
            if len(invalid) > _MOST_INVALID:  # each takes as long as a valid one
                reason = f"it has more than {_MOST_INVALID:,} invalid entries"
                raise FetchError(page.url, reason) from None
    return files, _skipped(page, invalid)


def _json_projects(page: Page) -> tuple[Sequence[NormalizedName], Sequence[str]]:
    """Return the projects of a list in JSON, and its invalid entries."""
    names, invalid = [], []
    for number, entry in enumerate(_entries(page, "projects"), 1):
        name = entry.get("name") if isinstance(entry, dict) else None
        if isinstance(name, str) and _NAME.fullmatch(name):
            names.append(canonicalize_name(name))
        else:
            invalid.append(_shown_entry(number, entry, "name"))
    return names, invalid


def _skipped(page: Page, invalid: Iterable[str]) -> Unreadable | None:
    shown = [*invalid]
    reason = f"skipped invalid entries: {first_few(shown, _MOST)}"
    return Unreadable(location=shown_url(page.url), reason=reason) if shown else None


def _shown_entry(number: int, entry: object, key: str) -> str:
    name = entry.get(key) if isinstance(entry, dict) else None
    return ascii(name[:_LONGEST]) if isinstance(name, str) else f"number {number}"


def _shown_link(url: str) -> str:
    return ascii(redact(url)[:_LONGEST])


def _from_entry(project: NormalizedName, page: Page, entry: object, seen: set[str]) -> IndexFile:
    """Return a file of a JSON page.

    Raises:
        ValueError: *entry* is invalid.
    """
    each = pypi_simple.DistributionPackage.from_json_data(entry, project, page.url)
    if not each.filename:
        raise ValueError("a file without a name")
    urllib.parse.urlsplit(each.url)
    f"{each.filename}{each.url}{each.requires_python}".encode()  # JSON can contain half characters
    size = each.size if each.size is not None and 0 <= each.size < _HUGE else None
    listed = _listed(project, each.filename, each.url, each.digests.get("sha256", ""), seen)
    return listed._replace(
        size=size,
        yanked=each.is_yanked,
        bare_yank=each.yanked_reason == "",
        requires_python=sys.intern(each.requires_python or ""),
    )


def _from_link(project: NormalizedName, link: PageLink, seen: set[str]) -> Iterator[IndexFile]:
    """Yield the file that a link leads to; nothing for a link to a folder."""
    filename = _last_part(link.url)
    if not filename:
        return
    sha256 = _FRAGMENT.search(link.url.partition("#")[2])
    yield _listed(project, filename, link.url, sha256[1] if sha256 else "", seen)._replace(
        yanked="data-yanked" in link.attributes,
        bare_yank=link.attributes.get("data-yanked", "") is None,
        requires_python=sys.intern(link.attributes.get("data-requires-python") or ""),
    )


def _listed(
    project: NormalizedName, filename: str, url: str, sha256: str, seen: set[str]
) -> IndexFile:
    shown = shown_url(url)
    valid = sha256.lower() if _SHA256.fullmatch(sha256.lower()) else ""
    signed, repeated = signed_url(url, shown), url in seen
    seen.add(url)
    return IndexFile(project, filename, shown, valid, signed=signed, repeated=repeated)


def _html(page: Page) -> HtmlPage:
    start, end = page.body[:4096].lower(), page.body[-4096:].lower()
    if (b"<html" in start or b"<body" in start) and not (b"</html" in end or b"</body" in end):
        raise FetchError(page.url, "the page is truncated")
    try:
        parsed = parse_html(page.body, page.url)
    except ValueError as err:
        raise FetchError(page.url, str(err)) from None
    if parsed.version is not None:
        _check_meta(page, {"meta": {"api-version": parsed.version}})
    return parsed


def _is_json(page: Page) -> bool:
    return page.content_type.partition(";")[0].strip().lower().endswith("json")


def _entries(page: Page, key: str) -> Sequence[object]:
    """Return the unparsed entries of a page in JSON: an invalid one hides no other."""
    if sum(map(page.body.count, b"{[,")) > _MOST_VALUES:
        raise FetchError(page.url, f"it has more than {_MOST_VALUES:,} values")
    try:
        data = json.loads(page.body, parse_int=lambda text: int(text[:_DIGITS]))
    except (ValueError, RecursionError):
        raise FetchError(page.url, "invalid or truncated JSON") from None
    entries: object = data.get(key) if isinstance(data, dict) else None
    if not isinstance(entries, list):
        raise FetchError(page.url, _NO_PAGE)
    _check_meta(page, data)
    return entries


def _check_meta(page: Page, data: Mapping[str, Any]) -> None:
    try:
        pypi_simple.IndexPage.from_json_data({"meta": data.get("meta"), "projects": []})
    except pypi_simple.UnsupportedRepoVersionError as err:
        reason = f"API version {err.declared_version} is not supported (supported: 1)"
        raise FetchError(page.url, reason) from None
    except (ValueError, RecursionError):
        raise FetchError(page.url, _NO_PAGE) from None


def _project_name(page: Page, link: str) -> NormalizedName | None:
    """Return the project of a link of the first page: its path is one level below the page."""
    name = _below(page, link).strip("/")
    return canonicalize_name(name) if _NAME.fullmatch(name) else None


def _below(page: Page, link: str) -> str:
    """Return the path of a link relative to *page*; "" if it is not below *page*."""
    root = urllib.parse.unquote(split_url(page.url).path)
    root = root.rpartition("/")[0] if root.endswith(PAGES) else root.rstrip("/")
    path = urllib.parse.unquote(split_url(link).path)
    return path.removeprefix(f"{root}/") if path.startswith(f"{root}/") else ""


def _last_part(url: str) -> str:
    """Return the last part of a URL's path; twice as fast as :func:`urllib.parse.urlsplit`."""
    match = _LAST_PART.match(url)
    return urllib.parse.unquote(match[1]) if match else ""
