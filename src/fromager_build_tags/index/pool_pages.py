"""The pages of a view, in HTML and JSON, as text: all of it is escaped.

Source: PyPA specification "Simple repository API", version 1.1; PEP 503, 658, 691, 700, 714.
"""

from __future__ import annotations

import html
import json
import urllib.parse
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from packaging.utils import NormalizedName
from packaging.version import Version

from .pool import FILES, PooledWheel

_META: Final = {"api-version": "1.1"}
_HEAD: Final = (
    '<!DOCTYPE html>\n<html>\n<head>\n<meta charset="utf-8">\n'
    '<meta name="pypi:repository-version" content="1.1">\n'
    "<title>{title}</title>\n</head>\n<body>\n"
)
_FOOT: Final = "</body>\n</html>\n"


def list_pages(projects: Sequence[NormalizedName]) -> Mapping[str, str]:
    """Return the list of projects, by the names of its files."""
    links = [_link(f"{name}/", {}, name) for name in projects]
    data = {"meta": _META, "projects": [{"name": name} for name in projects]}
    return _pages("Simple index", links, data)


def project_pages(
    project: NormalizedName, wheels: Iterable[PooledWheel], depth: int
) -> Mapping[str, str]:
    """Return the page of a project, by the names of its files.

    Args:
        project: the project.
        wheels: its wheels in the view, in the order of the page.
        depth: the number of folders between the page and the pool.
    """
    wheels = list(wheels)
    up = "../" * depth + FILES
    links = [_file_link(each, f"{up}/{urllib.parse.quote(each.filename)}") for each in wheels]
    data = {
        "meta": _META,
        "name": project,
        "versions": [*map(str, sorted({Version(each.version) for each in wheels}))],
        "files": [_file(each, f"{up}/{urllib.parse.quote(each.filename)}") for each in wheels],
    }
    return _pages(f"Links for {project}", links, data)


def _pages(title: str, links: Iterable[str], data: Mapping[str, Any]) -> Mapping[str, str]:
    return {
        "index.html": _HEAD.format(title=html.escape(title)) + "".join(links) + _FOOT,
        "index.json": json.dumps(data) + "\n",
    }


def _file_link(wheel: PooledWheel, url: str) -> str:
    attributes = {}
    if wheel.requires_python:
        attributes["data-requires-python"] = wheel.requires_python
    if wheel.metadata:
        attributes["data-core-metadata"] = f"sha256={wheel.metadata}"
    return _link(f"{url}#sha256={wheel.sha256}", attributes, wheel.filename)


def _link(url: str, attributes: Mapping[str, str], text: str) -> str:
    shown = "".join(f' {name}="{html.escape(value)}"' for name, value in attributes.items())
    return f'<a href="{html.escape(url)}"{shown}>{html.escape(text)}</a><br>\n'


def _file(wheel: PooledWheel, url: str) -> Mapping[str, Any]:
    record: dict[str, Any] = {
        "filename": wheel.filename,
        "url": url,
        "hashes": {"sha256": wheel.sha256},
        "size": wheel.size,
    }
    if wheel.requires_python:
        record["requires-python"] = wheel.requires_python
    if wheel.metadata:
        record["core-metadata"] = {"sha256": wheel.metadata}
    return record
