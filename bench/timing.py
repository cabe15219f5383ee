"""How long a function takes."""

from __future__ import annotations

import time
from collections.abc import Callable


def wall_seconds(function: Callable[[], object]) -> float:
    """Call a function, and return the seconds until it returns."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def processor_seconds(function: Callable[[], object]) -> float:
    """Call a function, and return the processor time of this process meanwhile."""
    start = time.process_time()
    function()
    return time.process_time() - start
