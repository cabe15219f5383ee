"""The links of HTML pages: what pypi-simple finds, in linear time."""

from __future__ import annotations

import html

import pypi_simple
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fromager_build_tags.index.html_page import HtmlPage, PageLink, parse_html

from ..growth import grows_linearly

URL = "http://h/simple/foo/"


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("", []),
        ("<a>x</a><abbr href=x><A HREF='b'>", [("http://h/simple/foo/b", {"href": "b"})]),
        ("<a\nhref = b\tx/>", [("http://h/simple/foo/b", {"href": "b", "x": None})]),
        ("<a href=a&amp;b>", [("http://h/simple/foo/a&b", {"href": "a&b"})]),
        ("<!-- <a href=x> --><a href=b>", [("http://h/simple/foo/b", {"href": "b"})]),
        ("<script><a href=x></script><a href=b>", [("http://h/simple/foo/b", {"href": "b"})]),
        ("<img alt='<a href=x>'><a href=b>", [("http://h/simple/foo/b", {"href": "b"})]),
        ("<a x='>' href=b>", [("http://h/simple/foo/b", {"x": ">", "href": "b"})]),
        ("<a title=it's href=b>", [("http://h/simple/foo/b", {"title": "it's", "href": "b"})]),
        ("<base href=/x/><a href=b>", [("http://h/x/b", {"href": "b"})]),
        ("<base href='http://[::1'><a href=b>", [("http://h/simple/foo/b", {"href": "b"})]),
        (
            '<a href="b" data-yanked data-requires-python="&gt;=3">',
            [
                (
                    "http://h/simple/foo/b",
                    {"href": "b", "data-yanked": None, "data-requires-python": ">=3"},
                )
            ],
        ),
        # no end
        ("<a href=b", []),
        ("<a href='b>", []),
        ("<!-- <a href=b>", []),
        ("<title><a href=b>", []),
    ],
)
def test_the_links_of_a_page(page: str, expected: list[tuple[str, dict[str, str]]]) -> None:
    assert parse_html(page.encode(), URL).links == [PageLink(*each) for each in expected]


def test_a_link_that_is_no_url_hides_no_other() -> None:
    page = parse_html(b"<a href='http://[::1'><a href=a>", URL)
    assert [link.url for link in page.links] == ["http://h/simple/foo/a"]
    assert page.invalid == ["http://[::1"]


def test_the_version_is_declared() -> None:
    page = b"<meta charset=x><meta name='pypi:repository-version' content='1.1'>"
    assert parse_html(page, URL) == HtmlPage([], [], "1.1")


def test_other_bytes_than_utf_8() -> None:
    assert parse_html(b"<a href=\xff>", URL).links[0].url == "http://h/simple/foo/\xff"


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), max_size=9)
HREFS = st.tuples(st.sampled_from(["", "../", "/x/", "http://o/", "?", "#"]), TEXTS).map("".join)


@given(st.lists(st.tuples(HREFS, TEXTS, TEXTS)))
def test_what_pypi_simple_finds(links: list[tuple[str, str, str]]) -> None:
    page = "<!DOCTYPE html><html><head><title>x</title></head><body>" + "".join(
        f'<a class="x" href="{html.escape(href)}" data-x=\'{html.escape(more)}\'>'
        f"{html.escape(text)}</a><br/>\n"
        for href, text, more in links
    )
    body = page.encode()
    ours = parse_html(body, URL)
    assert not ours.invalid or "[" in "".join(href for href, _, _ in links)
    if not ours.invalid:
        theirs = pypi_simple.RepositoryPage.from_html(body, URL, from_encoding="utf-8").links
        found = [(link.url, link.attributes["data-x"]) for link in ours.links]
        assert found == [(link.url, link.attrs["data-x"]) for link in theirs]


@given(
    st.lists(st.sampled_from(["<a", "</a", "<!--", "-->", "<title", "</title", *"='\"> x", "href"]))
)
def test_any_page_is_parsed(parts: list[str]) -> None:
    parse_html("".join(parts).encode(), URL)


@pytest.mark.parametrize(
    "part",
    [b"<!--", b"<a x", b'<a x="', b"<title>", b"<![", b"<?", b"</", b"<a href=&#", b"<a = ", b"<"],
)
def test_what_has_no_end_takes_linear_time(part: bytes) -> None:
    assert grows_linearly(lambda count: parse_html(part * count, URL), 10_000)


def test_a_page_of_many_links_takes_linear_time() -> None:
    def parse(count: int) -> None:
        row = b'<a href="../../f/a-%d-py3-none-any.whl#x">a</a><br>\n'
        assert len(parse_html(b"".join(row % n for n in range(count)), URL).links) == count

    assert grows_linearly(parse, 2_620)


def test_the_number_of_tags_is_bounded() -> None:
    with pytest.raises(ValueError, match="it has more than 2,000,000 tags or entities"):
        parse_html(b"<" * 2_000_001, URL)
