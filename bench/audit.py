"""A names-only audit of 200,000 names, as a ratio to a bare loop that parses them.

The names are files of a folder, which the audit lists; the settings are loaded before it. The
baseline is ``packaging.utils.parse_wheel_filename`` over the same names, in the same process.
Run it as ``python -m bench.audit``; the aim is a ratio of at most 3, and under 1 GB of memory for
the 1,000,000 files of ``python -m bench.audit memory``.
"""

from __future__ import annotations

import functools
import pathlib
import resource
import statistics
import sys
import tempfile
from collections.abc import Iterable, Iterator

from packaging.utils import parse_wheel_filename

from fromager_build_tags.findings.finding import Verdict
from fromager_build_tags.index import open_index
from fromager_build_tags.index.auditing import Audit
from fromager_build_tags.index.expected import Expectations
from fromager_build_tags.index.place import parse_place
from fromager_build_tags.settings.tree import SettingsTree, load_settings_tree

from .settings_tree import write_settings_tree
from .timing import wall_seconds

NAMES = 200_000
MANY = 1_000_000
RUNS = 7
VARIANT = "cuda-ubi0"
PROJECTS = 1_000
#: A wheel in fifty is left over from an older stack.
STALE = 50


def names(count: int) -> Iterator[str]:
    """Yield names as an index lists them: a thousand projects, each version for five Pythons."""
    pythons = range(10, 15)
    for number in range(count):
        project, rest = number % PROJECTS, number // PROJECTS
        version, python = divmod(rest, len(pythons))
        tag = "1_el9.5" if number % STALE == 0 else "1_el9.6"
        cpython = f"cp3{pythons[python]}"
        yield f"package_{project}-1.{version}-{tag}-{cpython}-{cpython}-linux_x86_64.whl"


def run() -> None:
    """Print the ratio."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        listed = write_index(root, names(NAMES))
        audit, loop = functools.partial(_audit, root, _load(root)), functools.partial(_loop, listed)
        ratios = [wall_seconds(audit) / wall_seconds(loop) for _ in range(RUNS)]
        print(
            f"audit of {NAMES:,} names: {statistics.median(ratios):.2f} x parse_wheel_filename "
            f"(min {min(ratios):.2f}, max {max(ratios):.2f}, {RUNS} pairs)"
        )


def memory() -> None:
    """Print how much memory an audit of very many files takes."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        write_index(root, names(MANY))
        seconds = wall_seconds(functools.partial(_audit, root, _load(root)))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(f"audit of {MANY:,} files: {seconds:.0f} s, {peak:.2f} GB at most")


def write_index(root: pathlib.Path, filenames: Iterable[str]) -> list[str]:
    """Write settings and an index of empty files below *root*; return the names."""
    write_settings_tree(root)
    index = root / "index"
    index.mkdir()
    listed = list(filenames)
    for name in listed:
        (index / name).touch()
    return listed


def _loop(listed: list[str]) -> None:
    for name in listed:
        parse_wheel_filename(name)


def _audit(root: pathlib.Path, tree: SettingsTree) -> None:
    expectations = Expectations(tree)
    index = open_index(expectations.load(parse_place(f"{root}/index", VARIANT)))
    run = Audit(indexes=[index], expectations=expectations).run()
    found = [finding for audited in run for _, finding in audited.findings]
    verdict = Verdict.of(found)
    assert verdict.findings, "the wheels of an older stack are found"


def _load(root: pathlib.Path) -> SettingsTree:
    return load_settings_tree(
        settings_file=root / "settings.yaml",
        settings_dir=root / "packages",
        patches_dir=root / "patches",
        variant=VARIANT,
    )


if __name__ == "__main__":
    memory() if sys.argv[1:] == ["memory"] else run()
