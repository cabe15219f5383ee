"""``add --from-index`` of a folder of real wheels, as a ratio to one process of ``verify``.

    python -m bench.scan FOLDER [--rounds N] [--min-ratio 0.9] [--max-megabytes 300]

Both read the same wheels, by turns, each in a new process with the wheels in the page cache: the
first run of each is not counted. The throughput is bytes of wheels a second. A scan has at least
0.9 times the throughput of ``verify`` for each core, and no process of it takes more than 300 MB.
A second scan reads no wheel again: its time is reported, too.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass

_OURS = (sys.executable, "-m", "fromager_build_tags")


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run of a command: its seconds, its largest process in MB, what it printed."""

    seconds: float
    megabytes: float
    output: str


def run(command: Sequence[str]) -> Run:
    """Run a command; a finding is no failure.

    ``wait4`` gives the largest of a process and of those that it waited for.
    """
    with tempfile.TemporaryFile("w+") as output:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.PIPE, text=True)
        assert process.stderr is not None
        errors = process.stderr.read()
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in {0, 1}:
            raise SystemExit(f"{' '.join(command)} exits with {process.returncode}: {errors}")
        output.seek(0)
        return Run(seconds=seconds, megabytes=used.ru_maxrss / 1024, output=output.read())


def verify(wheels: Sequence[pathlib.Path]) -> Run:
    """Verify wheels in one process."""
    return run([*_OURS, "verify", "--format", "json", *map(str, wheels)])


def scan(folder: pathlib.Path, cache: pathlib.Path) -> tuple[Run, int]:
    """Scan a folder of wheels without settings; return the run, and how many wheels it read."""
    options = ["--dry-run", "--all-versions", "--cache-dir", str(cache), "--format", "json"]
    done = run([*_OURS, "add", "--from-index", str(folder), *options])
    return done, json.loads(done.output)["wheels"].get("read", 0)


def read_by_scan(folder: pathlib.Path, cache: pathlib.Path) -> list[pathlib.Path]:
    """Return the wheels that a scan reads."""
    done, _ = scan(folder, cache)
    packages = json.loads(done.output)["packages"]
    return [folder / pathlib.Path(each).name for one in packages for each in one["read"]]


def main() -> int:
    """Compare; return 1 where a limit is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--min-ratio", type=float, default=0.9)
    parser.add_argument("--max-megabytes", type=float, default=300)
    options = parser.parse_args()
    folder = options.folder.absolute()
    with tempfile.TemporaryDirectory() as temporary:
        caches = pathlib.Path(temporary)
        os.chdir(_settings(caches / "tree"))
        wheels = read_by_scan(folder, caches / "first")
        size = sum(each.stat().st_size for each in wheels) / 1e6
        print(f"{len(wheels):,} wheels, {size:,.0f} MB")
        verify(wheels)
        ratios, peaks = [], []
        for number in range(options.rounds):
            one = verify(wheels)
            every, count = scan(folder, caches / f"{number}")
            assert count == len(wheels), f"it read {count} wheels again"
            again, count = scan(folder, caches / f"{number}")
            assert count == 0, f"the second scan read {count} wheels again"
            ratios.append(one.seconds / every.seconds)
            peaks.append(every.megabytes)
            print(
                f"  verify {one.seconds:6.1f} s, {size / one.seconds:4.0f} MB/s, "
                f"peak {one.megabytes:4.0f} MB   scan {every.seconds:6.1f} s, "
                f"{size / every.seconds:4.0f} MB/s, peak {every.megabytes:4.0f} MB   "
                f"again {again.seconds:5.1f} s"
            )
    cores = len(os.sched_getaffinity(0))
    ratio = statistics.median(ratios) / cores
    print(f"  {ratio:.2f} x the throughput of verify for each of {cores} cores")
    return int(ratio < options.min_ratio or max(peaks) > options.max_megabytes)


def _settings(root: pathlib.Path) -> pathlib.Path:
    """Write settings without packages, and return their folder."""
    (root / "overrides/settings").mkdir(parents=True)
    (root / "overrides/variants").mkdir()
    (root / "overrides/variants/cpu.yaml").write_text("distro: el9.6\n")
    (root / "overrides/settings.yaml").write_text(
        'wheels:\n  build_tag_hook: "fromager_build_tags.hooks:build_tag_hook"\n'
        'changelog:\n  cpu:\n    - "2026-11-02: first build"\n'
    )
    return root


if __name__ == "__main__":
    sys.exit(main())
