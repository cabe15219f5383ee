"""A wheel behind a URL: the findings of the file, and one clear error for each failure."""

from __future__ import annotations

import pathlib
import random
import re
import tempfile
from collections.abc import Callable, Iterator

import pytest

from fromager_build_tags.findings.finding import Finding
from fromager_build_tags.http import pace, session
from fromager_build_tags.http.urls import file_name, is_url, shown_url
from fromager_build_tags.verify.exemptions import NO_EXEMPTIONS
from fromager_build_tags.verify.run import WheelSource, verify_wheel

from .building import Wheel
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
def start(write: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> Iterator[Start]:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
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
    assert list((tmp_path / "temporary").iterdir()) == []


def verify(url: str) -> list[Finding]:
    return list(verify_wheel(WheelSource(text=url), lambda _: NO_EXEMPTIONS))


@pytest.mark.parametrize("manner", ["complete", "no length", "503 once", "a wheel called HTML"])
def test_it_finds_what_it_finds_in_a_file(start: Start, write: Write, manner: str) -> None:
    """A server that fails once is asked again."""
    served = start(CUDA, manner)
    findings = verify(f"{served.url}/a/{CUDA.filename}")
    local = list(verify_wheel(WheelSource(text=str(write(CUDA))), lambda _: NO_EXEMPTIONS))
    assert [each.message for each in findings] == [each.message for each in local]
    assert [each.code for each in findings] == ["BT314"]
    assert findings[0].place.file == f"{served.url}/a/{CUDA.filename}"
    assert served.paths == [f"/a/{CUDA.filename}"] * (2 if manner == "503 once" else 1)


FAILURES = {
    "redirects for ever": "more than 5 redirects",
    "401": "status 401: credentials are missing or wrong; set them in netrc",
    "403": "status 403: access denied; check the credentials, or the signature of the URL",
    "404": "status 404: not found",
    "410": "status 410",
    "503": "status 503: server error",
    "HTML": "expected a file, received a page of HTML",
    "cut": "the connection was closed before the end",
    "10 GB": "it has 10,737,418,240 bytes; at most 8,589,934,592 are read",
    "damaged encoding": "its content encoding is damaged",
    "hangs up": "the server cannot be reached, or closes the connection",
}


@pytest.mark.parametrize(("manner", "reason"), FAILURES.items(), ids=FAILURES)
def test_a_server_that_fails_is_one_clear_error(
    start: Start, monkeypatch: pytest.MonkeyPatch, manner: str, reason: str
) -> None:
    monkeypatch.setattr(session, "BACKOFF", 0)
    served = start(CUDA, manner)
    url = f"{served.url.replace('//', '//user:secret@')}/{CUDA.filename}?token=secret#secret"
    [found] = verify(url)
    assert (found.code, found.message) == ("BT341", reason)
    assert found.place.file == f"{served.url}/{CUDA.filename}"
    assert "secret" not in repr(found)


def test_a_body_that_ends_early_without_a_stated_size(start: Start) -> None:
    served = start(CUDA, "no length")
    served.body = served.body[:1000]
    [found] = verify(f"{served.url}/{CUDA.filename}")
    assert found.message == "not a zip archive, or truncated (File is not a zip file)"


def test_a_body_that_has_no_end_is_cut_off(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "FILE_LIMIT", 1 << 20)
    [found] = verify(f"{start(CUDA, 'no length').url}/{CUDA.filename}")
    assert found.message == "it has more than 1,048,576 bytes"


def test_credentials_reach_the_server_and_no_other(start: Start) -> None:
    target, served = start(CUDA, "complete"), start(CUDA, "leaves")
    served.elsewhere = target.url.replace("127.0.0.1", "localhost")
    findings = verify(f"{served.url.replace('//', '//user:secret@')}/{CUDA.filename}")
    assert served.authorizations == ["Basic dXNlcjpzZWNyZXQ="]
    assert target.authorizations == [None]
    assert [each.code for each in findings] == ["BT314"]
    assert "secret" not in repr(findings)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1"])
def test_a_redirect_to_another_scheme_is_refused(start: Start, url: str) -> None:
    served = start(CUDA, "leaves")
    served.elsewhere = url
    [found] = verify(f"{served.url}/{CUDA.filename}")
    assert found.message == "it redirects to a URL that is not http or https"


def test_no_server_listens() -> None:
    [found] = verify("http://127.0.0.1:9/demo_pkg-1.0-py3-none-any.whl")
    assert found.message == "the server cannot be reached, or closes the connection"


@pytest.mark.parametrize("body", [b"", b"PK", b"<html>no</html>" * 10_000])
def test_what_is_served_is_no_wheel(body: bytes) -> None:
    with serve(Served(body=body)) as served:
        [found] = verify(f"{served.url}/demo_pkg-1.0-py3-none-any.whl")
    assert found.code == "BT341"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://u:p@h.example:8443/a/b.whl?q=1#f", "https://h.example:8443/a/b.whl"),
        ("https://h.example/b.whl", "https://h.example/b.whl"),
        ("http://[::1/b.whl", "(a URL that cannot be parsed)"),
        ("http://h:port/b.whl", "(a URL that cannot be parsed)"),
    ],
)
def test_a_url_is_shown_without_secrets(url: str, shown: str) -> None:
    assert shown_url(url) == shown


@pytest.mark.parametrize("url", ["http://[::1/b.whl", "http:///b.whl", "http://h:port/b-1.whl"])
def test_a_url_that_is_none_is_a_finding(url: str) -> None:
    [found] = verify(url)
    assert found.code == "BT341"


def test_two_urls_in_one_argument_hide_the_password() -> None:
    assert "secret" not in repr(verify("http://a.example,http://user:secret@h.example"))


def test_a_name_with_millions_of_tags_is_refused() -> None:
    many = ".".join(f"p{number}" for number in range(1_000))
    [found] = verify(f"http://127.0.0.1:9/demo-1.0-{many}-{many}-{many}.whl")
    assert found.message == (
        f"{f'demo-1.0-{many}'[:80]!r}… is too long for the file name of a wheel"
    )


def test_names_and_kinds_of_urls() -> None:
    assert file_name("https://h/a%2Bb/demo-1.0%2Bcu130-py3-none-any.whl?x#y") == (
        "demo-1.0+cu130-py3-none-any.whl"
    )
    assert is_url("HTTPS://h/x.whl")
    assert not is_url("https.whl")


def test_a_server_that_trickles_is_refused(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "SLOW_AFTER", 0.5)
    [found] = verify(f"{start(CUDA, 'slow').url}/{CUDA.filename}")
    assert re.fullmatch(r"the server is too slow: \d{1,3} bytes in [01] seconds", found.message), (
        found.message
    )


def test_a_download_has_a_deadline(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "FILE_TIME", 0)
    [found] = verify(f"{start(CUDA, 'whole').url}/{CUDA.filename}")
    assert found.message == "it is not complete after 0 seconds"


def test_a_full_disk_is_no_fault_of_the_wheel(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(**_: object) -> None:
        raise OSError(28, "No space left on device")

    served = start(CUDA, "complete")
    with monkeypatch.context() as patch:
        patch.setattr(tempfile, "TemporaryFile", full)
        [found] = verify(f"{served.url}/{CUDA.filename}")
    assert found.message == "it cannot be stored (No space left on device)"


def test_a_damaged_member_is_a_clear_refusal(start: Start) -> None:
    wheel = Wheel(tag="8_el9.6", members={"demo/unknown": NOISE[:5000]})
    served = start(wheel, "complete")
    at = served.body.index(b"demo/unknown") + len("demo/unknown")
    served.body = served.body[:at] + b"\xff" * 20 + served.body[at + 20 :]
    [found] = verify(f"{served.url}/{wheel.filename}")
    assert found.code == "BT341"
    assert found.message.startswith("its member 'demo/unknown' is damaged: Error -3 while decomp")
