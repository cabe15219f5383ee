"""Compare our reader of wheels with elfdeps, on the same wheel in one run.

    python bench/wheel_reader.py WHEEL [--rounds N] [--max-ratio 1.5] [--max-megabytes 300]

The two readers run by turns, each time in a new process. The best time of each counts, without
imports. elfdeps finds the libraries only; ours finds symbols and device code as well.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import elfdeps

from fromager_build_tags.wheel.facts import read_wheel


def ours(wheel: Path) -> None:
    """Read all the facts of a wheel."""
    read_wheel(wheel)


def baseline(wheel: Path) -> None:
    """Analyse a wheel as ``elfdeps WHEEL`` does."""
    settings = elfdeps.ELFAnalyzeSettings(filter_soname=True)
    with zipfile.ZipFile(wheel) as archive:
        list(elfdeps.analyze_zipfile(archive, settings=settings))


READERS: dict[str, Callable[[Path], None]] = {"ours": ours, "elfdeps": baseline}


def once(reader: str, wheel: Path) -> None:
    """Read once and print seconds and peak memory as JSON."""
    started = time.perf_counter()
    READERS[reader](wheel)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "megabytes": peak}))


def measured(reader: str, wheel: Path) -> dict[str, float]:
    """Read once in a fresh process."""
    command = [sys.executable, __file__, str(wheel), "--once", reader]
    run = subprocess.run(command, check=True, capture_output=True, text=True)
    result: dict[str, float] = json.loads(run.stdout)
    return result


def compare(wheel: Path, rounds: int) -> tuple[float, float]:
    """Print both results; return (ratio of times, our peak memory in MB)."""
    runs: dict[str, list[dict[str, float]]] = {reader: [] for reader in READERS}
    for _ in range(rounds):
        for reader in READERS:
            runs[reader].append(measured(reader, wheel))
    best = {reader: min(run["seconds"] for run in runs[reader]) for reader in READERS}
    peak = {reader: max(run["megabytes"] for run in runs[reader]) for reader in READERS}
    print(f"{wheel.name}: {wheel.stat().st_size / 1e6:.0f} MB, best of {rounds}")
    for reader in READERS:
        print(f"  {reader:8} {best[reader]:7.2f} s  peak {peak[reader]:6.0f} MB")
    ratio = best["ours"] / best["elfdeps"]
    print(f"  ratio    {ratio:7.2f}")
    return ratio, peak["ours"]


def main() -> int:
    """Compare; return 1 where a limit is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--max-ratio", type=float, default=1.5)
    parser.add_argument("--max-megabytes", type=float, default=300)
    parser.add_argument("--once", choices=READERS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.once:
        once(options.once, options.wheel)
        return 0
    ratio, peak = compare(options.wheel, options.rounds)
    return int(ratio > options.max_ratio or peak > options.max_megabytes)


if __name__ == "__main__":
    sys.exit(main())
