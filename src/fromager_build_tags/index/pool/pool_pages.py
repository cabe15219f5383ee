"""The pages of a view, in HTML and JSON, as text: all of it is escaped.

Source: PyPA specification "Simple repository API", version 1.1; PEP 503, 658, 691, 700, 714.
"""

from __future__ import annotations

import html
import json
import urllib.parse
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from packaging.utils import NormalizedName
from packaging.version import Version

from .pool import FILES

_META: Final = {"api-version": "1.1"}
_HEAD: Final = (
    '<!DOCTYPE html>\n<html>\n<head>\n<meta charset="utf-8">\n'
    '<meta name="pypi:repository-version" content="1.1">\n'
    "<title>{title}</title>\n</head>\n<body>\n"
)
_FOOT: Final = "</body>\n</html>\n"


class PageFile(NamedTuple):
    """A file that the page of a project lists.

    Attributes:
        path: below the folder of files.
        metadata: the SHA-256 of its METADATA; "" if there is no such file beside it.
    """

    path: str
    sha256: str
    size: int
    requires_python: str = ""
    metadata: str = ""

    @property
    def filename(self) -> str:
        """The name without folders."""
        return self.path.rpartition("/")[2]


def list_pages(projects: Sequence[NormalizedName]) -> Mapping[str, str]:
    """Return the list of projects, by the names of its files."""
    links = [_link(f"{name}/", {}, name) for name in projects]
    data = {"meta": _META, "projects": [{"name": name} for name in projects]}
    return _pages("Simple index", links, data)


def project_pages(
    project: NormalizedName, versions: Iterable[str], files: Iterable[PageFile], depth: int
) -> Mapping[str, str]:
    """Return the page of a project, by the names of its files.

    Args:
        project: the project.
        versions: those of its wheels.
        files: its files, in the order of the page.
        depth: the number of folders between the page and the pool.
    """
    up = "../" * depth + FILES
    listed = [(each, f"{up}/{urllib.parse.quote(each.path)}") for each in files]
    data = {
        "meta": _META,
        "name": project,
        "versions": [*map(str, sorted({Version(each) for each in versions}))],
        "files": [_file(*each) for each in listed],
    }
    return _pages(f"Links for {project}", [_file_link(*each) for each in listed], data)


def _pages(title: str, links: Iterable[str], data: Mapping[str, Any]) -> Mapping[str, str]:
    return {
        "index.html": _HEAD.format(title=html.escape(title)) + "".join(links) + _FOOT,
        "index.json": json.dumps(data) + "\n",
    }


def _file_link(file: PageFile, url: str) -> str:
    attributes = {}
    if file.requires_python:
        attributes["data-requires-python"] = file.requires_python
    if file.metadata:
        attributes["data-core-metadata"] = f"sha256={file.metadata}"
    return _link(f"{url}#sha256={file.sha256}", attributes, file.filename)


def _link(url: str, attributes: Mapping[str, str], text: str) -> str:
    shown = "".join(f' {name}="{html.escape(value)}"' for name, value in attributes.items())
    return f'<a href="{html.escape(url)}"{shown}>{html.escape(text)}</a><br>\n'


def _file(file: PageFile, url: str) -> Mapping[str, Any]:
    record: dict[str, Any] = {
        "filename": file.filename,
        "url": url,
        "hashes": {"sha256": file.sha256},
        "size": file.size,
    }
    if file.requires_python:
        record["requires-python"] = file.requires_python
    if file.metadata:
        record["core-metadata"] = {"sha256": file.metadata}
    return record
