"""A merge of 2,000 wheels, as a ratio to hard-linking and hashing them.

The wheels of two views have 5 MB each, half of them are the same in both. The baseline links each
distinct file and computes its SHA-256, and that of its copy, in as many threads as the merge.
Run it as ``python -m bench.merge``; the aim is a ratio of at most 1.5. ``python -m bench.merge
memory`` merges 50,000 small wheels and prints the memory that it takes.
"""

from __future__ import annotations

import hashlib
import os
import pathlib
import resource
import shutil
import statistics
import sys
import tempfile
import zipfile

from click.testing import CliRunner

from fromager_build_tags.commands import main
from fromager_build_tags.http.prefetch import prefetch
from fromager_build_tags.index.pool.merging import READERS

from .timing import processor_seconds

WHEELS = 2_000
MANY = 50_000
SIZE = 5_000_000
RUNS = 5
VIEWS = ("cpu", "cuda13.0")


def write_wheels(root: pathlib.Path, count: int, size: int) -> list[pathlib.Path]:
    """Write *count* wheels into folders for two views; half of them are the same in both."""
    body = os.urandom(size)
    written = []
    for number in range(count // 2):
        is_shared = number % 2 == 0
        for view in VIEWS:
            suffix = "" if is_shared else f"_{view}"
            name = f"package_{number}-1.0-1_el9.6{suffix}-cp312-cp312-linux_x86_64.whl"
            path = root / view / name
            path.parent.mkdir(parents=True, exist_ok=True)
            _write_wheel(path, number, b"" if is_shared else view.encode(), body)
            written.append(path)
    return written


def _write_wheel(path: pathlib.Path, number: int, text: bytes, body: bytes) -> None:
    folder = f"package_{number}-1.0.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: package-{number}\nVersion: 1.0\n"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in {
            "body.bin": body,
            "text": text,
            f"{folder}/METADATA": metadata.encode(),
            f"{folder}/WHEEL": b"Wheel-Version: 1.0\n",
            f"{folder}/RECORD": b"",
        }.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), content)


def merge(root: pathlib.Path) -> None:
    """Merge the folders into a new pool."""
    inputs = [f"{view}={root / view}" for view in VIEWS]
    result = CliRunner().invoke(main, ["merge", str(root / "pool"), *inputs])
    assert result.exit_code == 0, result.output


def link_and_hash(root: pathlib.Path, wheels: list[pathlib.Path]) -> None:
    """Link the files into a new folder, and hash all of them."""
    files = root / "linked"
    files.mkdir()
    for path in {path.name: path for path in wheels}.values():
        os.link(path, files / path.name)
    for _ in prefetch(_sha256, wheels, threads=READERS):
        pass


def _sha256(path: pathlib.Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def run() -> None:
    """Print the ratio."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        wheels = write_wheels(root, WHEELS, SIZE)
        ratios = []
        for _ in range(RUNS):
            for made in ("pool", "linked"):
                shutil.rmtree(root / made, ignore_errors=True)
            os.sync()  # the kernel writes the wheels to the disk, and deletes the old files
            merging, linking = (
                processor_seconds(lambda: merge(root)),
                processor_seconds(lambda: link_and_hash(root, wheels)),
            )
            ratios.append(merging / linking)
            print(f"{merging:.2f} s, {linking:.2f} s")
        print(
            f"merge of {WHEELS:,} wheels: {statistics.median(ratios):.2f} x linking and hashing "
            f"(min {min(ratios):.2f}, max {max(ratios):.2f}, {RUNS} pairs)"
        )


def memory() -> None:
    """Print how much memory a merge of very many wheels takes."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        write_wheels(root, MANY, 100)
        times = [processor_seconds(lambda: merge(root)) for _ in range(2)]
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        shown = " and ".join(f"{each:.0f} s" for each in times)
        print(f"merge of {MANY:,} wheels, and again: {shown}, {peak:.2f} GB at most")


if __name__ == "__main__":
    memory() if "memory" in sys.argv else run()
