"""Pages of a simple API: bytes in, projects and files out."""

from __future__ import annotations

import contextlib
import json
import posixpath
import re
import urllib.parse
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pypi_simple
from packaging.utils import NormalizedName, canonicalize_name

from .listing import IndexFile
from .place import shown_url, signed_url
from .session import Page, PageError

_SHA256: Final = re.compile(r"[0-9a-f]{64}")


def project_links(page: Page) -> Mapping[NormalizedName, str]:
    """Return the URL of each project's page.

    Raises:
        PageError: *page* is no list of projects.
    """
    if _is_json(page):
        with _parsing(page):
            names = pypi_simple.IndexPage.from_json_data(_json(page)).projects
        canonical = map(canonicalize_name, names)
        return {name: urllib.parse.urljoin(page.url, f"{name}/") for name in canonical}
    links = [link.url for link in _html(page)]
    return {name: link for link in reversed(links) if (name := _project_name(page, link))}


def project_files(project: NormalizedName, page: Page) -> tuple[IndexFile, ...]:
    """Return the files of a project's page, by name; one twice only if its hashes differ.

    Raises:
        PageError: *page* is no project's.
    """
    found = _json_files(project, page) if _is_json(page) else _html_files(project, page)
    by_content = {(each.filename, each.sha256): each for each in found}
    return tuple(by_content[key] for key in sorted(by_content))


def _json_files(project: NormalizedName, page: Page) -> Iterator[IndexFile]:
    with _parsing(page):
        listed = pypi_simple.ProjectPage.from_json_data(_json(page), page.url)
    for each in listed.packages:
        yield IndexFile(
            project=project,
            filename=each.filename,
            location=shown_url(each.url),
            sha256=_sha256(each.digests.get("sha256", "")),
            size=each.size,
            yanked=each.is_yanked,
            signed=signed_url(each.url),
        )


def _html_files(project: NormalizedName, page: Page) -> Iterator[IndexFile]:
    for link in _html(page):
        # The name is the URL's, as it is for pip: the text of a link can say anything.
        if filename := _last_part(link.url):
            fragment = urllib.parse.parse_qs(_split(link.url).fragment)
            yield IndexFile(
                project=project,
                filename=filename,
                location=shown_url(link.url),
                sha256=_sha256(fragment.get("sha256", [""])[0]),
                yanked="data-yanked" in link.attrs,
                signed=signed_url(link.url),
            )


def _html(page: Page) -> list[pypi_simple.Link]:
    if not page.content_type.startswith(("text/html", "application/vnd.pypi.simple")):
        raise PageError(page.url, f"it is neither HTML nor JSON, but {page.content_type!r}")
    start, end = page.body[:4096].lower(), page.body[-4096:].lower()
    if (b"<html" in start or b"<body" in start) and not (b"</html" in end or b"</body" in end):
        raise PageError(page.url, "it ends in the middle")
    with _parsing(page):
        return pypi_simple.RepositoryPage.from_html(page.body, page.url).links


def _is_json(page: Page) -> bool:
    return page.content_type.partition(";")[0].strip().endswith("json")


def _json(page: Page) -> Any:
    try:
        return json.loads(page.body)
    except (ValueError, RecursionError):
        raise PageError(page.url, "it is no JSON, or ends in the middle") from None


@contextlib.contextmanager
def _parsing(page: Page) -> Iterator[None]:
    """Say in our own words why pypi-simple, bs4 or pydantic cannot read a page."""
    try:
        yield
    except pypi_simple.UnsupportedRepoVersionError as err:
        reason = f"it is of version {err.declared_version} of the API; 1 is known"
        raise PageError(page.url, reason) from None
    except (ValueError, RecursionError, AssertionError):
        raise PageError(page.url, "it is no page of a simple API") from None


def _project_name(page: Page, link: str) -> NormalizedName | None:
    """Return the project that a link of the root page leads to, which is one level below."""
    root = _split(page.url).path.rstrip("/") + "/"
    path = urllib.parse.unquote(_split(link).path)
    name = path.removeprefix(root).strip("/") if path.startswith(root) else ""
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", name):
        return None
    return canonicalize_name(name)


def _last_part(url: str) -> str:
    return urllib.parse.unquote(posixpath.basename(_split(url).path))


def _split(url: str) -> urllib.parse.SplitResult:
    try:
        return urllib.parse.urlsplit(url)
    except ValueError:  # such as an IPv6 address without its end
        return urllib.parse.urlsplit("")


def _sha256(text: str) -> str:
    return text.lower() if _SHA256.fullmatch(text.lower()) else ""
