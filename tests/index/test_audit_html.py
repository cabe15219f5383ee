"""The HTML report: in text, and in a real browser."""

from __future__ import annotations

import email.message
import html.parser
import itertools
import pathlib
import re
import urllib.parse
from collections.abc import Callable, Iterator
from importlib import metadata

import pytest
from click.testing import Result

from fromager_build_tags.findings.rules import RULES
from fromager_build_tags.report import audit_page

from ..trees import HOOK
from .browser import ESCAPE, TAB, Browser, browse
from .simple_server import html_index, html_page, serve

PLAT = "-cp312-cp312-linux_x86_64.whl"
ROWS = 5_000
DOCS = audit_page.documentation()
HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "'\"><script>alert(1)</script>",
    "@ROWS@",
    "a\u202e\x1b[31m",
    "x" * 4_000,
)

type Run = Callable[..., Result]


@pytest.fixture
def page(run: Run, tmp_path: pathlib.Path) -> pathlib.Path:
    """The report on two indexes, with five thousand projects in one of them."""
    return write_page(run, tmp_path, ROWS)


@pytest.fixture
def small_page(run: Run, tmp_path: pathlib.Path) -> pathlib.Path:
    """The same with ten projects."""
    return write_page(run, tmp_path, 10)


def write_page(run: Run, root: pathlib.Path, rows: int) -> pathlib.Path:
    rocm, cuda = root / "rocm", root / "cuda"
    names = [f"project_{n}-1.0-{1 + n % 2}_el9.6{PLAT}" for n in range(rows - 2)]
    names += [f"torch-2.10.0-7_el9.6_rocm7.1{PLAT}", f"pillow-12.2.0-2_el9.6{PLAT}"]
    for folder, files in ((rocm, names), (cuda, [f"torch-2.9.1-8_fc43_cuda13.0{PLAT}"])):
        folder.mkdir()
        for name in files:
            (folder / name).touch()
    run("audit", "rocm", "cuda=cuda", "--format", "html", "-o", "out.html", "--exit-zero")
    return root / "out.html"


class Page(html.parser.HTMLParser):
    """Collects the elements and links of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.links: list[str] = []
        self.attributes: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes.update(name for name, _ in attrs)
        self.links += [value or "" for name, value in attrs if name in {"href", "src"}]


def test_what_comes_from_outside_is_text(run: Run) -> None:
    names = [f"{text}.whl" for text in HOSTILE]
    pages = html_index({"demo": names, "torch": [f"torch-2.10.0-7_el9.6_rocm7.1{PLAT}"]})
    extra = html_page({f"javascript:alert(1)//torch-2.9.1-8_el9.6_rocm7.1{PLAT}": "x"})
    pages["/simple/evil/"] = extra
    links = {"/simple/evil/": "e", "/simple/demo/": "d", "/simple/torch/": "t"}
    pages["/simple/"] = html_page(links)
    with serve(pages) as server:
        url = f"{server.url}/simple/"
        text = run("audit", url, "--format", "html", "--exit-zero").stdout
    shown = Page(text)
    assert shown.elements.count("script") == 1
    assert "img" not in shown.elements
    assert not [name for name in shown.attributes if name.startswith("on")]
    assert {*shown.links} - {f"{DOCS}/rules/{code}/" for code in RULES} == {
        "#grid",
        *(f"{url}{project}/" for project in ("demo", "torch")),
    }
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert max(map(len, text.splitlines())) < 20_000


def test_nothing_is_loaded_from_anywhere(small_page: pathlib.Path) -> None:
    text = small_page.read_text()
    assert "default-src 'none'" in text
    shown = Page(text)
    assert not {"link", "img", "iframe", "object"} & set(shown.elements)
    assert not re.search(r"url\(|@import|fetch\(|XMLHttpRequest", text)


@pytest.fixture
def _no_site(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_page, "documentation", lambda: "")


def write_wheels(folder: pathlib.Path, *names: str) -> None:
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).touch()


def test_links_lead_from_the_page_to_the_wheels(run: Run, tmp_path: pathlib.Path) -> None:
    name = f"demo-1.0+a-2_el9.6{PLAT}"
    folder = tmp_path / "an index: 50% #1"
    write_wheels(folder, name)
    (tmp_path / "out").mkdir()
    run("audit", str(folder), "--format", "html", "-o", "out/page.html", "--exit-zero")
    [link] = [
        each for each in Page((tmp_path / "out/page.html").read_text()).links if "whl" in each
    ]
    assert link == f"../an%20index%3A%2050%25%20%231/demo-1.0%2Ba-2_el9.6{PLAT}"
    assert (tmp_path / "out" / urllib.parse.unquote(link)).samefile(folder / name)
    # on stdout: from the current folder
    text = run("audit", str(folder), "--format", "html", "--exit-zero").stdout
    assert f'<a href="an%20index%3A%2050%25%20%231/demo-1.0%2Ba-2_el9.6{PLAT}">{name}</a>' in text
    assert f'{name}</a> <span class="dim">current</span>' in text


def test_a_link_to_an_index_has_no_credentials(run: Run) -> None:
    with serve(html_index({"demo": [f"demo-1.0-2_el9.6{PLAT}"]})) as server:
        url = server.url.replace("http://", "http://user:secret@") + "/simple"
        text = run("audit", url, "--format", "html", "--exit-zero").stdout
    assert "secret" not in text
    assert f'<a href="{server.url}/simple/demo/">' in text


def test_a_rule_has_a_link_to_its_page(run: Run, tmp_path: pathlib.Path) -> None:
    write_wheels(tmp_path / "rocm", f"demo-1.0-1_el9.6{PLAT}")
    text = run("audit", "rocm", "--format", "html", "--exit-zero").stdout
    assert f'<strong>error <a href="{DOCS}/rules/BT401/">BT401</a></strong>: ' in text


@pytest.mark.usefixtures("_no_site")
def test_without_a_site_a_rule_has_its_title(run: Run, tmp_path: pathlib.Path) -> None:
    write_wheels(tmp_path / "rocm", f"demo-1.0-1_el9.6{PLAT}")
    text = run("audit", "rocm", "--format", "html", "--exit-zero").stdout
    assert f"<strong>error BT401 ({RULES['BT401'].title})</strong>: " in text


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["Documentation, https://d.example/x/"], "https://d.example/x"),
        (["Source, https://s.example", "Documentation, https://d.example"], "https://d.example"),
        (["Documentation, javascript:alert(1)"], ""),
        ([], ""),
    ],
)
def test_the_site_comes_from_the_metadata(
    monkeypatch: pytest.MonkeyPatch, lines: list[str], expected: str
) -> None:
    message = email.message.Message()
    for line in lines:
        message["Project-URL"] = line
    monkeypatch.setattr(metadata, "metadata", lambda _: message)
    assert audit_page.documentation.__wrapped__() == expected


def test_a_page_shows_when_and_by_what_it_is_made(
    run: Run, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_wheels(tmp_path / "rocm", f"demo-1.0-2_el9.6{PLAT}")
    args = ("audit", "rocm", "--format", "html")
    version = metadata.version("fromager-build-tags")
    assert re.search(rf"20\d\d-\d\d-\d\d \d\d:\d\d UTC, .*{re.escape(version)}", run(*args).stdout)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")
    expected = f'<p class="dim">2026-01-01 00:00 UTC, fromager-build-tags {version}</p>'
    assert expected in run(*args).stdout


@pytest.mark.parametrize("value", ["", "soon", "9" * 30, "1e9"])
def test_a_bad_source_date_epoch(
    run: Run, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    write_wheels(tmp_path / "rocm", f"demo-1.0-2_el9.6{PLAT}")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", value)
    assert run("audit", "rocm", "--format", "html", status=1).stderr == (
        f"Error: SOURCE_DATE_EPOCH={value!r} is not a number of seconds since 1970: "
        "correct or unset it\n"
    )
    run("audit", "rocm")


def test_a_file_that_is_no_wheel_is_no_project(run: Run, tmp_path: pathlib.Path) -> None:
    strays = ("notes.txt", "SHA256SUMS", f"demo-1.0-2_el9.6{PLAT}.metadata")
    write_wheels(tmp_path / "rocm", *strays, f"demo-1.0-2_el9.6{PLAT}", "bad-name.whl")
    text = run("audit", "rocm", "--format", "html", "--exit-zero").stdout
    assert re.findall(r'<th scope="row">(.*?)</th>', text) == ["bad", "demo"]
    assert "1 project, 1 wheel, 3 other files skipped" in text


def cells(text: str, project: str) -> list[str]:
    """Return the states of a project's cells."""
    [row] = re.findall(rf'<th scope="row">{project}</th>(.*?)</tr>', text)
    return re.findall(r'<td class="([\w ]+)"', row)


def test_what_is_ignored_is_no_error(run: Run, tree: pathlib.Path, tmp_path: pathlib.Path) -> None:
    (tmp_path / "rocm").mkdir()
    for name in ("demo", "other"):
        (tmp_path / "rocm" / f"{name}-1.0-1_el9.6{PLAT}").touch()
    (tree / "packages/demo.yaml").write_text(
        "annotations: {build-tags.ignore.BT401: '<kept> for a customer'}\n"
    )
    text = run("audit", "rocm", "--format", "html", "--exit-zero").stdout
    assert cells(text, "demo") == ["ok"]
    assert cells(text, "other") == ["error"]
    assert f'<strong>suppressed <a href="{DOCS}/rules/BT401/">BT401</a></strong>' in text
    assert '<strong>ok</strong>  <span class="dim">1 wheel, 1 suppressed</span>' in text
    assert "suppressed (&lt;kept&gt; for a customer)" in text
    assert 'data-codes=""><th scope="row">demo</th>' in text


def test_what_is_about_two_indexes_is_not_about_a_third(run: Run, tmp_path: pathlib.Path) -> None:
    for n, name in enumerate(("one", "two", "three")):
        (tmp_path / name).mkdir()
        version = "1.0" if n < 2 else "2.0"
        (tmp_path / name / f"demo-{version}-2-py3-none-any.whl").write_text(name)
    text = run("audit", "one", "two", "three", "--format", "html", "--exit-zero").stdout
    assert cells(text, "demo") == ["error", "error", "ok"]


@pytest.mark.usefixtures("_no_site")
def test_what_is_not_known_is_not_fine(
    run: Run, tree: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    (tree / "settings.yaml").write_text(f"{HOOK}changelog: {{cpu: [one]}}\n")
    (tree / "packages/built.yaml").write_text("variants: {rocm: {pre_built: true}}\n")
    (tmp_path / "index").mkdir()
    for name in ("demo", "built"):
        (tmp_path / "index" / f"{name}-1.0-1{PLAT}").touch()
    page = ("--format", "html", "--exit-zero")
    text = run("audit", "index", "cpu=index", "nowhere", *page, status=1).stdout
    assert cells(text, "demo") == ["unknown", "unknown"]
    assert cells(text, "built") == ["ok", "unknown"]
    assert "<strong>unknown</strong> BT418 " in text
    assert "<strong>unknown</strong> BT419 " in text
    assert "<code>nowhere</code> for rocm: not audited" in text
    assert f"BT420 ({RULES['BT420'].title})</strong>: nowhere: the index for" in text
    assert "index: no changelog entry for demo: the status" in text


@pytest.fixture
def browser(tmp_path: pathlib.Path) -> Iterator[Browser]:
    with browse(tmp_path / "profile") as running:
        yield running


SHOWN = "return document.querySelectorAll('tbody tr:not([hidden])').length"
#: Returns the contrast of a cell's text, and of its dim text, with the cell's background.
CONTRAST = """
const cell = document.querySelector("td");
cell.className = arguments[0];
const dim = cell.querySelector(".dim");
const light = color => {
  const [r, g, b] = color.match(/[\\d.]+/g).map(each => each / 255)
    .map(each => each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const back = light(getComputedStyle(cell).backgroundColor);
return [cell, dim].map(each => light(getComputedStyle(each).color))
  .map(each => (Math.max(each, back) + 0.05) / (Math.min(each, back) + 0.05));
"""
COUNT = "return document.getElementById('count').textContent"


def choose(browser: Browser, field: str, value: str) -> float:
    """Set a field of the filter as a user does, and return how many milliseconds it took."""
    milliseconds: float = browser.run(
        "const [id, value] = arguments, field = document.getElementById(id);"
        "field.value = value; const start = performance.now();"
        "field.dispatchEvent(new Event('change', {bubbles: true})); document.body.offsetHeight;"
        "return performance.now() - start;",
        field,
        value,
    )
    return milliseconds


@pytest.mark.once
def test_in_a_browser(page: pathlib.Path, browser: Browser, tmp_path: pathlib.Path) -> None:
    browser.open(page)
    assert browser.run(COUNT) == f"{ROWS} of {ROWS} projects"

    # the keyboard alone: / goes to the filter, Escape clears it, Tab and Enter open a cell
    browser.keys("/")
    browser.keys("project-1234")
    _wait(browser, f"1 of {ROWS} projects")
    assert browser.run("return document.activeElement.id") == "text"
    browser.keys(TAB * 3)
    assert browser.run("return document.activeElement.tagName") == "SUMMARY"
    browser.keys("\ue007")
    assert browser.run("return document.activeElement.parentElement.open") is True
    browser.keys(ESCAPE)
    _wait(browser, f"{ROWS} of {ROWS} projects")

    assert choose(browser, "accelerator", "cuda13.0") < 2_000
    assert browser.run(SHOWN) == 1
    choose(browser, "accelerator", "")
    assert choose(browser, "finding", "BT401") < 2_000
    assert browser.run(SHOWN) == (ROWS - 2) / 2
    assert set(browser.asked_for()) == {page.as_uri()}

    browser.run("document.querySelectorAll('details')[1].open = true")
    for width, scheme in itertools.product((1280, 390), ("light", "dark")):
        browser.resize(width, 900)
        browser.prefer(scheme)
        assert browser.run("return innerWidth") == width
        assert browser.run("return document.documentElement.scrollWidth") <= width
        picture = tmp_path / f"{scheme}-{width}.png"
        browser.screenshot(picture)
        assert picture.stat().st_size > 10_000
        for state in ("ok", "note", "warning", "error", "unknown"):
            text, dim = browser.run(CONTRAST, state)
            assert text >= dim >= 4.5, (scheme, state)  # WCAG 2.2, 1.4.3


def test_a_link_in_a_browser(run: Run, tmp_path: pathlib.Path, browser: Browser) -> None:
    folder = tmp_path / "an index: 50% #1"
    write_wheels(folder, f"demo-1.0+a-2_el9.6{PLAT}")
    run("audit", str(folder), "--format", "html", "-o", "out.html", "--exit-zero")
    browser.open(tmp_path / "out.html")
    href = browser.run("return document.querySelector('td a[href$=whl]').href")
    assert urllib.parse.unquote(href) == urllib.parse.unquote(
        (folder / f"demo-1.0+a-2_el9.6{PLAT}").as_uri()
    )


def test_it_reads_without_javascript(small_page: pathlib.Path, tmp_path: pathlib.Path) -> None:
    with browse(tmp_path / "profile", javascript=False) as browser:
        browser.open(small_page)
        assert browser.run("return document.getElementById('filter').hidden") is True
        assert browser.run(SHOWN) == 10


def _wait(browser: Browser, text: str) -> None:
    import time

    for _ in range(100):
        if browser.run(COUNT) == text:
            return
        time.sleep(0.05)
    assert browser.run(COUNT) == text
