"""Work that waits for a server or a disk: done ahead in threads, told in order."""

from __future__ import annotations

import collections
import itertools
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from typing import Final

#: As fast over HTTP/1.1 as HTTP/2 was, measured.
THREADS: Final = 16
_AHEAD: Final = 4


def ahead[T, R](
    work: Callable[[T], R], items: Iterable[T], *, threads: int = THREADS
) -> Iterator[R]:
    """Yield what *work* makes of each item, in the order of the items.

    A few items for each thread are ahead of the one that is yielded, so that memory is bounded;
    they are taken in the caller's thread, and worked on in others. Who stops before the end, as
    by Ctrl-C, waits for none of them: what is begun is left alone, and dies with the process.

    Raises:
        Exception: what *work* raises, where its result would be yielded.
    """
    tasks: queue.SimpleQueue[tuple[Future[R], T] | None] = queue.SimpleQueue()
    waiting: collections.deque[Future[R]] = collections.deque()
    left = iter(items)

    def take(count: int) -> None:
        for item in itertools.islice(left, count):
            future: Future[R] = Future()
            waiting.append(future)
            tasks.put((future, item))

    # Not a ThreadPoolExecutor: Python joins the threads of those when it exits.
    for _ in range(threads):
        threading.Thread(target=_work_off, args=(work, tasks), daemon=True).start()
    try:
        take(_AHEAD * threads)
        while waiting:
            done = waiting.popleft().result()
            take(1)
            yield done
    finally:
        for future in waiting:
            future.cancel()
        for _ in range(threads):
            tasks.put(None)


def _work_off[T, R](
    work: Callable[[T], R], tasks: queue.SimpleQueue[tuple[Future[R], T] | None]
) -> None:
    while task := tasks.get():
        future, item = task
        if future.set_running_or_notify_cancel():
            try:
                future.set_result(work(item))
            except BaseException as err:  # noqa: BLE001 - it is raised where the result is
                future.set_exception(err)
