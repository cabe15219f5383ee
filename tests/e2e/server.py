"""fromager's own wheel server, as a process that the test starts and stops."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator

from .workspaces import Workspace

_LISTENING = "Listening on "


@contextlib.contextmanager
def wheel_server(workspace: Workspace) -> Iterator[str]:
    """Serve the wheels of *workspace* on a free port of the loopback interface; give its URL."""
    arguments = ("wheel-server", "--address", "127.0.0.1", "--port", "0")
    with (
        (workspace.folder / "server.log").open("w") as log,
        subprocess.Popen(
            workspace.command(*arguments),
            env=workspace.variables() | {"PYTHONUNBUFFERED": "1"},
            cwd=workspace.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as process,
    ):
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith(_LISTENING), log.name
            yield line.removeprefix(_LISTENING).strip()
        finally:
            process.terminate()
