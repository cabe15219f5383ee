"""Listing an index: a folder, HTML and JSON give the same; problems are reported."""

from __future__ import annotations

import base64
import dataclasses
import functools
import os
import pathlib
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from click.testing import Result

from fromager_build_tags.errors import InputError
from fromager_build_tags.http import session as sessions
from fromager_build_tags.http.session import Session
from fromager_build_tags.http.urls import FetchError, shown_url
from fromager_build_tags.index import Index, open_index
from fromager_build_tags.index.listing import IndexFile, Unreadable
from fromager_build_tags.index.place import parse_place
from fromager_build_tags.wheel.archive import WheelError, open_url

from .simple_server import JSON, Answer, Server, html_index, html_page, json_index, json_page, serve
from .wheels import write_wheel

PROJECTS = {
    "torch": [
        "torch-2.10.0+rocm7.1-7_el9.6_rocm7.1-cp312-cp312-linux_x86_64.whl",
        "torch-2.10.0-7_el9.6_rocm7.1-cp312-cp312-linux_x86_64.whl",
    ],
    "flash-attn": ["flash_attn-2.8.3-8_el9.6_rocm7.1-cp312-cp312-linux_x86_64.whl"],
    "zlib-ng": ["zlib_ng-1.0-2-py3-none-any.whl", "zlib_ng-1.0.tar.gz"],
}


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let retries follow without a pause."""
    monkeypatch.setattr(sessions, "BACKOFF", 0)


def list_url(url: str) -> Index:
    """Open a simple API."""
    return open_index(parse_place(url, "rocm"))


def names(index: Index) -> dict[str, list[str]]:
    return {listed.project: [file.filename for file in listed.files] for listed in index.projects()}


def troubles(index: Index) -> list[str]:
    return [listed.unreadable.reason for listed in index.projects() if listed.unreadable]


EXPECTED = {name: sorted(PROJECTS[name]) for name in sorted(PROJECTS)}


def test_a_folder_html_and_json_give_the_same(tmp_path: pathlib.Path) -> None:
    for filenames in PROJECTS.values():
        for filename in filenames:
            (tmp_path / filename).write_bytes(b"")
    assert names(open_index(parse_place(str(tmp_path), "rocm"))) == EXPECTED
    for pages in (html_index(PROJECTS), json_index(PROJECTS)):
        with serve(pages) as server:
            index = list_url(f"{server.url}/simple")
            assert names(index) == EXPECTED
            assert len(index) == len(PROJECTS)
            assert list(names(index)) == sorted(PROJECTS)


@pytest.fixture
def server() -> Iterator[Server]:
    with serve(html_index(PROJECTS)) as running:
        yield running


def files(server: Server, project: str) -> Sequence[IndexFile]:
    listed = {each.project: each for each in list_url(f"{server.url}/simple/").projects()}
    return next(each.files for name, each in listed.items() if name == project)


def test_the_attributes_of_a_file(server: Server) -> None:
    name = "torch-1-py3-none-any.whl"
    page = html_page({f"x/{name}?token=secret#sha256={'A' * 64}": "what you like"})
    yanked = page.body.replace(b"<a ", b'<a data-yanked="broken" ')
    server.answers["/simple/torch/"] = Answer(body=yanked)
    [file] = files(server, "torch")
    assert file == IndexFile(
        file.project,
        name,
        f"{server.url}/simple/torch/x/{name}",
        "a" * 64,
        None,
        True,
        signed=f"{server.url}/simple/torch/x/{name}?token=secret",
    )
    assert "secret" not in repr(file)
    hashes = {"sha256": "B" * 64, "md5": "x"}
    listed = {"filename": name, "url": f"/x/{name}", "hashes": hashes, "size": 7, "yanked": "why"}
    server.answers["/simple/torch/"] = json_page(
        {"meta": {"api-version": "1.0"}, "name": "torch", "files": [listed]}
    )
    [file] = files(server, "torch")
    assert file == IndexFile(file.project, name, f"{server.url}/x/{name}", "b" * 64, 7, True)


@pytest.mark.parametrize(
    ("fragment", "sha256"),
    [("", ""), ("#md5=00", ""), ("#sha256=00", ""), ("#sha256=" + "g" * 64, "")],
)
def test_a_hash_that_is_none_is_not_known(fragment: str, sha256: str, server: Server) -> None:
    server.answers["/simple/torch/"] = html_page({f"torch-1.whl{fragment}": ""})
    assert [file.sha256 for file in files(server, "torch")] == [sha256]


def test_a_link_twice_is_one_file_unless_the_hashes_differ(server: Server) -> None:
    one, other = (f"#sha256={digit * 64}" for digit in "01")
    links = {f"a/t-1.whl{one}": "", f"b/t-1.whl{one}": "", f"c/t-1.whl{other}": "", "../": "up"}
    server.answers["/simple/torch/"] = html_page(links)
    assert [file.sha256[0] for file in files(server, "torch")] == ["0", "1"]


@pytest.mark.parametrize(
    "links",
    [
        {"torch/": "torch"},
        {"/simple/torch": "Torch", "/simple/": "here", "/": "up", "../simple": "x"},
        {"./Torch/": "..", "../": "up", "?C=N;O=D": "sort", "/simplex/a/": "a", "a/b/": "b"},
        {"%74orch/": "", "<b>/": "", "a%20b/": "", "mailto:x": ""},
    ],
)
def test_the_links_of_a_list_of_projects(links: dict[str, str]) -> None:
    with serve({"/simple/": html_page(links), "/simple": html_page(links)}) as server:
        assert list(names(list_url(f"{server.url}/simple"))) == ["torch"]


SAYS_SO = b'<html><head><meta name="pypi:repository-version" content="1.0"></head></html>'


@pytest.mark.parametrize(
    "page", [Answer(body=SAYS_SO), json_page({"meta": {"api-version": "1.0"}, "projects": []})]
)
def test_a_declared_list_of_projects_may_be_empty(page: Answer) -> None:
    with serve({"/simple/": page}) as server:
        assert names(list_url(f"{server.url}/simple/")) == {}


@pytest.mark.parametrize(
    "links", [{}, {"/other/torch/": "torch", "torch/index.html": "", "../": "up", "?C=N": ""}]
)
def test_a_page_that_lists_no_project_is_no_index(links: dict[str, str]) -> None:
    with serve({"/simple/?token=s3cret": html_page(links)}) as server:
        with pytest.raises(InputError) as caught:
            list_url(f"{server.url}/simple?token=s3cret")
        assert str(caught.value) == (
            f"no projects found at {server.url}/simple/: use the URL of a simple API, which "
            "usually ends in /simple/, or of a folder of wheels"
        )


@pytest.mark.parametrize("name", ["wheels", "wheels ü+x"])
def test_a_flat_folder_behind_a_web_server(name: str, tmp_path: pathlib.Path) -> None:
    root = tmp_path / name
    root.mkdir()
    for filename in (*(name for each in PROJECTS.values() for name in each), "SHA256SUMS"):
        (root / filename).touch()
    below = "zlib_ng-2.0-1-py3-none-any.whl"
    for folder, filename in (("zlib_ng", below), ("other", "other-1.0.whl.metadata")):
        (root / folder).mkdir()
        (root / folder / filename).touch()
    handler = functools.partial(QuietFolder, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        index = list_url(f"http://127.0.0.1:{server.server_port}/{urllib.parse.quote(name)}")
        listed = names(index)
        index.close()
        server.shutdown()
        thread.join()
    assert listed == names(open_index(parse_place(str(root), "rocm")))
    assert listed == {
        **EXPECTED,
        "other": ["other-1.0.whl.metadata"],
        "sha256sums": ["SHA256SUMS"],
        "zlib-ng": sorted([*PROJECTS["zlib-ng"], below]),
    }


class QuietFolder(SimpleHTTPRequestHandler):
    """Python's own web server of a folder."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Keep the requests out of the tests' output."""


def test_a_flat_page_may_lead_to_files_elsewhere() -> None:
    links = {
        "http://other/a/demo-1.whl#sha256=" + "1" * 64: "",
        "https://other/about": "",
        "../": "",
    }
    with serve({"/links/": html_page(links)}) as server:
        [file] = index_files(list_url(f"{server.url}/links"))
        assert (file.filename, file.location) == ("demo-1.whl", "http://other/a/demo-1.whl")
        assert server.asked == ["/links/"]


def test_a_wheel_in_place_of_a_page_is_not_read(server: Server) -> None:
    wheel = Answer(body=b"x" * 50_000_000, content_type="application/zip")
    server.answers["/simple/torch/"] = wheel
    [reason] = troubles(list_url(f"{server.url}/simple"))
    assert reason == "expected HTML or JSON, received 'application/zip'"


def test_a_wrong_entry_hides_no_other(server: Server) -> None:
    good = {"filename": "torch-1-py3-none-any.whl", "url": "x", "hashes": {}}
    wrong: list[object] = [
        {**good, "filename": "invalid-url", "url": "http://[::1"},
        {**good, "filename": "no-hashes", "hashes": None},
        {**good, "filename": "a-size", "size": "abc"},
        {**good, "filename": ""},
        {**good, "filename": 1},
        {"filename": "<b>\n"},
        None,
        [],
    ]
    page = {"meta": {"api-version": "1.0"}, "name": "torch", "files": [*wrong, good]}
    server.answers["/simple/torch/"] = json_page(page)
    [listed] = [each for each in list_url(f"{server.url}/simple").projects() if each.unreadable]
    assert [file.filename for file in listed.files] == [good["filename"]]
    assert listed.unreadable == Unreadable(
        location=f"{server.url}/simple/torch/",
        reason="skipped invalid entries: 'invalid-url', 'no-hashes', 'a-size', '', "
        "number 5, '<b>\\n', number 7, number 8",
    )
    page["files"] = [None] * 12
    server.answers["/simple/torch/"] = json_page(page)
    assert troubles(list_url(f"{server.url}/simple"))[0].endswith(", number 10 and 2 more")


def test_a_wrong_link_hides_no_other(server: Server) -> None:
    links = {"http://u:s3cret@[::1/torch-1.whl": "", "torch-1-py3-none-any.whl": ""}
    server.answers["/simple/torch/"] = html_page(links)
    [listed] = [each for each in list_url(f"{server.url}/simple").projects() if each.unreadable]
    assert [file.filename for file in listed.files] == ["torch-1-py3-none-any.whl"]
    assert listed.unreadable == Unreadable(
        location=f"{server.url}/simple/torch/",
        reason="skipped invalid entries: 'http://****@[::1/torch-1.whl'",
    )


HUGE = "9" * 5_000


@pytest.mark.parametrize(
    ("entry", "size"),
    [
        ('"size": 7', 7),
        (f'"size": {HUGE}', None),
        (f'"size": -{HUGE}', None),
        ('"size": NaN', "invalid"),
        ('"size": Infinity', "invalid"),
        ('"size": 1e999', "invalid"),
        ('"size": 1, "size": 2', 2),
        ('"size": {"a": [1]}', "invalid"),
        ('"size": null', None),
        ('"yanked": {}', "invalid"),
        ('"requires-python": 3', "invalid"),
        ('"requires-python": null', None),
        ('"hashes": {"sha256": 1}', "invalid"),
        ('"hashes": []', "invalid"),
        ('"url": "http://[::1"', "invalid"),
        ('"url": null', "invalid"),
        ('"url": "%zz%"', None),
        ('"filename": "\\ud800.whl"', "invalid"),
    ],
)
def test_odd_values_of_an_entry_cost_that_entry(
    entry: str, size: int | str | None, server: Server
) -> None:
    head = '{"meta": {"api-version": "1.1"}, "name": "torch", "files": ['
    one = '{"filename": "a-1.whl", "url": "a-1.whl", "hashes": {}, %s}'
    body = head + one % entry + "," + one.replace("a-1", "b-1") % '"size": 1' + "]}"
    server.answers["/simple/torch/"] = Answer(body=body.encode(), content_type=JSON)
    sizes = [file.size for file in files(server, "torch")]
    assert sizes == ([1] if size == "invalid" else [size, 1])


def test_a_wrong_project_hides_no_other() -> None:
    wrong = [1, {}, {"name": 7}, {"name": "../x"}, {"name": "http://h/"}, {"name": "\x1b"}]
    projects = [*wrong, {"name": "torch"}]
    page = json_page({"meta": {"api-version": "1.1"}, "projects": projects})
    torch = json_page({"meta": {"api-version": "1.1"}, "name": "torch", "files": []})
    with serve({"/simple/": page, "/simple/torch/": torch}) as server:
        index = list_url(f"{server.url}/simple")
        unknown, listed = index.projects()
        assert (listed.project, len(index)) == ("torch", 1)
        assert unknown.unreadable == Unreadable(
            location=f"{server.url}/simple/",
            reason="skipped invalid entries: number 1, number 2, number 3, '../x', 'http://h/', "
            "'\\x1b'",
        )


def test_a_page_of_many_values_is_refused(server: Server) -> None:
    body = b'{"files": [' + b"{}," * 2_000_000 + b"{}]}"
    server.answers["/simple/torch/"] = Answer(body=body, content_type=JSON)
    assert troubles(list_url(f"{server.url}/simple")) == ["it has more than 4,000,000 values"]


def test_a_page_of_many_invalid_entries_is_refused(server: Server) -> None:
    page = {"meta": {"api-version": "1.1"}, "name": "torch", "files": [{}] * 100_000}
    server.answers["/simple/torch/"] = json_page(page)
    reason = "it has more than 10,000 invalid entries"
    assert troubles(list_url(f"{server.url}/simple")) == [reason]


def test_what_a_later_version_adds_is_no_matter(
    recwarn: pytest.WarningsRecorder,
) -> None:
    entry = {"filename": "torch-1-py3-none-any.whl", "url": "x", "hashes": {}, "new": [1]}
    meta = {"api-version": "1.99"}
    pages = {
        "/simple/": json_page({"meta": meta, "projects": [{"name": "torch"}]}),
        "/simple/torch/": json_page({"meta": meta, "name": "torch", "files": [entry], "new": 1}),
    }
    with serve(pages) as server:
        index = list_url(f"{server.url}/simple")
        assert names(index) == {"torch": [entry["filename"]]}
        assert troubles(index) == []
    assert [str(each.message) for each in recwarn] == []


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(status=404), "status 404: not found"),
        (
            Answer(status=401),
            "status 401: credentials are missing or wrong; set them in netrc",
        ),
        (
            Answer(status=403),
            "status 403: access denied; check the credentials, or the signature of the URL",
        ),
        (Answer(status=410), "status 410"),
        (Answer(status=500), "status 500: server error"),
        (
            dataclasses.replace(html_page({"torch/": "torch"}), cut=20),
            "the connection was closed before the end",
        ),
        (Answer(body=b"<html><body><a href='torch/'>tor"), "the page is truncated"),
        (
            json_page({"meta": {"api-version": "2.0"}, "projects": []}),
            "API version 2.0 is not supported (supported: 1)",
        ),
        (json_page([]), "not a page of a simple API"),
        (json_page({"projects": [1]}), "not a page of a simple API"),
        (
            Answer(body=b'{"meta": {"api-ver', content_type="application/json"),
            "invalid or truncated JSON",
        ),
        (
            Answer(body=b"\x7fELF", content_type="application/octet-stream"),
            "expected HTML or JSON, received 'application/octet-stream'",
        ),
        (
            Answer(status=302, headers={"Location": "http://localhost:9/simple/"}),
            "it redirects to http://localhost:9/simple/; if that is the index, use its URL",
        ),
        (Answer(status=302, headers={"Location": "/simple/"}), "more than 5 redirects"),
    ],
)
def test_a_list_of_projects_that_cannot_be_read(answer: Answer, reason: str) -> None:
    with serve({"/simple/": answer}) as server:
        with pytest.raises(InputError) as caught:
            list_url(f"{server.url}/simple")
        assert str(caught.value) == f"{server.url}/simple/ cannot be read: {reason}"


def test_a_page_that_cannot_be_read_hides_no_other(server: Server) -> None:
    server.answers["/simple/flash-attn/"] = Answer(status=503)
    server.answers["/simple/torch/"] = Answer(status=404)
    index = list_url(f"{server.url}/simple")
    assert troubles(index) == [
        "status 503: server error",
        "status 404: not found",
    ]
    assert names(index)["zlib-ng"] == EXPECTED["zlib-ng"]
    assert server.asked.count("/simple/flash-attn/") == 8  # four times for each look


def test_a_request_that_fails_for_a_moment_is_repeated(server: Server) -> None:
    good = server.answers["/simple/torch/"]
    answers = iter([Answer(status=503), Answer(status=429), good])
    server.answers["/simple/torch/"] = lambda _: next(answers)
    assert names(list_url(f"{server.url}/simple")) == EXPECTED


def test_a_server_cannot_put_it_off_for_hours(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "LONGEST_PAUSE", 0.01)
    good = server.answers["/simple/torch/"]
    busy = [Answer(status=503, headers={"Retry-After": "86400"})]
    server.answers["/simple/torch/"] = lambda _: busy.pop() if busy else good
    assert names(list_url(f"{server.url}/simple/")) == EXPECTED
    assert busy == []


def test_credentials_go_to_files_of_the_index_and_not_elsewhere(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine localhost login me password of-another\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    wheel = Answer(body=write_wheel(tmp_path / "demo-1-py3-none-any.whl").read_bytes())
    with serve({"/demo-1-py3-none-any.whl": wheel}) as server:
        session = Session(server.url.replace("//", "//user:s3cret@"))
        for host in ("127.0.0.1", "localhost"):
            url = f"{server.url.replace('127.0.0.1', host)}/demo-1-py3-none-any.whl"
            with open_url(url, session) as archive:
                assert archive.metadata()["name"] == "demo"
        session.close()
    sent = [base64.b64decode((each or "").removeprefix("Basic ")) for each in server.authorized]
    assert sent == [b"user:s3cret", b"me:of-another"]


@pytest.mark.parametrize("pages", [html_index, json_index])
def test_a_link_that_is_signed_is_followed_and_never_shown(
    pages: Callable[[Mapping[str, Sequence[str]]], dict[str, Answer]], tmp_path: pathlib.Path
) -> None:
    name = "demo-1-py3-none-any.whl"
    body = write_wheel(tmp_path / name).read_bytes()
    answers = pages({"demo": [name]})
    page = answers["/simple/demo/"]
    signed = page.body.replace(name.encode(), f"{name}?sig=s3cret".encode(), 1)
    if page.content_type == JSON:
        url = f"/files/{name}".encode()
        signed = page.body.replace(url, url + b"?sig=s3cret")
    answers["/simple/demo/"] = dataclasses.replace(page, body=signed)
    answers[f"/files/{name}?sig=s3cret"] = Answer(body=body)
    answers[f"/files/{name}"] = Answer(status=403)
    with serve(answers) as server:
        index = list_url(f"{server.url}/simple")
        [file] = index_files(index)
        assert file.location == f"{server.url}/files/{name}"
        with index.open(file) as archive:
            assert archive.metadata()["name"] == "demo"
            assert "s3cret" not in str(archive.path)
        del server.answers[f"/files/{name}?sig=s3cret"]
        with pytest.raises(WheelError) as caught, index.open(file):
            pass
        assert "s3cret" not in str(caught.value)
        index.close()


def test_a_server_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="cannot be read: the server cannot be reached"):
        list_url("http://127.0.0.1:9/simple")
    monkeypatch.setattr(sessions, "TIMEOUT", (0.2, 0.2))
    with serve({"/simple/": late}) as server:
        with pytest.raises(InputError, match="no response within 30 seconds"):
            list_url(f"{server.url}/simple")
        assert len(server.asked) == 2


def late(handler: BaseHTTPRequestHandler) -> Answer:
    time.sleep(0.5)
    handler.close_connection = True
    return Answer()


def test_a_host_that_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "TIMEOUT", (0.2, 0.2))
    many = {f"p{number:03}": [f"p{number:03}-1-py3-none-any.whl"] for number in range(100)}
    with serve(html_index(many)) as server:
        index = list_url(f"{server.url}/simple")
        for project in many:
            server.answers[f"/simple/{project}/"] = late
        reasons = troubles(index)
        assert len(reasons) == len(many)
        assert reasons[-1] == "the host did not respond 5 times in a row"
        assert set(reasons[:5]) == {"no response within 30 seconds"}
        assert len(server.asked) < 70  # of 16 threads, each twice


def test_a_page_on_another_host_is_not_asked_for(server: Server) -> None:
    with serve({"/simple/torch/": html_page({})}) as other:
        server.answers["/simple/"] = html_page({f"{other.url}/simple/torch/": "torch"})
        reason = "it is on another host than the index"
        assert troubles(list_url(f"{server.url}/simple")) == [reason]
        session, url = Session(server.url), f"{other.url}/simple/torch/"
        with pytest.raises(FetchError, match=reason), session.page(url):
            pass
        assert other.asked == []


def test_credentials_are_sent_and_never_shown(server: Server) -> None:
    address = server.url.replace("//", "//user:s3cret@") + "/simple?token=s3cret"
    place = parse_place(address, "rocm")
    server.answers["/simple/?token=s3cret"] = server.answers["/simple/"]
    index = open_index(place)
    assert names(index) == EXPECTED
    assert set(server.authorized) == {"Basic dXNlcjpzM2NyZXQ="}
    shown = [str(place), repr(place), repr(index), *(file.location for file in index_files(index))]
    assert not [text for text in shown if "s3cret" in text]
    server.answers["/simple/?token=s3cret"] = Answer(status=401)
    with pytest.raises(InputError) as caught:
        open_index(place)
    assert "s3cret" not in str(caught.value)
    with pytest.raises(InputError) as caught:
        open_index(parse_place("http://user:s3cret@[::1/simple", "rocm"))
    assert "s3cret" not in str(caught.value)


def index_files(index: Index) -> list[IndexFile]:
    return [file for listed in index.projects() for file in listed.files]


def test_credentials_come_from_netrc(
    server: Server, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login user password s3cret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    names(list_url(f"{server.url}/simple"))
    assert set(server.authorized) == {"Basic dXNlcjpzM2NyZXQ="}


@pytest.mark.parametrize(
    "url",
    [
        "http://h/a?b#c",
        "http://u:p@h/a",
        "http://u@h/a",
        "http://u:p/w@h/a",
        "http://u:1/2@h/a",
        "http://u:p?w@h/a",
        "http://u:p#w@h/a",
        "http://u:p@w@h/a?x",
    ],
)
def test_a_url_is_shown_without_secrets(url: str) -> None:
    assert shown_url(url) == "http://h/a"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("HTTP://u:p@h/a", "http://h/a"),
        ("cpu=Https://u:p@h/a", "https://h/a"),
        ("ftp://u:p@h/a", "ftp:…"),
        ("https:/u:p@h/a", "https:…"),
        ("rocm=http://u:p/@h/a", "http://h/a"),
        ("u:p@h/a", "****@h/a"),
        ("a:b/c", "a:b/c"),
    ],
)
def test_an_index_is_shown_without_secrets_however_it_is_spelled(text: str, shown: str) -> None:
    place = parse_place(text, "rocm")
    assert str(place) == shown
    assert "p@h" not in repr(place)
    if not place.is_url:
        with pytest.raises(InputError) as caught:
            open_index(place)
        assert ":p@" not in str(caught.value)


def test_folders_of_fromagers_names_hide_no_wheels(tmp_path: pathlib.Path) -> None:
    for folder, filename in (
        ("prebuilt", "a-1-py3-none-any.whl"),
        ("build", "b-1-py3-none-any.whl"),
        (".", "c-1-py3-none-any.whl"),
    ):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / filename).touch()
    place = parse_place(str(tmp_path), "rocm")
    assert list(names(open_index(place))) == ["a", "b", "c"]
    (tmp_path / "c-1-py3-none-any.whl").unlink()
    assert list(names(open_index(place))) == ["a"]


def test_a_loose_wheel_makes_no_index_of_what_is_not_finished(tmp_path: pathlib.Path) -> None:
    for folder in ("build", "downloads", "prebuilt", "refused"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"{folder}-1-py3-none-any.whl").touch()
    (tmp_path / "loose-1-py3-none-any.whl").touch()
    place = parse_place(str(tmp_path), "rocm")
    assert list(names(open_index(place))) == ["downloads", "loose", "prebuilt"]


def test_a_hundred_projects_come_in_order_over_many_threads() -> None:
    many = {f"p{number:03}": [f"p{number:03}-1-py3-none-any.whl"] for number in range(150)}
    with serve(json_index(many)) as server:
        assert names(list_url(f"{server.url}/simple")) == many


def test_a_variant_may_be_named_before_the_place() -> None:
    place = parse_place("cuda-ubi9=http://h/simple/?a=b", "cpu")
    assert (place.variant, place.address) == ("cuda-ubi9", "http://h/simple/?a=b")
    assert parse_place("http://h/?a=b", "cpu").variant == "cpu"
    assert parse_place("./a=b", "cpu").address == "./a=b"


ODD_NAMES = (".DS_Store", "_index.json", "~oo-1.0-py3-none-any.whl", "-.whl", ".whl", "a b.whl")


@pytest.mark.parametrize("command", ["audit", "which", "prune"])
@pytest.mark.parametrize("served", [False, True])
def test_odd_file_names_are_counted_in_every_command(
    command: str, served: bool, run: Callable[..., Result], tmp_path: pathlib.Path
) -> None:
    good = "fromager-0.79.0-2-py3-none-any.whl"
    (tmp_path / "index").mkdir()
    for name in (*map(os.fsencode, (*ODD_NAMES, good)), b"x\xff.whl", b"x\xff-1-py3-none-any.whl"):
        pathlib.Path(os.fsdecode(os.fsencode(tmp_path / "index") + b"/" + name)).touch()
    pages = html_index({"fromager": [good, *ODD_NAMES, "x\ufffd.whl"]})
    with serve(pages) as server:
        index = f"{server.url}/simple" if served else "index"
        more = ["--exit-zero"] if command == "audit" else []
        result = run(command, index, *more)
    expected = {"audit": "warning BT415", "which": good, "prune": "0 wheels to"}
    assert expected[command] in result.stdout
    if command == "audit":
        assert "2 other files skipped" in result.stdout
