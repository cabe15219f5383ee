"""A static simple index on loopback."""

from __future__ import annotations

import contextlib
import functools
import pathlib
import threading
from collections.abc import Iterable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

from .standins import StandIn


def write_index(folder: pathlib.Path, stand_ins: Iterable[StandIn]) -> None:
    """Write a simple index of sdists below *folder*: ``torch/torch-2.10.0.tar.gz``.

    The pages are the server's own listings of the folders, whose links are relative.
    """
    for stand_in in stand_ins:
        project = folder / stand_in.name
        project.mkdir(parents=True, exist_ok=True)
        stand_in.write_sdist(project)


@contextlib.contextmanager
def serve(folder: pathlib.Path) -> Iterator[str]:
    """Serve *folder* on a free port of the loopback interface; give its URL."""
    handler = functools.partial(_QuietHandler, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Keep the requests out of the tests' output."""
