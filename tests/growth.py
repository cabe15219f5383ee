"""How much longer a large piece of work takes than a small one, in the same run.

A ratio and no number of seconds: a slow machine, a loaded one and the measurement of coverage
change both alike.
"""

from __future__ import annotations

import time
from collections.abc import Callable

#: Seconds; less is as good as nothing, and varies too much to be compared.
_LEAST = 0.005
#: How much above the expected ratio is still linear. Quadratic work of ten times the size takes
#: ten times as long as linear work.
_SLACK = 4


def processor_time(work: Callable[[], object]) -> float:
    """Return the seconds of processor time that a call takes, in all threads."""
    started = time.process_time()
    work()
    return max(time.process_time() - started, _LEAST)


def grows_linearly(work: Callable[[int], object], size: int, *, factor: int = 10) -> bool:
    """Return whether *work* takes about *factor* times as long for *factor* times the size."""
    small = min(processor_time(lambda: work(size)) for _ in range(3))
    return processor_time(lambda: work(factor * size)) < _SLACK * factor * small
