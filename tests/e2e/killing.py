"""Run commands that write, kill each at many moments, and look at what is left.

A process that has imported everything forks a child for each run, so that a run takes a tenth of a
second. A child is killed before its n-th change of a file, which reaches every state of the files
that Python's audit events show; or at a random moment, also within a write.
"""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
import json
import os
import pathlib
import pkgutil
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import fromager_build_tags
from fromager_build_tags.commands import main

from ..index.wheels import write_wheel
from ..repositories import Checkout
from ..trees import GOOD, ROCM, ROCM_FILE, SETTINGS_FILE, TORCH, TORCH_FILE, write_tree

#: What is in a folder: the content of files, and the targets of links.
type Content = Mapping[str, bytes | str]

OPTIONS: Final = ("--settings-file", SETTINGS_FILE, "--settings-dir", "settings/packages")
LOCK_FILE: Final = "settings/build-tags.lock"
#: Audit events before a change of a file. An "open" counts if it can write.
CHANGES: Final = frozenset(
    {"os.chmod", "os.link", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.symlink"}
    | {"os.truncate", "fcntl.flock", "subprocess.Popen"}
)
_TEMPORARY: Final = tempfile.gettempdir()
WRITES: Final = os.O_WRONLY | os.O_RDWR


@dataclasses.dataclass(frozen=True, kw_only=True)
class Scenario:
    """A command, and the folder that it changes.

    Attributes:
        build: makes the folder.
        check: returns what is wrong with a folder after a kill, by its content; or "".
        whole: a folder in it whose content is all old or all new.
    """

    args: Sequence[str]
    build: Callable[[pathlib.Path], object]
    check: Callable[[Content], str] = lambda _: ""
    whole: str = ""


def _lock(root: pathlib.Path) -> None:
    write_tree(root, {**GOOD, LOCK_FILE: "# build-tags.lock, format 1: old\n"})


def _bump(root: pathlib.Path) -> None:
    """Make a tree whose new Torch makes two packages sort below: two files and a lock change."""
    other = 'annotations:\n  build-tags.depends-on: torch\nchangelog:\n  "1.0":\n    - first\n'
    first = ROCM.replace("2.9.1", "2.9.0")
    annotated = f"annotations:\n  build-tags.depends-on: torch\n{TORCH}"
    files = {**GOOD, ROCM_FILE: first, TORCH_FILE: annotated}
    checkout = Checkout.create(root, {**files, "settings/packages/other.yaml": other})
    pid = _fork(("lock",), root)
    os.waitpid(pid, 0)
    assert (root / LOCK_FILE).exists()
    checkout.commit({})
    checkout.write({ROCM_FILE: ROCM.replace("2.9.1", "2.10.0")})


PLAT: Final = "-cp312-cp312-linux_x86_64.whl"
CURRENT: Final = ("torch-2.9.1-2_el9.6_rocm7.1", "demo-1.0-1_el9.6")
OBSOLETE: Final = ("torch-2.9.1-1_el9.6_rocm7.1", "torch-2.9.1-1_el9.4_rocm7.0", "demo-1.0")
KEPT: Final = ("torch-2.8.0-1_el9.6_rocm7.1", "demo-1.0-9_el9.6")


def _prune(root: pathlib.Path) -> None:
    """Make a ``wheels-repo`` with current, obsolete and kept wheels, each with its companions."""
    write_tree(root, GOOD)
    repo = root / "repo"
    (repo / "prebuilt").mkdir(parents=True)
    for stem in (*CURRENT, *OBSOLETE, *KEPT):
        wheel = write_wheel(repo / "downloads" / f"{stem}{PLAT}")
        for suffix in (".asc", ".metadata"):
            wheel.with_name(f"{wheel.name}{suffix}").write_bytes(b"x")
        link = repo / "simple" / stem.partition("-")[0] / wheel.name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(f"../../downloads/{wheel.name}")


def _merge(root: pathlib.Path) -> None:
    """Make a pool of one wheel, and folders with a second and a third one."""
    write_wheel(root / "cpu" / f"demo-1.0-1_el9.6{PLAT}")
    pid = _fork(("merge", "pool", "cpu=cpu"), root)
    os.waitpid(pid, 0)
    assert (root / "pool").exists()
    write_wheel(root / "cpu" / f"demo-1.0-2_el9.6{PLAT}")
    write_wheel(root / "cuda" / f"torch-2.9.1-1_el9.6_cuda13.0{PLAT}")


def _check_index(content: Content) -> str:
    for stem in (*CURRENT, *KEPT):
        if f"repo/downloads/{stem}{PLAT}" not in content:
            return f"{stem} is lost"
    for path, target in content.items():
        # a link leads to a wheel: fromager's server fails on another one
        if isinstance(target, str) and f"repo/downloads/{path.rpartition('/')[2]}" not in content:
            return f"{path} has no target"
    return ""


SCENARIOS: Final[Mapping[str, Scenario]] = {
    "merge": Scenario(
        args=("merge", "pool", "cpu=cpu", "cuda13.0=cuda", "--variants"),
        build=_merge,
        whole="pool/",
    ),
    "lock": Scenario(args=("lock",), build=_lock),
    "bump": Scenario(args=("bump", "-m", "new Torch"), build=_bump),
    "add": Scenario(
        args=("add", "demo", "--depends-on", "torch"),
        build=lambda root: write_tree(root, GOOD),
    ),
    "init": Scenario(
        args=("init", "--ci", "gitlab", "--pre-commit"),
        build=lambda root: write_tree(root, {"overrides/torch.py": ""}),
    ),
    "module": Scenario(
        args=("add", "demo", "--depends-on", "torch", "--module"),
        build=lambda root: write_tree(root, GOOD),
    ),
    "prune": Scenario(
        args=("--variant", "rocm", "prune", "repo", "--delete"), build=_prune, check=_check_index
    ),
}


def _fork(
    args: Sequence[str],
    root: pathlib.Path,
    watch: Callable[[str, tuple[Any, ...]], None] | None = None,
) -> int:
    """Run a command in a child process, in the folder *root*; return its pid."""
    pid = os.fork()
    if pid:
        return pid
    status = 70
    try:
        os.chdir(root)
        log = os.open(f"{root}.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for descriptor in (1, 2):
            os.dup2(log, descriptor)
        if watch is not None:
            sys.addaudithook(watch)
        main([*OPTIONS, *args], prog_name="fromager-build-tags")
    except SystemExit as err:
        status = int(err.code or 0)
    finally:
        os._exit(status)


def _is_change(event: str, args: tuple[Any, ...]) -> bool:
    if event == "open":
        return isinstance(args[2], int) and bool(args[2] & WRITES)
    return event in CHANGES


class _Counter:
    """Count changes, and kill this process before the one with a number."""

    def __init__(self, kill_at: int, report: int | None = None) -> None:
        self._left = kill_at
        self._report = report

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        if not _is_change(event, args):
            return
        self._left -= 1
        if self._report is not None:
            os.write(self._report, b".")
        if not self._left:
            os.kill(os.getpid(), signal.SIGKILL)


def _read(root: pathlib.Path) -> Content:
    """Return what is in a folder, without git's own files."""
    found: dict[str, bytes | str] = {}
    for folder, _, names in os.walk(root):
        for name in names:
            path = pathlib.Path(folder, name)
            shown = path.relative_to(root).as_posix()
            if not shown.startswith(".git/"):
                found[shown] = str(path.readlink()) if path.is_symlink() else path.read_bytes()
    return found


@dataclasses.dataclass(kw_only=True)
class Killer:
    """Kill one command, in copies of its folder.

    Attributes:
        before: the content of the folder before a run.
        after: its content after an undisturbed run.
        changes: the number of changes of a run.
        seconds: the duration of a run.
    """

    scenario: Scenario
    folder: pathlib.Path
    before: Content = dataclasses.field(default_factory=dict)
    after: Content = dataclasses.field(default_factory=dict)
    changes: int = 0
    seconds: float = 0.0

    def measure(self) -> None:
        """Build the folder, and run the command without a kill."""
        self.scenario.build(self.folder / "template")
        self.before = _read(self.folder / "template")
        reading, writing = os.pipe()
        status = self._finish(_fork(self.scenario.args, self._copy(), _Counter(0, writing)))
        os.close(writing)
        self.changes = len(os.read(reading, 1 << 16))
        os.close(reading)
        self.after = _read(self._root)
        assert status == 0, self._log
        assert self.after != self.before
        start = time.monotonic()
        self._finish(_fork(self.scenario.args, self._copy()))
        self.seconds = time.monotonic() - start

    @property
    def _root(self) -> pathlib.Path:
        return self.folder / "work"

    @property
    def _log(self) -> str:
        return pathlib.Path(f"{self._root}.log").read_text()

    def _copy(self) -> pathlib.Path:
        shutil.rmtree(self._root, ignore_errors=True)
        shutil.copytree(self.folder / "template", self._root, symlinks=True)
        return self._root

    def _finish(self, pid: int) -> int:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    def at_change(self, number: int) -> str:
        """Kill a run before a change, and return what is wrong afterwards; or ""."""
        status = self._finish(_fork(self.scenario.args, self._copy(), _Counter(number)))
        if status not in {-signal.SIGKILL, 0}:
            return f"exit status {status} where it should be killed: {self._log}"
        return self._look(f"killed before change {number}")

    def at_random(self, number: random.Random) -> str:
        """Kill a run at a random moment, and return what is wrong afterwards; or ""."""
        delay = number.uniform(0, 1.1 * self.seconds)
        pid = _fork(self.scenario.args, self._copy())
        time.sleep(delay)
        os.kill(pid, signal.SIGKILL)
        self._finish(pid)
        return self._look(f"killed after {delay:.4f} s")

    def twice(self, number: random.Random) -> str:
        """Run the command twice at once, and return what is wrong afterwards; or ""."""
        root = self._copy()
        first = _fork(self.scenario.args, root)
        delay = number.uniform(0, self.seconds)
        time.sleep(delay)
        second = _fork(self.scenario.args, root)
        statuses = [self._finish(pid) for pid in (first, second)]
        if any(statuses) or _read(root) != self.after:
            return f"the second one {delay:.4f} s after the first: {statuses}: {self._log}"
        return ""

    def _part(self, content: Content) -> Content:
        """Return what is below the folder that is old or new as a whole."""
        whole = self.scenario.whole
        return {path: each for path, each in content.items() if whole and path.startswith(whole)}

    def _look(self, when: str) -> str:
        """Check the folder after a kill; then run the command again, and compare the result."""
        found = _read(self._root)
        for path in found.keys() | self.before.keys():
            whole = found.get(path) in (self.before.get(path), self.after.get(path))
            if not whole and not any(each.endswith(".tmp") for each in path.split("/")):
                return f"{when}: {path} is neither the old nor the new one: {found.get(path)!r}"
        if wrong := self.scenario.check(found):
            return f"{when}: {wrong}"
        old, new, now = (self._part(each) for each in (self.before, self.after, found))
        if now not in (old, new):
            return f"{when}: {self.scenario.whole} is a mixture of the old and the new one"
        status = self._finish(_fork(self.scenario.args, self._root))
        again = _read(self._root)
        if status or again != self.after:
            other = sorted(
                path
                for path in again.keys() | self.after.keys()
                if again.get(path) != self.after.get(path)
            )
            return f"{when}, then run again with exit status {status}: {other}: {self._log}"
        return ""


def _import_everything() -> None:
    for package in (fromager_build_tags, importlib.import_module("fromager")):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)


def killed(name: str, kills: int, seed: int) -> Iterator[str]:
    """Kill a command before each of its changes, then at random; yield what is wrong, or ""."""
    numbers = random.Random(seed)
    with _measured(name) as killer:
        yield from map(killer.at_change, range(1, killer.changes + 2))
        for _ in range(kills):
            yield killer.at_random(numbers)


def at_once(name: str, runs: int, seed: int) -> Iterator[str]:
    """Run a command twice at once, again and again; yield what is wrong, or ""."""
    numbers = random.Random(seed)
    with _measured(name) as killer:
        for _ in range(runs):
            yield killer.twice(numbers)


@contextlib.contextmanager
def _measured(name: str) -> Iterator[Killer]:
    with tempfile.TemporaryDirectory(dir=_TEMPORARY) as folder:
        os.environ["TMPDIR"] = tempfile.tempdir = folder  # a killed process cannot delete its own
        killer = Killer(scenario=SCENARIOS[name], folder=pathlib.Path(folder))
        killer.measure()
        yield killer


if __name__ == "__main__":
    _import_everything()
    mode, names, times, number = sys.argv[1:]
    run = {"killed": killed, "at-once": at_once}[mode]
    for each in names.split(","):
        results = list(run(each, int(times), int(number)))
        wrong = [result for result in results if result]
        print(json.dumps({"command": each, "runs": len(results), "wrong": wrong}), flush=True)
