"""A server on loopback that knows ranges, or lies in one of the ways that servers do."""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

GIGABYTES: Final = 10 << 30


@dataclass
class Served:
    """What is served, how, and what was asked for.

    Attributes:
        manner: ``ranges``, or the name of a misbehaviour.
        asked: the path and Range header of each request.
    """

    body: bytes
    manner: str = "ranges"
    url: str = ""
    asked: list[tuple[str, str | None]] = field(default_factory=list)
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
        """Say nothing of clients that hang up, as they should on a server that lies."""


class _Handler(BaseHTTPRequestHandler):
    what: Served

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Keep the requests out of the tests' output."""

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.what.asked.append((self.path, wanted))
        self.what.authorizations.append(self.headers.get("Authorization"))
        if not self._refuses(self.what.manner, wanted):
            self._answers(self.what.manner, wanted)

    def _refuses(self, manner: str, wanted: str | None) -> bool:
        """Answer without a body, where the manner says so."""
        match manner:
            case "redirect":
                self._head(302, 0, {"Location": self.path})
            case "refuses":
                self._head(403)
            case "wants credentials":
                self._head(401)
            case "400" | "416" | "501" if wanted:
                self._head(int(manner))
            case "416 later" if len(self.what.asked) == 2:
                self._head(416)
            case "refuses all":
                self._head(416 if wanted else 206)
            case "encodes":
                self._head(206, 0, {"Content-Encoding": "br", "Content-Range": "bytes 0-0/1"})
            case "hangs up":
                self.close_connection = True
            case _:
                return False
        return True

    def _answers(self, manner: str, wanted: str | None) -> None:
        size, later = len(self.what.body), len(self.what.asked) > 1
        match manner:
            case "no ranges, cut":
                self._whole(size + 1000)
            case "no ranges, 10 GB":
                self._whole(GIGABYTES)
            case "no Content-Range, 10 GB" if not wanted:
                self._whole(GIGABYTES)
            case "no length":
                self._head(200, length=None)
                self.wfile.write(self.what.body)
            case "another file" if later:
                self.what.body += b"more"
                self._whole(size + 4)
            case "slow":
                self._trickle()
            case "no ranges":
                self._whole(size)
            case "ranges no more" if later:
                self._whole(size)
            case _ if wanted:
                self._part(manner, wanted)
            case _:
                self._whole(size)

    def _part(self, manner: str, wanted: str) -> None:
        body, later = self.what.body, len(self.what.asked) > 1
        size = len(body)
        match = re.fullmatch(r"bytes=(\d*)-(\d*)", wanted)
        assert match
        if match[1]:
            start, stop = int(match[1]), int(match[2]) + 1
        else:
            start, stop = max(size - int(match[2]), 0), size
        data = body[start:stop]
        said = {
            "no Content-Range": "",
            "no Content-Range, 10 GB": "",
            "Content-Range nonsense": "bytes */*",
            "Content-Range backwards": f"bytes {stop}-{start}/{size}",
            "10 GB": f"bytes {GIGABYTES - len(data)}-{GIGABYTES - 1}/{GIGABYTES}",
            "not the end": f"bytes {start - 1}-{stop - 2}/{size}",
            "another place": f"bytes {start + later}-{stop - 1 + later}/{size}",
            "changes": f"bytes {start}-{stop - 1}/{size + 5 * later}",
        }.get(manner, f"bytes {start}-{stop - 1}/{size}")
        length = len(data) + (100 if manner == "cut" else 0)
        if manner == "too much":
            data, length = data + b"more", length + 4
        etag = f'"{len(self.what.asked) if manner == "another ETag" else 1}"'
        headers = {"Content-Range": said, "ETag": etag}
        self._head(206, length, {key: value for key, value in headers.items() if value})
        self.wfile.write(data)

    def _trickle(self) -> None:
        size = len(self.what.body)
        self._head(206, size, {"Content-Range": f"bytes 0-{size - 1}/{size}"})
        for byte in self.what.body:
            self.wfile.write(bytes([byte]))
            time.sleep(0.05)

    def _whole(self, length: int) -> None:
        self._head(200, length=length)
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
