"""A simple API in HTML or JSON, or a web server's listing of a folder of wheels.

The list of projects is read first, and their pages on demand. pypi-simple parses both formats. It
takes a file's name from the text of an HTML link; pip and this module take it from the URL.

Source: PyPA specification "Simple repository API"; PEP 503 and PEP 691.
"""

from __future__ import annotations

import contextlib
import json
import posixpath
import re
import sys
import urllib.parse
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final

import pypi_simple
from packaging.utils import NormalizedName, canonicalize_name

from ..errors import BuildTagError, InputError
from ..http.prefetch import prefetch
from ..http.session import Page, Session
from ..http.urls import FetchError, shown_url, signed_url, split_url
from ..text import first_few
from ..wheel.archive import WheelArchive, open_url
from .listing import SDIST, IndexFile, IndexPlace, ListedProject, Unreadable, project_word

_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_ARCHIVES: Final = (".whl", *SDIST)
#: The files of each project.
type _Files = Mapping[NormalizedName, Sequence[IndexFile]]
#: Invalid entries that a message lists.
_MOST: Final = 10


@dataclass(frozen=True, slots=True)
class SimpleIndex:
    """The projects of a simple API.

    Attributes:
        pages: each project with the URL of its page; "" for a project without a page.
        files: the files that the first page lists.
    """

    place: IndexPlace
    pages: Sequence[tuple[NormalizedName, str]]
    files: _Files
    session: Session

    def projects(self) -> Iterator[ListedProject]:
        """Yield every project, sorted by name; a few pages are prefetched."""
        return prefetch(self._project, self.pages)

    def open(self, file: IndexFile) -> AbstractContextManager[WheelArchive]:
        """Download a wheel to a temporary file, and open it."""
        return open_url(file.address, self.session)

    def close(self) -> None:
        """Close the connections."""
        self.session.close()

    def _project(self, page: tuple[NormalizedName, str]) -> ListedProject:
        project, url = page
        listed = self.files.get(project, ())
        if not url:
            return ListedProject(project=project, files=_unique(listed))
        try:
            files, problem = _project_files(project, self.session.get(url))
        except FetchError as err:
            unreadable = Unreadable(location=err.location, reason=err.reason)
            return ListedProject(project=project, files=_unique(listed), unreadable=unreadable)
        return ListedProject(
            project=project,
            files=_unique([*listed, *files]),
            unreadable=Unreadable(location=shown_url(url), reason=problem) if problem else None,
        )

    def __len__(self) -> int:
        return len(self.pages)


def open_simple(place: IndexPlace) -> SimpleIndex:
    """Read the list of projects.

    Raises:
        InputError: the list cannot be read, or the page is not a list of projects.
    """
    # A later version 1.x of the API only adds to it.
    warnings.filterwarnings("ignore", category=pypi_simple.UnexpectedRepoVersionWarning)
    session = Session(place.address)
    try:
        pages, files = _read_root(session.get(session.root))
    except BuildTagError as err:
        session.close()
        raise InputError(str(err)) from None
    names = sorted(pages.keys() | files.keys())
    return SimpleIndex(place, [(name, pages.get(name, "")) for name in names], files, session)


def _read_root(page: Page) -> tuple[Mapping[NormalizedName, str], _Files]:
    """Return the pages of projects that a page lists, and the files of a flat folder.

    Raises:
        FetchError: *page* is neither.
        InputError: it lists nothing, and does not declare itself a list, which may be empty.
    """
    if _is_json(page):
        with _parsing(page):
            projects = pypi_simple.IndexPage.from_json_data(_json(page)).projects
        names = map(canonicalize_name, projects)
        return {name: urllib.parse.urljoin(page.url, f"{name}/") for name in names}, {}
    listed = _html(page)
    flat = any(_last_part(link.url).endswith(_ARCHIVES) for link in listed.links)
    files: dict[NormalizedName, list[IndexFile]] = {}
    pages: dict[NormalizedName, str] = {}
    for link in listed.links:
        below = _below(page, link.url)
        # In a folder with wheels, every link that is not a folder is a file: any archive, or any
        # file directly below the page.
        is_file = _last_part(link.url).endswith(_ARCHIVES) or bool(below and "/" not in below)
        if flat and is_file:
            project = canonicalize_name(project_word(_last_part(link.url)))
            files.setdefault(project, []).extend(_from_link(project, link))
        elif name := _project_name(page, link.url):
            pages.setdefault(name, link.url)
    if not (pages or files or listed.repository_version is not None):
        raise InputError(
            f"no projects found at {shown_url(page.url)}: use the URL of a simple API, which "
            "usually ends in /simple/, or of a folder of wheels"
        )
    return pages, files


def _project_files(project: NormalizedName, page: Page) -> tuple[Sequence[IndexFile], str]:
    """Return the files of a project's page, and a message about invalid entries, or "".

    Raises:
        FetchError: *page* is not the page of a project.
    """
    if not _is_json(page):
        links = _html(page).links
        return [file for link in links for file in _from_link(project, link)], ""
    files, invalid = [], []
    for number, entry in enumerate(_entries(page), 1):
        try:
            files.append(_from_entry(project, page, entry))
        except (ValueError, RecursionError):
            name = entry.get("filename") if isinstance(entry, dict) else None
            invalid.append(ascii(name[:300]) if isinstance(name, str) else f"number {number}")
    return files, f"skipped invalid entries: {first_few(invalid, _MOST)}" if invalid else ""


def _unique(files: Iterable[IndexFile]) -> tuple[IndexFile, ...]:
    """Return files as listed, which is pip's order; a name is twice only with different hashes."""
    by_content: dict[tuple[str, str], IndexFile] = {}
    for each in files:
        by_content.setdefault((each.filename, each.sha256), each)
    return tuple(by_content.values())


def _from_entry(project: NormalizedName, page: Page, entry: object) -> IndexFile:
    """Return a file of a JSON page.

    Raises:
        ValueError: *entry* is invalid.
    """
    each = pypi_simple.DistributionPackage.from_json_data(entry, project, page.url)
    if not each.filename:
        raise ValueError("a file without a name")
    urllib.parse.urlsplit(each.url)
    size = each.size if each.size is not None and each.size >= 0 else None
    listed = _listed(project, each.filename, each.url, each.digests.get("sha256", ""))
    return listed._replace(
        size=size,
        yanked=each.is_yanked,
        bare_yank=each.yanked_reason == "",
        requires_python=sys.intern(each.requires_python or ""),
    )


def _from_link(project: NormalizedName, link: pypi_simple.Link) -> Iterator[IndexFile]:
    """Yield the file that a link leads to; nothing for a link to a folder."""
    filename = _last_part(link.url)
    if not filename:
        return
    fragment = urllib.parse.parse_qs(split_url(link.url).fragment)
    yield _listed(project, filename, link.url, fragment.get("sha256", [""])[0])._replace(
        yanked="data-yanked" in link.attrs,
        bare_yank=link.attrs.get("data-yanked", "") is None,
        requires_python=sys.intern(str(link.attrs.get("data-requires-python", ""))),
    )


def _listed(project: NormalizedName, filename: str, url: str, sha256: str) -> IndexFile:
    shown = shown_url(url)
    valid = sha256.lower() if _SHA256.fullmatch(sha256.lower()) else ""
    return IndexFile(project, filename, shown, valid, signed=signed_url(url, shown))


def _html(page: Page) -> pypi_simple.RepositoryPage:
    start, end = page.body[:4096].lower(), page.body[-4096:].lower()
    if (b"<html" in start or b"<body" in start) and not (b"</html" in end or b"</body" in end):
        raise FetchError(page.url, "the page is truncated")
    with _parsing(page):
        return pypi_simple.RepositoryPage.from_html(page.body, page.url)


def _is_json(page: Page) -> bool:
    return page.content_type.partition(";")[0].strip().lower().endswith("json")


def _entries(page: Page) -> Sequence[object]:
    """Return the unparsed entries of a project's page: an invalid one hides no other."""
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
        raise FetchError(page.url, "invalid or truncated JSON") from None


@contextlib.contextmanager
def _parsing(page: Page) -> Iterator[None]:
    """Turn errors of pypi-simple, bs4 and pydantic into a FetchError."""
    try:
        yield
    except pypi_simple.UnsupportedRepoVersionError as err:
        reason = f"API version {err.declared_version} is not supported (supported: 1)"
        raise FetchError(page.url, reason) from None
    except (ValueError, RecursionError, AssertionError):
        raise FetchError(page.url, "not a page of a simple API") from None


def _project_name(page: Page, link: str) -> NormalizedName | None:
    """Return the project of a link of the first page: its path is one level below the page."""
    name = _below(page, link).strip("/")
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", name):
        return None
    return canonicalize_name(name)


def _below(page: Page, link: str) -> str:
    """Return the path of a link relative to *page*; "" if it is not below *page*."""
    root = urllib.parse.unquote(split_url(page.url).path).rstrip("/") + "/"
    path = urllib.parse.unquote(split_url(link).path)
    return path.removeprefix(root) if path.startswith(root) else ""


def _last_part(url: str) -> str:
    return urllib.parse.unquote(posixpath.basename(split_url(url).path))
