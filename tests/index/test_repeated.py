"""One file name several times on a page: what pip and uv select, as nightly tests measure it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import pytest
from click.testing import Result

from .simple_server import Answer, json_page, serve

WHEEL = "demo-1.0-1_el9.6-py3-none-any.whl"
OLD, YANKED = {"requires-python": "<3"}, {"yanked": "broken"}
#: Requires-Python that uv reads, and tests for Python 3.12: only lower bounds.
NEW = {"requires-python": ">=3.13"}

type Entry = tuple[str, Mapping[str, str]]


def page(*entries: Entry) -> Answer:
    meta = {"api-version": "1.1"}
    files = [
        {"filename": WHEEL, "url": f"/files/{folder}/{WHEEL}", "hashes": {}, **attributes}
        for folder, attributes in entries
    ]
    return json_page({"meta": meta, "name": "demo", "versions": [], "files": files})


@pytest.mark.parametrize(
    ("entries", "pip", "uv"),
    [
        ([("a", {}), ("b", {})], "b", "a"),
        ([("a", OLD), ("b", {})], "b", "a"),
        ([("a", {}), ("b", OLD)], "a", "a"),
        ([("a", YANKED), ("b", {})], "b", "b"),
        ([("a", {}), ("b", YANKED)], "a", "a"),
        ([("a", NEW), ("b", {})], "b", None),
        ([("a", {}), ("b", NEW)], "a", "a"),
        # one URL: pip reads the first entry alone
        ([("a", NEW), ("a", {})], None, None),
        ([("a", YANKED), ("a", {})], None, "a"),
        ([("a", {}), ("a", YANKED)], "a", "a"),
        ([("a", YANKED), ("b", {}), ("a", {})], "b", "b"),
    ],
)
def test_one_name_several_times(
    entries: list[Entry], pip: str | None, uv: str | None, run: Callable[..., Result]
) -> None:
    first = json_page({"meta": {"api-version": "1.1"}, "projects": [{"name": "demo"}]})
    with serve({"/simple/": first, "/simple/demo/": page(*entries)}) as server:
        url = f"{server.url}/simple/"
        result = run("which", url, "--python", "3.12", "--format", "json")
        selected = {
            installer: row["location"].removeprefix(f"{server.url}/files/")[0]
            for row in json.loads(result.stdout)["winners"]
            for installer in row["installers"]
        }
    assert selected == {k: v for k, v in {"pip": pip, "uv": uv}.items() if v}
