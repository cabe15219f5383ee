"""A wheel behind a URL: little of it is read, and a server that lies is refused."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping

import pytest

from fromager_build_tags.rules.finding import Finding
from fromager_build_tags.rules.wheel import NOTHING
from fromager_build_tags.verify import Source, verify_wheel
from fromager_build_tags.wheel import remote
from fromager_build_tags.wheel.server import Traffic
from fromager_build_tags.wheel.urls import file_name, is_url, shown_url

from .building import PURE, Wheel
from .conftest import Write
from .server import Served, serve

NOISE = random.Random(1).randbytes(3 << 20)
CUDA = Wheel(
    tag="8_el9.6_cuda13.0",
    libraries=["plain", "libcudart.so.12"],
    members={"demo/data.npy": NOISE, "demo/unknown": NOISE},
)

type Start = Callable[[Wheel, str], Served]


@pytest.fixture
def start(write: Write, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    stack = []

    def run(wheel: Wheel, manner: str) -> Served:
        served = Served(body=write(wheel).read_bytes(), manner=manner)
        context = serve(served)
        stack.append(context)
        return context.__enter__()

    yield run
    for context in stack:
        context.__exit__(None, None, None)


def verify(url: str) -> tuple[list[Finding], Traffic]:
    traffic = Traffic()
    return list(verify_wheel(Source(text=url), lambda _: NOTHING, traffic)), traffic


@pytest.mark.parametrize("manner", ["ranges", "no ranges", "no length"])
def test_it_finds_what_it_finds_in_a_file(start: Start, write: Write, manner: str) -> None:
    served = start(CUDA, manner)
    findings, traffic = verify(f"{served.url}/a/{CUDA.filename}")
    local = list(verify_wheel(Source(text=str(write(CUDA))), lambda _: NOTHING))
    assert [each.message for each in findings] == [each.message for each in local]
    assert [each.code for each in findings] == ["BT314"]
    assert findings[0].place.file == f"{served.url}/a/{CUDA.filename}"
    assert traffic.ranges is (manner == "ranges")


def test_a_little_of_a_pure_wheel_is_read(start: Start) -> None:
    wheel = Wheel(tag="8", platform=PURE, members={"demo/data.npy": NOISE, "demo/x.bin": NOISE})
    served = start(wheel, "ranges")
    findings, traffic = verify(f"{served.url}/{wheel.filename}")
    assert findings == []
    assert traffic.size == len(served.body)
    assert traffic.read / traffic.size < 0.05
    assert str(traffic) == (
        f"read {traffic.read:,} of {traffic.size:,} bytes ({traffic.read / traffic.size:.1%})"
    )
    assert served.asked[0] == (f"/{wheel.filename}", f"bytes=-{remote.TAIL}")


def test_large_members_cost_few_requests(start: Start, compiled: Mapping[str, bytes]) -> None:
    library = compiled["plain"] + NOISE * 8
    wheel = Wheel(tag="8_el9.6", members={"demo/large.so": library})
    _, traffic = verify(f"{start(wheel, 'ranges').url}/{wheel.filename}")
    assert traffic.read >= len(NOISE) * 8
    assert traffic.requests < 25


REFUSALS = {
    "redirect": "more than 5 redirects",
    "refuses": "the server says 403, the credentials, or the URL's signature, are not allowed to "
    "read it",
    "wants credentials": "the server says 401, it wants credentials: put them into netrc",
    "no ranges, cut": "the connection was cut",
    "no ranges, 10 GB": "the server claims 10,737,418,240 bytes for it",
    "encodes": "the server encodes it, though that was declined",
    "hangs up": "the server cannot be reached, or does not answer to the end",
    "no Content-Range": "the server's Content-Range is ''",
    "Content-Range nonsense": "the server's Content-Range is 'bytes */*'",
    "Content-Range backwards": None,
    "10 GB": "the server claims 10,737,418,240 bytes for it",
    "not the end": "the server gave another part of it than its end",
    "another place": None,
    "changes": "it changed while it was read",
    "another ETag": "it changed while it was read",
    "ranges no more": "the server knows ranges no more",
    "cut": "the connection was cut",
    "too much": None,
}


@pytest.mark.parametrize(("manner", "reason"), REFUSALS.items(), ids=REFUSALS)
def test_a_server_that_lies_is_one_clear_refusal(
    start: Start, manner: str, reason: str | None
) -> None:
    served = start(CUDA, manner)
    url = f"{served.url.replace('//', '//user:secret@')}/{CUDA.filename}?token=secret#secret"
    [found], _ = verify(url)
    assert found.code == "BT341"
    assert reason is None or found.message == reason
    assert found.place.file == f"{served.url}/{CUDA.filename}"
    assert "secret" not in repr(found)


def test_credentials_reach_the_server_and_nobody_else(start: Start) -> None:
    served = start(CUDA, "ranges")
    findings, _ = verify(f"{served.url.replace('//', '//user:secret@')}/{CUDA.filename}")
    assert served.authorizations[0] == "Basic dXNlcjpzZWNyZXQ="
    assert "secret" not in repr(findings)


def test_nobody_listens() -> None:
    [found], traffic = verify("http://127.0.0.1:9/demo_pkg-1.0-py3-none-any.whl")
    assert found.message == "the server cannot be reached, or does not answer to the end"
    assert str(traffic) == "read 0 bytes"


@pytest.mark.parametrize("body", [b"", b"PK", b"<html>no</html>" * 10_000])
@pytest.mark.parametrize("manner", ["ranges", "no ranges"])
def test_what_is_served_is_no_wheel(body: bytes, manner: str) -> None:
    with serve(Served(body=body, manner=manner)) as served:
        [found], _ = verify(f"{served.url}/demo_pkg-1.0-py3-none-any.whl")
    assert found.code == "BT341"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://u:p@h.example:8443/a/b.whl?q=1#f", "https://h.example:8443/a/b.whl"),
        ("https://h.example/b.whl", "https://h.example/b.whl"),
        ("http://[::1/b.whl", "(a URL that cannot be read)"),
        ("http://h:port/b.whl", "(a URL that cannot be read)"),
    ],
)
def test_a_url_is_shown_without_secrets(url: str, shown: str) -> None:
    assert shown_url(url) == shown


@pytest.mark.parametrize("url", ["http://[::1/b.whl", "http:///b.whl", "http://h:port/b-1.whl"])
def test_a_url_that_is_none_is_a_finding(url: str) -> None:
    [found], _ = verify(url)
    assert found.code == "BT341"


def test_names_and_kinds_of_urls() -> None:
    assert file_name("https://h/a%2Bb/demo-1.0%2Bcu130-py3-none-any.whl?x#y") == (
        "demo-1.0+cu130-py3-none-any.whl"
    )
    assert is_url("HTTPS://h/x.whl")
    assert not is_url("https.whl")


def test_how_much_was_read_says_where_there_are_no_ranges() -> None:
    assert str(Traffic(size=10, read=10, ranges=False)) == (
        "read 10 of 10 bytes (100.0%); the server knows no ranges"
    )
