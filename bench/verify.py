"""Compare ``verify`` with elfdeps on the same wheel in one run.

    python -m bench.verify WHEEL [WHEEL …] [--rounds N] [--max-ratio 1.2] [--max-megabytes 300]

The two run by turns, each time in a new process. The best time of each counts, without imports.
elfdeps finds the libraries only; verify finds symbols and device code, and applies the rules.
Both limits apply to wheels of more than 100 MB; smaller ones are reported as well. The same wheel
is then verified from a server on loopback, in the process of this benchmark.
"""

from __future__ import annotations

import argparse
import functools
import json
import resource
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import elfdeps

from fromager_build_tags.verify.exemptions import NO_EXEMPTIONS
from fromager_build_tags.verify.run import WheelSource, verify_wheel
from fromager_build_tags.wheel.facts import read_wheel


def ours(wheel: Path) -> None:
    """Verify a wheel."""
    list(verify_wheel(WheelSource(text=str(wheel)), lambda _: NO_EXEMPTIONS))


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


def compare(wheel: Path, rounds: int) -> tuple[float, float]:
    """Print both results; return (ratio of times, peak memory of ``verify`` in MB)."""
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
    return ratio, peak["verify"]


def verify_from_url(wheel: Path) -> None:
    """Verify the wheel over HTTP; print the seconds."""
    handler = functools.partial(_QuietHandler, directory=str(wheel.parent))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    started = time.perf_counter()
    try:
        url = f"http://127.0.0.1:{server.server_port}/{wheel.name}"
        findings = list(verify_wheel(WheelSource(text=url), lambda _: NO_EXEMPTIONS))
    finally:
        server.shutdown()
    if any(each.code == "BT341" for each in findings):
        raise SystemExit(findings[0].message)
    print(f"  by URL   {time.perf_counter() - started:7.2f} s")


class _QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Keep the requests out of the output."""


def main() -> int:
    """Compare; return 1 where a limit is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("wheels", type=Path, nargs="+")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--max-ratio", type=float, default=1.2)
    parser.add_argument("--max-megabytes", type=float, default=300)
    parser.add_argument("--once", choices=READERS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.once:
        once(options.once, options.wheels[0])
        return 0
    return max(_exceeds(wheel, options) for wheel in options.wheels)


def _exceeds(wheel: Path, options: argparse.Namespace) -> int:
    size, binaries = wheel.stat().st_size, read_wheel(wheel).libraries
    print(f"{wheel.name}: {size / 1e6:.1f} MB, {binaries} binaries, best of {options.rounds}")
    ratio, megabytes = compare(wheel, options.rounds)
    verify_from_url(wheel)
    too_much = ratio > options.max_ratio or megabytes > options.max_megabytes
    return int(size > 100 << 20 and too_much)


if __name__ == "__main__":
    sys.exit(main())
