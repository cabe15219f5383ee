"""Ctrl-C ends a command though its pages hang; prefetched work comes in order."""

from __future__ import annotations

import pathlib
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler

import pytest

from fromager_build_tags.http.prefetch import prefetch

from .simple_server import Answer, html_index, serve

#: A shell without job control lets its background jobs ignore Ctrl-C, and CI may be such a job.
_RUN = (
    "import runpy, signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "runpy.run_module('fromager_build_tags', run_name='__main__', alter_sys=True)"
)


def test_results_come_in_order() -> None:
    def work(number: int) -> int:
        time.sleep(0.01 / (1 + number))
        return number

    assert list(prefetch(work, range(200))) == list(range(200))


def test_one_slow_item_stops_no_other() -> None:
    is_150_done = threading.Event()

    def work(number: int) -> bool:
        if number == 150:
            is_150_done.set()
        return is_150_done.wait(60) if number == 0 else True

    assert all(prefetch(work, range(200), threads=2, ahead=100))


def test_an_error_is_raised_where_its_result_would_be() -> None:
    numbers = prefetch(lambda number: 1 // (3 - number), range(100), threads=4)
    assert [next(numbers) for _ in range(3)] == [0, 0, 1]
    with pytest.raises(ZeroDivisionError):
        next(numbers)
    assert list(numbers) == []


def test_an_early_stop_does_not_wait() -> None:
    stop = threading.Event()
    timed_out: list[bool] = []

    def work(number: int) -> None:
        if number:
            timed_out.append(not stop.wait(60))

    numbers = prefetch(work, range(100), threads=4)
    next(numbers)
    del numbers
    assert True not in timed_out
    stop.set()


def test_ctrl_c_ends_a_command_whose_pages_hang(tmp_path: pathlib.Path) -> None:
    stop = threading.Event()

    def hang(_: BaseHTTPRequestHandler) -> Answer:
        stop.wait(60)
        return Answer()

    pages = html_index({f"p{number}": [] for number in range(100)})
    hanging = {path: hang if path != "/simple/" else page for path, page in pages.items()}
    with serve(hanging) as server:
        (tmp_path / "empty").mkdir()
        url = f"{server.url}/simple"
        running = subprocess.Popen(
            [sys.executable, "-c", _RUN, "which", url, "empty"],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            while len(server.asked) < 17 and running.poll() is None:
                time.sleep(0.05)
            running.send_signal(signal.SIGINT)
            _, errors = running.communicate(timeout=30)
        finally:
            stop.set()
            running.kill()
            running.communicate()
    assert running.returncode == 1
    assert errors.strip() == "Aborted!"
