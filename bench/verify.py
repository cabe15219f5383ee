"""Compare ``verify`` with elfdeps on the same wheel in one run.

    python -m bench.verify WHEEL [WHEEL …] [--rounds N] [--max-ratio 1.2] [--max-megabytes 300]

The two run by turns, each time in a new process. The best time of each counts, without imports.
elfdeps finds the libraries only; verify finds symbols and device code, and applies the rules.
Both limits apply to wheels of more than 100 MB; smaller ones are reported as well. The same wheel
is then verified from a server on loopback, in the process of this benchmark.

For a wheel of any size, the process of ``verify`` takes at most 1.15 times the processor time that
it takes without the comparison with the releases of Torch.
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
from dataclasses import dataclass
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final
from unittest import mock

import elfdeps

from fromager_build_tags.verify.checks.examined import ExaminedWheel
from fromager_build_tags.verify.exemptions import NO_EXEMPTIONS
from fromager_build_tags.verify.run import WheelSource, verify_wheel
from fromager_build_tags.wheel.facts import read_wheel

_MAX_OF_WITHOUT: Final = 1.15


def ours(wheel: Path) -> None:
    """Verify a wheel."""
    list(verify_wheel(WheelSource(text=str(wheel)), lambda _: NO_EXEMPTIONS))


def baseline(wheel: Path) -> None:
    """Analyse a wheel as ``elfdeps WHEEL`` does."""
    settings = elfdeps.ELFAnalyzeSettings(filter_soname=True)
    with zipfile.ZipFile(wheel) as archive:
        list(elfdeps.analyze_zipfile(archive, settings=settings))


def without_torch(wheel: Path) -> None:
    """Verify a wheel, and do not compare it with the releases of Torch."""
    with mock.patch.object(ExaminedWheel, "loads", None):
        ours(wheel)


READERS: dict[str, Callable[[Path], None]] = {
    "verify": ours,
    "without": without_torch,
    "elfdeps": baseline,
}


def once(reader: str, wheel: Path) -> None:
    """Read once; print seconds, those of the processor with the imports, and peak memory."""
    started = time.perf_counter()
    READERS[reader](wheel)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "processor": time.process_time(), "megabytes": peak}))


@dataclass(frozen=True, kw_only=True)
class Result:
    """Times of ``verify`` as ratios, and its peak memory in MB."""

    to_elfdeps: float
    to_without: float
    megabytes: float


def compare(wheel: Path, rounds: int) -> Result:
    """Run the readers by turns; print and return the results."""
    runs: dict[str, list[dict[str, float]]] = {reader: [] for reader in READERS}
    for _ in range(rounds):
        for reader in READERS:
            command = [sys.executable, "-m", "bench.verify", str(wheel), "--once", reader]
            run = subprocess.run(command, check=True, capture_output=True, text=True)
            runs[reader].append(json.loads(run.stdout))

    def best(reader: str, key: str) -> float:
        return min(run[key] for run in runs[reader])

    peak = {reader: max(run["megabytes"] for run in runs[reader]) for reader in READERS}
    for reader in READERS:
        times = f"{best(reader, 'seconds'):7.2f} s  processor {best(reader, 'processor'):6.2f} s"
        print(f"  {reader:8} {times}  peak {peak[reader]:6.0f} MB")
    result = Result(
        to_elfdeps=best("verify", "seconds") / best("elfdeps", "seconds"),
        to_without=best("verify", "processor") / best("without", "processor"),
        megabytes=peak["verify"],
    )
    print(f"  ratio    {result.to_elfdeps:7.2f} to elfdeps, {result.to_without:.2f} to without")
    return result


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
    result = compare(wheel, options.rounds)
    verify_from_url(wheel)
    too_much = result.to_elfdeps > options.max_ratio or result.megabytes > options.max_megabytes
    return int(result.to_without > _MAX_OF_WITHOUT or (size > 100 << 20 and too_much))


if __name__ == "__main__":
    sys.exit(main())
