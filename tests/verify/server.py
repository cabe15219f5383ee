"""A server of one file on loopback, which can fail in each of the ways that servers do."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

GIGABYTES: Final = 10 << 30


@dataclass
class Served:
    """What is served, and how.

    Attributes:
        manner: ``complete``, or the name of a misbehaviour.
        paths: the path of each request.
        authorizations: the ``Authorization`` header of each.
        elsewhere: where the manner "leaves" redirects to.
    """

    body: bytes
    manner: str = "complete"
    url: str = ""
    elsewhere: str = ""
    paths: list[str] = field(default_factory=list)
    authorizations: list[str | None] = field(default_factory=list)


@contextlib.contextmanager
def serve(served: Served) -> Iterator[Served]:
    class Handler(_Handler):
        what = served

    server = _QuietServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    served.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield served
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _QuietServer(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore clients that hang up, as they should on a server that lies."""


class _Handler(BaseHTTPRequestHandler):
    what: Served

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Keep the requests out of the tests' output."""

    def do_GET(self) -> None:
        self.what.paths.append(self.path)
        self.what.authorizations.append(self.headers.get("Authorization"))
        size = len(self.what.body)
        match self.what.manner:
            case "redirects for ever":
                self._head(302, 0, {"Location": self.path})
            case "leaves":
                self._head(302, 0, {"Location": f"{self.what.elsewhere}{self.path}"})
            case "503 once" if len(self.what.paths) == 1:
                self._head(503)
            case "401" | "403" | "404" | "410" | "503" as status:
                self._head(int(status))
            case "HTML" | "a wheel called HTML" as manner:
                self.what.body = b"\n<!DOCTYPE html>" if manner == "HTML" else self.what.body
                self._complete(len(self.what.body), {"Content-Type": "text/html; charset=utf-8"})
            case "hangs up":
                self.close_connection = True
            case "no length":
                self._complete(None)
            case "cut":
                self._complete(size + 1000)
            case "10 GB":
                self._complete(GIGABYTES)
            case "damaged encoding":
                self._complete(size, {"Content-Encoding": "gzip"})
            case "slow":
                self._trickle()
            case _:
                self._complete(size)

    def _trickle(self) -> None:
        self._head(200, len(self.what.body))
        for byte in self.what.body:
            self.wfile.write(bytes([byte]))
            time.sleep(0.05)

    def _complete(self, length: int | None, headers: Mapping[str, str] | None = None) -> None:
        self._head(200, length, headers)
        self.wfile.write(self.what.body)

    def _head(
        self, status: int, length: int | None = 0, headers: Mapping[str, str] | None = None
    ) -> None:
        self.send_response(status)
        if length is not None:
            self.send_header("Content-Length", str(length))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
