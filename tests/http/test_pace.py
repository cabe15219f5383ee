"""Servers that never end, and pages that are larger than they seem: each ends with one error."""

from __future__ import annotations

import contextlib
import gzip
import io
import itertools
import json
import socket
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterable, Iterator

import pytest

from fromager_build_tags.http import pace
from fromager_build_tags.http import session as sessions
from fromager_build_tags.http.session import Session
from fromager_build_tags.http.urls import FetchError

from ..index.simple_server import HTML, JSON, Answer, serve

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
ERROR = b"HTTP/1.1 503 No\r\nContent-Type: text/html\r\n"
MOVED = b"HTTP/1.1 302 Found\r\nLocation: /simple/again\r\nContent-Type: text/html\r\n"
LENGTH = b"Content-Length: 99999999\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.fixture(autouse=True)
def short_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "BACKOFF", 0)
    monkeypatch.setattr(sessions, "TIMEOUT", (0.3, 0.3))
    monkeypatch.setattr(pace, "SLOW_AFTER", 0.3)
    monkeypatch.setattr(sessions, "PAGE_TIME", 1)


@contextlib.contextmanager
def sending(send_to: Callable[[], Iterable[bytes]], *, reads: bool = True) -> Iterator[str]:
    """Send the same bytes to every client, whatever it asks for; yield the URL of a page."""
    stop = threading.Event()

    def send(client: socket.socket) -> None:
        with contextlib.suppress(OSError), client:
            if reads:
                client.recv(65_536)
            for chunk in send_to():
                client.sendall(chunk)
                if stop.wait(0.01 if len(chunk) == 1 else 0):
                    return
            stop.wait(0.05)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = server.accept()
                threads.append(threading.Thread(target=send, args=(client,)))
                threads[-1].start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        threads = [threading.Thread(target=accept)]
        threads[0].start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}/simple/"
        finally:
            stop.set()
            server.shutdown(socket.SHUT_RDWR)
            for thread in threads:
                thread.join()


def dripping(text: bytes) -> Iterator[bytes]:
    """Yield one byte at a time, for ever."""
    return (bytes([byte]) for byte in itertools.cycle(text))


def endless(head: bytes, text: bytes) -> Callable[[], Iterator[bytes]]:
    """Return a function that yields *head*, then *text* for ever; a text of one byte is slow."""
    return lambda: itertools.chain([head], itertools.repeat(text))


SLOW = "the server is too slow: "
LINES = "the server sends more than 1,000 lines before the content, or after it"
LARGE_HEAD = "the server sends more than 1,048,576 bytes before the content"


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        (endless(HEAD + LENGTH, b"x"), SLOW),
        (endless(HEAD + CHUNKED, b"1"), SLOW),
        (lambda: dripping(HEAD), SLOW),
        (lambda: dripping(b"HTTP/1.1 100 Continue\r\n\r\n"), SLOW),
        (endless(b"", b"H"), SLOW),
        (endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 99), LINES),
        (endless(b"", b"HTTP/1.1 100 Continue\r\na: b\r\n\r\n"), LINES),
        (endless(b"", b"HTTP/1.1 100 Continue\r\na: %b\r\n\r\n" % (b"b" * 60_000)), LARGE_HEAD),
        (endless(HEAD + CHUNKED, b"1\r\nx\r\n"), "it is not complete after 1 second"),
        (endless(HEAD + CHUNKED + b"1\r\nx\r\n0\r\n", b"a: b\r\n"), LINES),
        (endless(HEAD + b"Content-Length: 999999999\r\n\r\n", b""), "it has 999,999,999 bytes"),
        # requests reads the body of a redirect, and urllib3 that of an error before it tries again
        (endless(MOVED + LENGTH, b"x" * 99), "more than 5 redirects"),
        (endless(MOVED + CHUNKED, b"1"), "more than 5 redirects"),
        (endless(ERROR + LENGTH, b"x" * 9_999), "status 503: server error"),
        (endless(ERROR + LENGTH, b"x"), "status 503: server error"),
    ],
)
def test_a_response_without_end(parts: Callable[[], Iterable[bytes]], reason: str) -> None:
    with sending(parts) as url:
        session = Session(url.replace("//", "//user:s3cret@"))
        with pytest.raises(FetchError) as caught, session.page(url):
            pass
        session.close()
    assert str(caught.value).startswith(f"{url} cannot be read: {reason}")


def test_a_download_without_end() -> None:
    with (
        sending(endless(HEAD + LENGTH, b"x")) as url,
        pytest.raises(FetchError, match=SLOW),
    ):
        Session(url).download(url, io.BytesIO())


def test_a_tls_handshake_byte_by_byte() -> None:
    record = b"\x16\x03\x03\x40\x00\x02\x00\x30\x00" + bytes(16_000)
    with sending(lambda: dripping(record), reads=False) as url:
        tls = url.replace("http:", "https:")
        with pytest.raises(FetchError, match="no response within"), Session(tls).page(tls):
            pass


def test_a_host_that_is_slow_gets_no_more_requests() -> None:
    with sending(endless(HEAD + LENGTH, b"x")) as url:
        session = Session(url)
        for _ in range(sessions.UNANSWERED):
            with pytest.raises(FetchError, match=SLOW), session.page(url):
                pass
        reason = "the host did not respond 5 times in a row"
        with pytest.raises(FetchError, match=reason), session.page(url):
            pass


def packed(body: bytes, encoding: str, **more: str) -> Answer:
    return Answer(body=body, content_type=HTML, headers={"Content-Encoding": encoding, **more})


BOMB = gzip.compress(bytes(3_000_000))


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (packed(BOMB, "gzip"), "it has more than 1,000,000 bytes"),
        (packed(BOMB * 2, "X-GZIP"), "it has more than 1,000,000 bytes"),
        (packed(gzip.compress(BOMB), "gzip, gzip"), "content encoding 'gzip, gzip' is not sup"),
        (packed(zlib.compress(b"x"), "deflate"), "content encoding 'deflate' is not supported"),
        (packed(b"x", "br"), "content encoding 'br' is not supported (supported: gzip)"),
        (packed(b"x", "zstd"), "content encoding 'zstd' is not supported"),
        (packed(b"x" * 99, "gzip"), "its content encoding is damaged"),
        (packed(BOMB[:-20], "gzip"), "it has more than 1,000,000 bytes"),
    ],
)
def test_a_body_that_is_decoded(
    answer: Answer, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "PAGE_LIMIT", 1_000_000)
    with serve({"/": answer}) as server:
        session = Session(server.url)
        with pytest.raises(FetchError) as caught, session.page(session.root):
            pass
        assert str(caught.value).startswith(f"{server.url}/ cannot be read: {reason}")


def test_the_bomb_of_a_redirect_is_not_decoded() -> None:
    moved = Answer(
        status=302,
        body=gzip.compress(bytes(100_000_000)),
        headers={"Content-Encoding": "gzip", "Location": "/end"},
    )
    with serve({"/": moved, "/end": Answer(body=b"end")}) as server:
        session = Session(server.url)
        tracemalloc.start()
        with session.page(session.root) as page:
            assert page.body == b"end"
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
        tracemalloc.stop()


def test_all_pages_of_an_index_together_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "PAGES_LIMIT", 10_000)
    body = json.dumps({"a": "b" * 3_980}).encode()
    with serve({"/": Answer(body=gzip.compress(body), content_type=JSON)}) as server:
        answer = server.answers["/"]
        server.answers["/"] = Answer(
            body=answer.body, content_type=JSON, headers={"Content-Encoding": "gzip"}
        )
        session = Session(server.url)
        for _ in range(2):
            with session.page(session.root):
                pass
        reason = "the pages of the index have more than 10,000 bytes"
        with pytest.raises(FetchError, match=reason), session.page(session.root):
            pass


def test_large_pages_are_read_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "LARGE", 1_000)
    used, most = [0], [0]
    with serve({f"/{size}": Answer(body=bytes(size)) for size in (10, 2_000)}) as server:
        session = Session(server.url)

        def use(size: int) -> None:
            with session.page(f"{server.url}/{size}"):
                used[0] += 1
                most[0] = max(most[0], used[0])
                time.sleep(0.05)
                used[0] -= 1

        for size, parallel in ((10, True), (2_000, False)):
            most[0] = 0
            threads = [threading.Thread(target=use, args=(size,)) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert (most[0] > 1) is parallel
