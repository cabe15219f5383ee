"""What wheels were seen to depend on, kept between runs: by their SHA-256, each in a file.

A cache that cannot be read or written slows a run down, and changes no result.
"""

from __future__ import annotations

import hashlib
import json
import os
import pathlib
from collections.abc import Mapping
from importlib import metadata
from typing import Any, Final

from ...errors import InputError, OutputError
from ...files import read_regular, write_text

#: The version of the entries' format: another one has a folder of its own.
_FORMAT: Final = "1"
_LARGEST: Final = 64 << 10


def default_folder() -> pathlib.Path:
    """Return the cache folder of the user: ``$XDG_CACHE_HOME``, or ``~/.cache``."""
    base = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache")
    if not base.is_absolute():  # the specification: ignore a relative path
        base = pathlib.Path("~/.cache")
    return base.expanduser() / "fromager-build-tags"


class ScanCache:
    """The cache in a folder.

    Attributes:
        problem: why entries cannot be written; "" as long as they can.
    """

    def __init__(self, folder: pathlib.Path) -> None:
        # another release may see more in a wheel
        version = metadata.version("fromager-build-tags")
        self._folder = folder / f"wheels-{_FORMAT}" / version
        self.problem = ""

    def sha256_of(self, path: pathlib.Path) -> str:
        """Return the SHA-256 of a file that was read before and has not changed; "" if unknown.

        A file is the same if its device, inode, size and time of change are, to the nanosecond.
        """
        entry = self._read(_stat_key(path))
        found = entry.get("sha256")
        return found if isinstance(found, str) else ""

    def remember(self, path: pathlib.Path, sha256: str) -> None:
        """Keep the SHA-256 of a file."""
        self._write(_stat_key(path), {"sha256": sha256})

    def get(self, sha256: str) -> Mapping[str, Any] | None:
        """Return the entry of a wheel; None if there is none."""
        return self._read(sha256) or None

    def put(self, sha256: str, entry: Mapping[str, Any]) -> None:
        """Keep the entry of a wheel."""
        self._write(sha256, entry)

    def _file(self, key: str) -> pathlib.Path:
        return self._folder / key[:2] / f"{key}.json"

    def _read(self, key: str) -> Mapping[str, Any]:
        if not key:
            return {}
        try:
            entry = json.loads(read_regular(self._file(key), _LARGEST))
        except (OSError, InputError, ValueError, RecursionError):
            return {}  # missing, or damaged: the wheel is read again
        return entry if isinstance(entry, dict) else {}

    def _write(self, key: str, entry: Mapping[str, Any]) -> None:
        if self.problem or not key:
            return
        file = self._file(key)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            write_text(file, json.dumps(entry))
        except OSError as err:
            self.problem = f"{file.parent} cannot be made: {err.strerror}"
        except OutputError as err:
            self.problem = str(err)


def _stat_key(path: pathlib.Path) -> str:
    try:
        found = path.stat()
    except OSError:
        return ""
    identity = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
    return hashlib.sha256(repr(identity).encode()).hexdigest()
