"""The site in a real browser: it fits small screens, and loads nothing from another host."""

from __future__ import annotations

import functools
import http.server
import os
import pathlib
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from .index.browser import Browser, browse

ROOT = pathlib.Path(__file__).parent.parent
PAGES = ("", "how-to/review/", "reference/commands/", "reference/settings/", "rules/", "packages/")
FITS = "return document.documentElement.scrollWidth <= window.innerWidth"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Build the site strictly, and serve it on loopback."""
    pytest.importorskip("mkdocs", reason="the group docs is not installed")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    environ = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files without a log."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # as in the base class
        pass


@pytest.fixture
def browser(tmp_path: pathlib.Path) -> Iterator[Browser]:
    with browse(tmp_path / "profile") as running:
        yield running


@pytest.mark.nightly
@pytest.mark.e2e
def test_each_page_fits_and_loads_nothing_else(
    site: str, browser: Browser, tmp_path: pathlib.Path
) -> None:
    for width in (1280, 390):
        browser.resize(width, 900)
        for page in PAGES:
            browser.open(site + page)
            assert browser.run("return document.querySelector('h1') !== null") is True, page
            assert browser.run(FITS) is True, f"{page} at {width}"
            browser.screenshot(tmp_path / f"{page.replace('/', '_')}{width}.png")
        assert browser.run("return window.innerWidth") == width
    requests = [url for url in browser.asked_for() if not url.startswith(("data:", "blob:"))]
    assert len(requests) > len(PAGES)
    assert [url for url in requests if not url.startswith(site)] == []


RESULTS = (
    "return [...document.querySelectorAll('.md-search-result__item h1')].map(e => e.innerText)"
)


@pytest.mark.nightly
@pytest.mark.e2e
def test_the_search_finds_a_rule(site: str, browser: Browser) -> None:
    browser.open(site)
    time.sleep(1)
    browser.run("document.querySelector('.md-search__input').focus()")
    browser.keys("BT208")
    for _ in range(100):
        if any("BT208" in title for title in browser.run(RESULTS)):
            return
        time.sleep(0.1)
    pytest.fail(f"found {browser.run(RESULTS)}")
