"""A reader that the system kills as it reads ``flash_attn``, as for lack of memory."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from typing import Any

from fromager_build_tags.index.scan import reader

_answer = reader.answer


def answer(task: Mapping[str, str]) -> Mapping[str, Any]:
    if "flash_attn-2.8.3" in task.get("read", ""):
        os.kill(os.getpid(), signal.SIGKILL)
    return _answer(task)


if __name__ == "__main__":
    reader.answer = answer
    reader.main()
