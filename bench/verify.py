"""Compare ``verify`` with elfdeps on the same wheel in one run, and tell what it reads of a URL.

    python -m bench.verify WHEEL [WHEEL …] [--rounds N] [--max-ratio 1.2] [--max-share 0.05]

Each reading happens in a process of its own, the two by turns; the best time of each counts,
imports do not. elfdeps gives the libraries alone; verify gives symbols, device code and findings.
The same file is then served on loopback, with ranges; the share of a wheel without binaries has
to stay below the limit, that of others is told. A wheel below a megabyte, most of which is its
list of contents, is told as well.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import elfdeps

from fromager_build_tags.verify.checks import NOTHING
from fromager_build_tags.verify.run import WheelSource, verify_wheel
from fromager_build_tags.wheel import read_wheel
from fromager_build_tags.wheel.server import Traffic

_SMALL = 1 << 20


def ours(wheel: Path) -> None:
    """Verify a wheel."""
    list(verify_wheel(WheelSource(text=str(wheel)), lambda _: NOTHING))


def baseline(wheel: Path) -> None:
    """Analyse a wheel as ``elfdeps WHEEL`` does."""
    settings = elfdeps.ELFAnalyzeSettings(filter_soname=True)
    with zipfile.ZipFile(wheel) as archive:
        list(elfdeps.analyze_zipfile(archive, settings=settings))


READERS: dict[str, Callable[[Path], None]] = {"verify": ours, "elfdeps": baseline}


def once(reader: str, wheel: Path) -> None:
    """Read once and print seconds and peak memory as JSON."""
    started = time.perf_counter()
    READERS[reader](wheel)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "megabytes": peak}))


def compare(wheel: Path, rounds: int) -> float:
    """Print both results; return the ratio of times."""
    runs: dict[str, list[dict[str, float]]] = {reader: [] for reader in READERS}
    for _ in range(rounds):
        for reader in READERS:
            command = [sys.executable, "-m", "bench.verify", str(wheel), "--once", reader]
            run = subprocess.run(command, check=True, capture_output=True, text=True)
            runs[reader].append(json.loads(run.stdout))
    best = {reader: min(run["seconds"] for run in runs[reader]) for reader in READERS}
    peak = {reader: max(run["megabytes"] for run in runs[reader]) for reader in READERS}
    for reader in READERS:
        print(f"  {reader:8} {best[reader]:7.2f} s  peak {peak[reader]:6.0f} MB")
    ratio = best["verify"] / best["elfdeps"]
    print(f"  ratio    {ratio:7.2f}")
    return ratio


def remote_share(wheel: Path) -> float:
    """Verify the wheel over HTTP; print and return the share of its bytes that was read."""
    traffic = Traffic()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(wheel))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        url = f"http://127.0.0.1:{server.server_port}/{wheel.name}"
        findings = list(verify_wheel(WheelSource(text=url), lambda _: NOTHING, traffic))
    finally:
        server.shutdown()
    if any(each.code == "BT341" for each in findings):
        raise SystemExit(findings[0].message)
    print(f"  remote   {traffic}, {traffic.requests} requests")
    return traffic.read / traffic.size


def _handler(wheel: Path) -> type[BaseHTTPRequestHandler]:
    size = wheel.stat().st_size

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            match = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers["Range"])
            assert match
            start = int(match[1]) if match[1] else max(size - int(match[2]), 0)
            stop = int(match[2]) + 1 if match[1] else size
            self.send_response(206)
            self.send_header("Content-Length", str(stop - start))
            self.send_header("Content-Range", f"bytes {start}-{stop - 1}/{size}")
            self.end_headers()
            with wheel.open("rb") as file:
                file.seek(start)
                self.wfile.write(file.read(stop - start))

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
            """Keep the requests out of the output."""

    return Handler


def main() -> int:
    """Compare, and say by the exit status whether both limits hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("wheels", type=Path, nargs="+")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--max-ratio", type=float, default=1.2)
    parser.add_argument("--max-share", type=float, default=0.05)
    parser.add_argument("--once", choices=READERS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.once:
        once(options.once, options.wheels[0])
        return 0
    return max(_judge(wheel, options) for wheel in options.wheels)


def _judge(wheel: Path, options: argparse.Namespace) -> int:
    size, binaries = wheel.stat().st_size, read_wheel(wheel).libraries
    print(f"{wheel.name}: {size / 1e6:.1f} MB, {binaries} binaries, best of {options.rounds}")
    large = size > 100 << 20
    too_slow = large and compare(wheel, options.rounds) > options.max_ratio
    too_much = remote_share(wheel) > options.max_share and not binaries and size > _SMALL
    return int(too_slow or too_much)


if __name__ == "__main__":
    sys.exit(main())
