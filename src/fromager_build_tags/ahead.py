"""Work that waits for a server or a disk: done ahead in threads, told in order."""

from __future__ import annotations

import collections
import itertools
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

#: As fast over HTTP/1.1 as HTTP/2 was, measured.
THREADS: Final = 16
_AHEAD: Final = 4


def ahead[T, R](
    work: Callable[[T], R], items: Iterable[T], *, threads: int = THREADS
) -> Iterator[R]:
    """Yield what *work* makes of each item, in the order of the items.

    A few items for each thread are ahead of the one that is yielded, so that memory is bounded;
    they are taken in the caller's thread, and worked on in others.

    Raises:
        Exception: what *work* raises, where its result would be yielded.
    """
    waiting: collections.deque[Future[R]] = collections.deque()
    left = iter(items)
    pool = ThreadPoolExecutor(threads)
    try:
        first = itertools.islice(left, _AHEAD * threads)
        waiting.extend(pool.submit(work, item) for item in first)
        while waiting:
            done = waiting.popleft().result()
            waiting.extend(pool.submit(work, item) for item in itertools.islice(left, 1))
            yield done
    finally:
        pool.shutdown(cancel_futures=True)
