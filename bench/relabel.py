"""Compare the relabelling of a large wheel with a copy of it, by turns.

    python -m bench.relabel [--megabytes 1000] [--rounds 5] [--max-ratio 1.2] [--max-megabytes 50]

Each runs in a new process; the best time of each counts, and the memory above that of the imports.
The copy is that of ``shutil.copyfile``. The wheel has one stored member of random bytes.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from fromager_build_tags.index.wheel_variants import relabel

NAME: Final = "demo-1.0-1_el9.6_cuda13.0-cp312-cp312-linux_x86_64.whl"
INFO: Final = "demo-1.0.dist-info"
RUNS: Mapping[str, Callable[[Path, Path], object]] = {
    "relabel": relabel,
    "copy": shutil.copyfile,
}


def write_wheel(path: Path, megabytes: int) -> None:
    """Write a wheel of a size."""
    with zipfile.ZipFile(path, "w") as archive:
        with archive.open("demo/libdemo.so", "w", force_zip64=True) as member:
            for _ in range(megabytes):
                member.write(os.urandom(1_000_000))
        archive.writestr(f"{INFO}/WHEEL", "Wheel-Version: 1.0\n")
        archive.writestr(f"{INFO}/RECORD", f"demo/libdemo.so,,\n{INFO}/RECORD,,\n")


def once(run: str, wheel: Path) -> None:
    """Run once, and print seconds and peak memory as JSON."""
    target = wheel.with_name("target")
    target.unlink(missing_ok=True)
    before, started = peak_megabytes(), time.perf_counter()
    RUNS[run](wheel, target)
    seconds = time.perf_counter() - started
    print(json.dumps({"seconds": seconds, "megabytes": peak_megabytes() - before}))


def peak_megabytes() -> float:
    """Return the peak memory of this process."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measured(run: str, wheel: Path) -> dict[str, float]:
    """Run once in a new process."""
    command = [sys.executable, "-m", "bench.relabel", "--once", run, "--wheel", str(wheel)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    result: dict[str, float] = json.loads(done.stdout)
    return result


def main() -> int:
    """Compare; return 1 where a limit is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--max-ratio", type=float, default=1.2)
    parser.add_argument("--max-megabytes", type=float, default=50)
    parser.add_argument("--once", choices=RUNS, help=argparse.SUPPRESS)
    parser.add_argument("--wheel", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.once:
        once(options.once, options.wheel)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        wheel = Path(folder) / NAME
        write_wheel(wheel, options.megabytes)
        runs = [{run: measured(run, wheel) for run in RUNS} for _ in range(options.rounds)]
    best = {run: min(each[run]["seconds"] for each in runs) for run in RUNS}
    peak = max(each["relabel"]["megabytes"] for each in runs)
    ratio = best["relabel"] / best["copy"]
    print(
        f"{options.megabytes} MB, best of {options.rounds}: relabel {best['relabel']:.2f} s, "
        f"copy {best['copy']:.2f} s, ratio {ratio:.2f}; memory {peak:.1f} MB"
    )
    return int(ratio > options.max_ratio or peak > options.max_megabytes)


if __name__ == "__main__":
    sys.exit(main())
