"""Make an expensive folder once for all worker processes of a test run."""

from __future__ import annotations

import fcntl
import pathlib
from collections.abc import Callable


def made_once(folder: pathlib.Path, make: Callable[[pathlib.Path], object]) -> pathlib.Path:
    """Call *make* with *folder* unless another process did, and return *folder*.

    A process that comes second waits for the first one. What fails is made again.
    """
    done = folder.with_name(f"{folder.name}.done")
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            make(folder)
            done.touch()
    return folder
