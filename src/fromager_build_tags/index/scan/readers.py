"""Processes that read wheels: on all cores, and one that ends takes only its wheel with it."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, Self

from ...wheel.archive import WheelError

#: The module that answers; see there for the tasks.
_MODULE: Final = f"{__package__}.reader"


class ReadersEndedError(Exception):
    """The readers are closed, while a thread still asks them."""


class Readers:
    """As many processes as cores; each has one task at a time.

    They get no Ctrl-C of the terminal, and end when this process ends, however that happens.
    """

    def __init__(self, count: int | None = None) -> None:
        self.count = count or len(os.sched_getaffinity(0))
        self._idle: queue.SimpleQueue[subprocess.Popen[str] | None] = queue.SimpleQueue()
        self._started: list[subprocess.Popen[str]] = []
        self._is_closed = False
        for _ in range(self.count):
            self._idle.put(None)

    def ask(self, task: Mapping[str, Any], shown: str) -> Mapping[str, Any]:
        """Return the answer of a reader, when one is free.

        Args:
            task: see :mod:`.reader`.
            shown: the wheel, for messages.

        Raises:
            WheelError: the wheel cannot be read, or its reader ended.
            ReadersEndedError: the readers were closed.
        """
        reader = self._idle.get()
        try:
            if self._is_closed:
                raise ReadersEndedError
            if reader is None or reader.poll() is not None:
                reader = self._start()
            return _answer(reader, task, shown)
        finally:
            self._idle.put(reader)

    def _start(self) -> subprocess.Popen[str]:
        # -P: the working folder can contain a stranger's modules
        reader = subprocess.Popen(
            [sys.executable, "-P", "-m", _MODULE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )
        self._started.append(reader)
        return reader

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End every process at once, whatever it reads."""
        self._is_closed = True
        for each in self._started:
            each.kill()
        for each in self._started:
            with contextlib.suppress(OSError):  # text that it did not read
                each.communicate()


def _answer(
    reader: subprocess.Popen[str], task: Mapping[str, Any], shown: str
) -> Mapping[str, Any]:
    assert reader.stdin is not None
    assert reader.stdout is not None
    try:
        reader.stdin.write(f"{json.dumps(task)}\n")
        reader.stdin.flush()
        line = reader.stdout.readline()
    except OSError:  # it has ended
        line = ""
    if not line.endswith("\n"):
        status = reader.wait()
        raise WheelError(shown, f"the process that read it ended with status {status}")
    answer: Mapping[str, Any] = json.loads(line)
    if error := answer.get("error"):
        raise WheelError(shown, error)
    return answer
