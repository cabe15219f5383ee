"""A wheel behind a URL: little of it is read, and a server that lies is refused."""

from __future__ import annotations

import pathlib
import random
import re
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping

import pytest

from fromager_build_tags.findings.finding import Finding
from fromager_build_tags.http.urls import file_name, is_url, shown_url
from fromager_build_tags.verify.checks import NOTHING
from fromager_build_tags.verify.run import WheelSource, verify_wheel
from fromager_build_tags.wheel import remote, server
from fromager_build_tags.wheel.server import Traffic

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
    return list(verify_wheel(WheelSource(text=url), lambda _: NOTHING, traffic)), traffic


WHOLE = {
    "no ranges": "the server knows no ranges",
    "no length": "the server knows no ranges",
    "400": "the server refuses ranges (400)",
    "416": "the server refuses ranges (416)",
    "501": "the server refuses ranges (501)",
    "no Content-Range": "the server's Content-Range is ''",
    "Content-Range nonsense": "the server's Content-Range is 'bytes */*'",
    "Content-Range backwards": None,
    "not the end": None,
    "ranges no more": "the server knows ranges no more",
    "416 later": "the server knows ranges no more",
}


@pytest.mark.parametrize("manner", ["ranges", *WHOLE])
def test_it_finds_what_it_finds_in_a_file(start: Start, write: Write, manner: str) -> None:
    served = start(CUDA, manner)
    findings, traffic = verify(f"{served.url}/a/{CUDA.filename}")
    local = list(verify_wheel(WheelSource(text=str(write(CUDA))), lambda _: NOTHING))
    assert [each.message for each in findings] == [each.message for each in local]
    assert [each.code for each in findings] == ["BT314"]
    assert findings[0].place.file == f"{served.url}/a/{CUDA.filename}"
    assert manner == "ranges" or traffic.whole
    assert traffic.whole == (WHOLE.get(manner, "") or traffic.whole)
    assert traffic.size == len(served.body)
    if manner != "ranges":
        assert str(traffic).endswith(f"%); {traffic.whole}")


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
    "no Content-Range, 10 GB": "the server claims 10,737,418,240 bytes for it",
    "10 GB": "the server claims 10,737,418,240 bytes for it",
    "refuses all": "the server says 206",
    "another place": None,
    "changes": "it changed while it was read",
    "another ETag": "it changed while it was read",
    "another file": "it changed while it was read",
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


def test_a_url_of_a_folder_is_no_wheel() -> None:
    [found], _ = verify("http://127.0.0.1:9/simple/foo/")
    assert (found.code, found.message) == (
        "BT341",
        "the URL names no file; `audit` and `winners` take an index",
    )


def test_a_name_with_millions_of_tags_is_refused() -> None:
    many = ".".join(f"p{number}" for number in range(1_000))
    [found], _ = verify(f"http://127.0.0.1:9/demo-1.0-{many}-{many}-{many}.whl")
    assert found.message == (
        f"{f'demo-1.0-{many}'[:80]!r}… is too long for the file name of a wheel"
    )


def test_names_and_kinds_of_urls() -> None:
    assert file_name("https://h/a%2Bb/demo-1.0%2Bcu130-py3-none-any.whl?x#y") == (
        "demo-1.0+cu130-py3-none-any.whl"
    )
    assert is_url("HTTPS://h/x.whl")
    assert not is_url("https.whl")


def test_how_much_was_read_says_where_there_are_no_ranges() -> None:
    assert str(Traffic(size=10, read=10, whole="the server knows no ranges")) == (
        "read 10 of 10 bytes (100.0%); the server knows no ranges"
    )


def test_a_server_that_trickles_is_refused(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "PACE", (0.5, 512))
    [found], _ = verify(f"{start(CUDA, 'slow').url}/{CUDA.filename}")
    assert re.fullmatch(r"the server is too slow: \d{1,2} bytes in [01] seconds", found.message), (
        found.message
    )


def test_a_full_disk_is_no_fault_of_the_wheel(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(**_: object) -> None:
        raise OSError(28, "No space left on device")

    served = start(CUDA, "ranges")
    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    [found], _ = verify(f"{served.url}/{CUDA.filename}")
    assert found.message == "it cannot be stored (No space left on device)"


ZONES = {f"demo/zones/z{number}": NOISE[number:][:900] for number in range(600)}
PURELIB = {
    "demo_pkg-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\n"
    f"Build: 8\nTag: {PURE}\n"
}


def test_many_small_files_of_a_pure_wheel_are_not_looked_into(start: Start) -> None:
    wheel = Wheel(tag="8", platform=PURE, members={**ZONES, **PURELIB})
    findings, traffic = verify(f"{start(wheel, 'ranges').url}/{wheel.filename}")
    assert findings == []
    assert traffic.requests <= 4
    assert traffic.read / traffic.size < 0.15  # the list of contents alone is a tenth of it


@pytest.mark.parametrize("name", ["demo/tool", "demo/tool.x"])
def test_a_binary_in_a_pure_wheel_is_found_all_the_same(
    start: Start, compiled: Mapping[str, bytes], name: str
) -> None:
    library = compiled["plain"] if name == "demo/tool" else compiled["aarch64"]
    wheel = Wheel(tag="8", platform=PURE, members={**ZONES, **PURELIB, name: library})
    findings, _ = verify(f"{start(wheel, 'ranges').url}/{wheel.filename}")
    assert [each.code for each in findings] == ["BT332"]


def test_small_files_of_a_platform_wheel_are_fetched_together_and_once(
    start: Start, compiled: Mapping[str, bytes]
) -> None:
    wheel = Wheel(tag="8_el9.6", members={**ZONES, "demo/zones/zz": compiled["plain"]})
    findings, traffic = verify(f"{start(wheel, 'ranges').url}/{wheel.filename}")
    assert findings == []
    assert traffic.requests < 10
    assert traffic.read <= traffic.size


@pytest.mark.parametrize("stored", [False, True])
def test_no_byte_is_fetched_twice(
    start: Start, compiled: Mapping[str, bytes], tmp_path: pathlib.Path, stored: bool
) -> None:
    """Of a library whose tables lie where nobody expects them, one run over it is not enough."""
    rng = random.Random(2)
    members = {
        f"demo/{number}{rng.choice(['.so', '', '.bin', '.py'])}": rng.choice(
            [compiled["plain"], compiled["unstable"], NOISE[: rng.randrange(1 << 18)], b"", b"x"]
        )
        for number in range(80)
    }
    wheel = Wheel(tag="8_el9.6", members={**members, "demo/large.so": compiled["plain"] + NOISE})
    path = wheel.write(tmp_path, compiled)
    if stored:
        with zipfile.ZipFile(path) as packed, zipfile.ZipFile(tmp_path / "new", "w") as new:
            for info in packed.infolist():
                new.writestr(info.filename, packed.read(info))
        (tmp_path / "new").replace(path)
    local = [each.message for each in verify_wheel(WheelSource(text=str(path)), lambda _: NOTHING)]
    served = Served(body=path.read_bytes())
    with serve(served):
        findings, traffic = verify(f"{served.url}/{wheel.filename}")
    assert [each.message for each in findings] == local
    assert traffic.read <= traffic.size == len(served.body)
    asked = [re.fullmatch(r"bytes=(\d+)-(\d+)", str(each)) for _, each in served.asked[1:]]
    got = [at for each in asked if each for at in range(int(each[1]) // 64, int(each[2]) // 64)]
    assert len(got) == len(set(got))


def test_what_takes_more_to_inflate_is_looked_into(start: Start) -> None:
    """A long table of codes stands before the first byte of a member."""
    text = bytes(range(256)) * 40
    wheel = Wheel(tag="8_el9.6", members={"demo/unknown": MAGIC_AND + text, "demo/other": text})
    findings, _ = verify(f"{start(wheel, 'ranges').url}/{wheel.filename}")
    assert [each.code for each in findings] == ["BT342"]


MAGIC_AND = b"\x7fELF" + bytes(60)


def test_a_damaged_member_is_a_clear_refusal(start: Start) -> None:
    wheel = Wheel(tag="8_el9.6", members={"demo/unknown": NOISE[:5000]})
    served = start(wheel, "ranges")
    at = served.body.index(b"demo/unknown") + len("demo/unknown")
    served.body = served.body[:at] + b"\xff" * 20 + served.body[at + 20 :]
    [found], _ = verify(f"{served.url}/{wheel.filename}")
    assert found.code == "BT341"
    assert found.message.startswith("its member 'demo/unknown' is damaged: Error -3 while decomp")
