"""Credentials: they go to their own host, and appear in no message and no log."""

from __future__ import annotations

import base64
import io
import logging

import pytest

from fromager_build_tags.http import session as sessions
from fromager_build_tags.http.session import Session
from fromager_build_tags.http.urls import FetchError

from ..index.simple_server import Answer, serve

SECRET = "s3cret"


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "BACKOFF", 0)


def test_no_log_has_a_query(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with serve({f"/?token={SECRET}": Answer(status=503)}) as server:
        session = Session(f"{server.url}?token={SECRET}")
        with pytest.raises(FetchError) as caught, session.page(session.root):
            pass
        assert len(server.asked) == 4
    assert SECRET not in caplog.text
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("variable", ["http_proxy", "all_proxy"])
def test_the_password_of_a_proxy_is_not_shown(
    variable: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, f"http://user:{SECRET}@127.0.0.1:9")
    session = Session("http://h.invalid/simple")
    with pytest.raises(FetchError, match="the server cannot be reached") as caught:
        session.download("http://h.invalid/x.whl", io.BytesIO())
    assert SECRET not in str(caught.value) + caplog.text


def test_a_redirect_to_another_host_gets_no_credentials() -> None:
    with serve({"/x.whl": Answer(body=b"x")}) as other:
        target = other.url.replace("127.0.0.1", "localhost")
        moved = Answer(status=302, headers={"Location": f"{target}/x.whl"})
        with serve({"/x.whl": moved}) as server:
            session = Session(server.url.replace("//", f"//user:{SECRET}@"))
            session.download(f"{server.url}/x.whl", io.BytesIO())
            assert base64.b64decode((server.authorized[0] or "")[6:]) == b"user:s3cret"
        assert other.authorized == [None]


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://h/x", "data:,x", "gopher://h/"])
def test_a_redirect_to_another_scheme_is_refused(url: str) -> None:
    moved = Answer(status=302, headers={"Location": url})
    with serve({"/": moved}) as server:
        session = Session(server.url)
        with pytest.raises(FetchError, match="redirects to"), session.page(session.root):
            pass
        with pytest.raises(FetchError, match="it redirects to a URL that is not http or https"):
            session.download(session.root, io.BytesIO())


def test_a_password_that_is_not_encoded() -> None:
    session = Session(f"http://user:a/{SECRET}@127.0.0.1/simple")
    with pytest.raises(FetchError) as caught, session.page(session.root):
        pass
    assert str(caught.value) == (
        "http://127.0.0.1/simple/ cannot be read: it is not a valid URL; "
        'write "/" of a password as %2F'
    )
