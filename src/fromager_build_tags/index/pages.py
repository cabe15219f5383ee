"""Pages of a simple API, or of a web server's folder: bytes in, projects and files out."""

from __future__ import annotations

import contextlib
import json
import posixpath
import re
import sys
import urllib.parse
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pypi_simple
from packaging.utils import NormalizedName, canonicalize_name

from ..http.session import Page
from ..http.urls import FetchError, shown_url, signed_url, split_url
from .listing import IndexFile, project_word

_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_ARCHIVES: Final = (".whl", ".tar.gz", ".zip")
#: Wrong entries that are named.
_MOST: Final = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Root:
    """What the first page of an index leads to.

    Attributes:
        pages: the URL of each project's page.
        files: of a flat folder, the files of each project.
        says_so: whether it calls itself a list of projects, so that it may be empty.
    """

    pages: Mapping[NormalizedName, str]
    files: Mapping[NormalizedName, Sequence[IndexFile]] = field(default_factory=dict)
    says_so: bool = False


def read_root(page: Page) -> Root:
    """Return the projects that a page lists, or the files of a flat folder.

    Raises:
        FetchError: *page* is neither.
    """
    if _is_json(page):
        with _parsing(page):
            names = pypi_simple.IndexPage.from_json_data(_json(page)).projects
        return Root(pages=dict(_page_of(page, name) for name in names), says_so=True)
    listed = _html(page)
    flat = any(_last_part(link.url).endswith(_ARCHIVES) for link in listed.links)
    files: dict[NormalizedName, list[IndexFile]] = {}
    pages: dict[NormalizedName, str] = {}
    for link in listed.links:
        # In a folder with wheels, what is not a folder is a file.
        if flat and _is_beside(page, link.url):
            project = canonicalize_name(project_word(_last_part(link.url)))
            files.setdefault(project, []).extend(_from_link(project, link))
        elif name := _project_name(page, link.url):
            pages.setdefault(name, link.url)
    return Root(pages=pages, files=files, says_so=listed.repository_version is not None)


def project_files(project: NormalizedName, page: Page) -> tuple[tuple[IndexFile, ...], str]:
    """Return the files of a project's page, and what is wrong with entries that are left out.

    Raises:
        FetchError: *page* is no project's.
    """
    if not _is_json(page):
        links = _html(page).links
        return each_once(file for link in links for file in _from_link(project, link)), ""
    entries = _entries(page)
    files, wrong = [], []
    for number, entry in enumerate(entries, 1):
        try:
            files.append(_from_entry(project, page, entry))
        except (ValueError, RecursionError):
            name = entry.get("filename") if isinstance(entry, dict) else None
            wrong.append(ascii(name[:300]) if isinstance(name, str) else f"number {number}")
    more = f" and {len(wrong) - _MOST:,} more" if len(wrong) > _MOST else ""
    which = f"{', '.join(wrong[:_MOST])}{more}"
    return each_once(files), f"these entries are wrong, and left out: {which}" if wrong else ""


def _page_of(root: Page, name: str) -> tuple[NormalizedName, str]:
    project = canonicalize_name(name)
    return project, urllib.parse.urljoin(root.url, f"{project}/")


def each_once(files: Iterable[IndexFile]) -> tuple[IndexFile, ...]:
    """Return files by name; one twice only if its hashes differ."""
    by_content = {(each.filename, each.sha256): each for each in files}
    return tuple(by_content[key] for key in sorted(by_content))


def _from_entry(project: NormalizedName, page: Page, entry: object) -> IndexFile:
    """Return a file of a JSON page; raise ValueError for what is none."""
    each = pypi_simple.DistributionPackage.from_json_data(entry, project, page.url)
    if not each.filename:
        raise ValueError("a file without a name")
    urllib.parse.urlsplit(each.url)
    shown = shown_url(each.url)
    return IndexFile(
        project=project,
        filename=each.filename,
        location=shown,
        sha256=_sha256(each.digests.get("sha256", "")),
        size=each.size if each.size is not None and each.size >= 0 else None,
        yanked=each.is_yanked,
        requires_python=sys.intern(each.requires_python or ""),
        signed=signed_url(each.url, shown),
    )


def _from_link(project: NormalizedName, link: pypi_simple.Link) -> Iterator[IndexFile]:
    """Yield the file that a link leads to, if it is one."""
    # The name is the URL's, as it is for pip: the text of a link can say anything.
    filename = _last_part(link.url)
    if not filename:
        return
    fragment = urllib.parse.parse_qs(split_url(link.url).fragment)
    shown = shown_url(link.url)
    yield IndexFile(
        project=project,
        filename=filename,
        location=shown,
        sha256=_sha256(fragment.get("sha256", [""])[0]),
        yanked="data-yanked" in link.attrs,
        requires_python=sys.intern(str(link.attrs.get("data-requires-python", ""))),
        signed=signed_url(link.url, shown),
    )


def _html(page: Page) -> pypi_simple.RepositoryPage:
    start, end = page.body[:4096].lower(), page.body[-4096:].lower()
    if (b"<html" in start or b"<body" in start) and not (b"</html" in end or b"</body" in end):
        raise FetchError(page.url, "it ends in the middle")
    with _parsing(page):
        return pypi_simple.RepositoryPage.from_html(page.body, page.url)


def _is_json(page: Page) -> bool:
    return page.content_type.partition(";")[0].strip().lower().endswith("json")


def _entries(page: Page) -> Sequence[object]:
    """Return what a project's page lists, read one by one: a wrong one hides no other."""
    data = _json(page)
    with _parsing(page):
        if not isinstance(data, dict) or not isinstance(data.get("files"), list):
            raise ValueError("no files")
        head = {key: data[key] for key in ("meta", "name") if key in data}
        pypi_simple.ProjectPage.from_json_data({**head, "files": []})
    entries: Sequence[object] = data["files"]
    return entries


def _json(page: Page) -> Any:
    try:
        return json.loads(page.body)
    except (ValueError, RecursionError):
        raise FetchError(page.url, "it is no JSON, or ends in the middle") from None


@contextlib.contextmanager
def _parsing(page: Page) -> Iterator[None]:
    """Say in our own words why pypi-simple, bs4 or pydantic cannot read a page."""
    try:
        yield
    except pypi_simple.UnsupportedRepoVersionError as err:
        reason = f"it is of version {err.declared_version} of the API; 1 is known"
        raise FetchError(page.url, reason) from None
    except (ValueError, RecursionError, AssertionError):
        raise FetchError(page.url, "it is no page of a simple API") from None


def _project_name(page: Page, link: str) -> NormalizedName | None:
    """Return the project that a link of the root page leads to, which is one level below."""
    name = _below(page, link).strip("/")
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", name):
        return None
    return canonicalize_name(name)


def _is_beside(page: Page, link: str) -> bool:
    """Tell whether a link of a flat folder is a file: an archive anywhere, or any of the folder."""
    below = _below(page, link)
    return _last_part(link).endswith(_ARCHIVES) or bool(below and "/" not in below)


def _below(page: Page, link: str) -> str:
    """Return the path of a link from the folder of *page* on; "" if it leads elsewhere."""
    root = urllib.parse.unquote(split_url(page.url).path).rstrip("/") + "/"
    path = urllib.parse.unquote(split_url(link).path)
    return path.removeprefix(root) if path.startswith(root) else ""


def _last_part(url: str) -> str:
    return urllib.parse.unquote(posixpath.basename(split_url(url).path))


def _sha256(text: str) -> str:
    return text.lower() if _SHA256.fullmatch(text.lower()) else ""
