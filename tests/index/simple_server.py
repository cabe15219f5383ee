"""A simple API on loopback, in HTML or JSON, that can go wrong in every way."""

from __future__ import annotations

import contextlib
import html
import json
import threading
import urllib.parse
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HTML = "text/html; charset=utf-8"
JSON = "application/vnd.pypi.simple.v1+json"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The response of the server for one path."""

    body: bytes = b""
    content_type: str = HTML
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int = 0


type Answers = Mapping[str, Answer | Callable[[BaseHTTPRequestHandler], Answer]]


@dataclass
class Server:
    """A running server.

    Attributes:
        asked: the path of every request, in order.
        authorized: the ``Authorization`` header of each.
    """

    url: str
    answers: dict[str, Any]
    asked: list[str] = field(default_factory=list)
    authorized: list[str | None] = field(default_factory=list)


@contextlib.contextmanager
def serve(answers: Answers) -> Iterator[Server]:
    """Answer each path with what stands for it, any other with 404."""
    answering = dict(answers)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            running.asked.append(self.path)
            running.authorized.append(self.headers["Authorization"])
            answer = answering.get(self.path, Answer(status=404))
            if callable(answer):
                answer = answer(self)
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(answer.body)))
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body[: len(answer.body) - answer.cut])
            if answer.cut:
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
            """Keep the requests out of the tests' output."""

    server = _QuietServer(("127.0.0.1", 0), Handler)
    running = Server(url=f"http://127.0.0.1:{server.server_port}", answers=answering)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield running
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _QuietServer(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore clients that do not wait for a response."""


def html_page(links: Mapping[str, str]) -> Answer:
    """Return a page of links, text by URL."""
    shown = "".join(
        f'<a href="{html.escape(url)}">{html.escape(text)}</a><br>\n' for url, text in links.items()
    )
    body = f"<!DOCTYPE html>\n<html><body>\n{shown}</body></html>\n"
    return Answer(body=body.encode())


def json_page(data: object, **more: Any) -> Answer:
    """Return a page of the JSON API."""
    return Answer(body=json.dumps(data).encode(), content_type=JSON, **more)


def html_index(projects: Mapping[str, Sequence[str]]) -> dict[str, Answer]:
    """Return the pages of projects and their files."""
    pages = {"/simple/": html_page({f"/simple/{name}/": name for name in projects})}
    for project, files in projects.items():
        links = {
            f"../../files/{urllib.parse.quote(name)}#sha256={'0' * 64}": name for name in files
        }
        pages[f"/simple/{project}/"] = html_page(links)
    return pages


def json_index(projects: Mapping[str, Sequence[str]]) -> dict[str, Answer]:
    """Return the same as :func:`html_index` in JSON."""
    meta = {"api-version": "1.1"}
    names = [{"name": name} for name in projects]
    pages = {"/simple/": json_page({"meta": meta, "projects": names})}
    for project, files in projects.items():
        listed = [
            {"filename": name, "url": f"/files/{urllib.parse.quote(name)}", "hashes": {}, "size": 9}
            for name in files
        ]
        page = {"meta": meta, "name": project, "files": listed, "versions": []}
        pages[f"/simple/{project}/"] = json_page(page)
    return pages
