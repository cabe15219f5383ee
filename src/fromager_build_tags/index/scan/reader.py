"""A process that reads wheels, which :mod:`.readers` starts.

Each line on stdin is a task in JSON, with the path of a wheel: ``{"hash": PATH}`` is answered by
its SHA-256, ``{"read": PATH}`` by what it shows, as in :class:`~.shown.Shown`; a wheel that cannot
be read by ``{"error": REASON}``.
"""

from __future__ import annotations

import hashlib
import json
import pathlib
import sys
from collections.abc import Mapping
from typing import Any

from ...wheel.archive import WheelError
from ...wheel.facts import read_wheel
from .shown import Shown


def answer(task: Mapping[str, str]) -> Mapping[str, Any]:
    """Return the answer to a task."""
    try:
        if "hash" in task:
            return {"sha256": _sha256(pathlib.Path(task["hash"]))}
        return Shown.of(read_wheel(pathlib.Path(task["read"]))).record()
    except WheelError as err:
        return {"error": err.reason}
    except MemoryError:
        return {"error": "reading it takes more memory than there is"}
    except OSError as err:
        return {"error": err.strerror or str(err)}


def _sha256(path: pathlib.Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def main() -> None:
    """Answer tasks until there are no more."""
    for line in sys.stdin:
        sys.stdout.buffer.write(json.dumps(answer(json.loads(line))).encode() + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
