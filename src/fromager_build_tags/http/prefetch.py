"""Work that waits for a server or a disk: done in threads, with results in order."""

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
#: Of wheels: each may hold some 40 MB.
READERS: Final = 4
#: Items for each thread that are in progress, or wait for an earlier one.
_IN_PROGRESS: Final = 4


def prefetch[T, R](
    work: Callable[[T], R],
    items: Iterable[T],
    *,
    threads: int = THREADS,
    ahead: int = _IN_PROGRESS,
) -> Iterator[R]:
    """Yield what *work* makes of each item, in the order of the items.

    A few items for each thread are in progress, so that memory is bounded. Items are taken in the
    caller's thread and processed in others. A caller that stops before the end, such as by Ctrl-C,
    waits for none of them: work that has begun ends with the process.

    Args:
        work: is called in the threads.
        items: in the order of the results.
        threads: the number of items that are processed at the same time.
        ahead: how many items for each thread are in progress, or are done and wait for an earlier
            one: more where one item can take as long as hundreds of others.

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
        threading.Thread(target=_process_tasks, args=(work, tasks), daemon=True).start()
    try:
        take(ahead * threads)
        while waiting:
            done = waiting.popleft().result()
            take(1)
            yield done
    finally:
        for future in waiting:
            future.cancel()
        for _ in range(threads):
            tasks.put(None)


def _process_tasks[T, R](
    work: Callable[[T], R], tasks: queue.SimpleQueue[tuple[Future[R], T] | None]
) -> None:
    while task := tasks.get():
        future, item = task
        if future.set_running_or_notify_cancel():
            try:
                future.set_result(work(item))
            except BaseException as err:  # noqa: BLE001 - it is raised where the result is
                future.set_exception(err)
