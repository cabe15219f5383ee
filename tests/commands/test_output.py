"""Where a result is written: a file, a device, a pipe; written whole, or one error."""

from __future__ import annotations

import errno
import os
import pathlib
import sys
import threading
from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from fromager_build_tags.commands import common, main
from fromager_build_tags.errors import OutputError

from ..index.wheels import write_wheel
from ..repositories import Checkout
from ..trees import GOOD, ROCM, ROCM_FILE, SETTINGS_FILE, TORCH, TORCH_FILE

WHEEL = "torch-2.9.1-1_el9.6_rocm7.1-cp312-cp312-linux_x86_64.whl"
LOCK_FILE = "settings/build-tags.lock"

type Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command line in a git checkout with a folder of wheels."""
    Checkout.create(tmp_path, GOOD)
    write_wheel(tmp_path / "index" / WHEEL)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FROMAGER_SETTINGS_FILE", SETTINGS_FILE)
    monkeypatch.setenv("FROMAGER_SETTINGS_DIR", "settings/packages")
    monkeypatch.setenv("FROMAGER_VARIANT", "rocm")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def invoke(*args: str, status: int | None = 0) -> Result:
        result = CliRunner().invoke(main, args)
        assert status in {None, result.exit_code}, result.output
        return result

    return invoke


#: Every command with an option for a file.
COMMANDS = [
    ("lock",),
    ("show", "torch==2.9.1"),
    ("explain", "torch==2.9.1"),
    ("check",),
    ("review", "HEAD", "HEAD"),
    ("audit", "index"),
    ("which", "index"),
    ("prune", "index"),
    ("prune", "index", "--delete"),
    ("merge", "pool", "cpu=index", "--dry-run"),
    ("verify", f"index/{WHEEL}"),
]


@pytest.mark.parametrize("args", COMMANDS, ids=" ".join)
def test_a_result_that_cannot_be_written_is_one_error(args: tuple[str, ...], run: Run) -> None:
    os.mkfifo("pipe")
    for target, why in (
        ("/dev/full", "No space left on device"),
        ("pipe", "No such device or address"),
        ("nowhere/file", "No such file or directory"),
    ):
        result = run(*args, "-o", target, status=1)
        assert result.stderr.splitlines()[-1] == f"Error: {target} cannot be written: {why}"
    usage = run(*args, "-o", "settings", status=2)
    assert "'settings' is a directory" in " ".join(usage.stderr.split())


@pytest.mark.parametrize("args", COMMANDS, ids=" ".join)
def test_a_result_is_written_to_a_pipe_and_to_stdout(
    args: tuple[str, ...], run: Run, tmp_path: pathlib.Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run(*args, "-o", "file", status=None)
    expected = (tmp_path / "file").read_text()
    capfd.readouterr()
    run(*args, "-o", "/dev/stdout", status=None)
    assert capfd.readouterr().out == expected
    os.mkfifo("pipe")
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append((tmp_path / "pipe").read_text()))
    reader.start()
    while run(*args, "-o", "pipe", status=None).stderr.endswith("No such device or address\n"):
        pass  # the reader has not opened it yet
    reader.join()
    assert read == [expected]


#: What each command prints on stdout.
PRINTED = [
    *(each for each in COMMANDS if each != ("lock",)),
    ("lock", "--check"),
    ("bump", "-n", "-m", "text"),
]


@pytest.mark.parametrize("args", PRINTED, ids=" ".join)
def test_a_full_disk_or_a_closed_pipe_below_stdout_is_no_traceback(
    args: tuple[str, ...],
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    raise_torch(run)
    for error in (errno.ENOSPC, errno.EPIPE):

        class Failing:
            """A stream that cannot be written."""

            encoding, errors, number = "utf-8", "strict", error

            def write(self, text: str) -> int:
                raise OSError(self.number, os.strerror(self.number))

            def flush(self) -> None: ...

            def isatty(self) -> bool:
                return False

        with monkeypatch.context() as patch:
            patch.setattr("sys.stdout", Failing())
            with pytest.raises(SystemExit) as caught:
                main(args)
        assert caught.value.code == 1
        lines = [each for each in capfd.readouterr().err.splitlines() if "Error" in each]
        full = ["Error: the result cannot be written: No space left on device"]
        assert lines == (full if error == errno.ENOSPC else [])


def raise_torch(run: Run) -> None:
    """Commit a lock, and change Torch so that the wheels of a package sort below."""
    checkout = Checkout(pathlib.Path())
    checkout.write({TORCH_FILE: f"annotations:\n  build-tags.depends-on: torch\n{TORCH}"})
    run("lock")
    checkout.commit({})
    checkout.write({ROCM_FILE: ROCM.replace("2.9.1", "2.10.0")})


def test_a_bump_that_was_killed_before_its_lock_is_completed(
    run: Run, tmp_path: pathlib.Path
) -> None:
    raise_torch(run)
    old = (tmp_path / LOCK_FILE).read_text()
    run("bump", "-m", "new Torch")
    new = (tmp_path / LOCK_FILE).read_text()
    assert new != old
    (tmp_path / LOCK_FILE).write_text(old)
    result = run("bump", "-m", "new Torch")
    assert result.stderr.startswith("nothing to add: ")
    assert (tmp_path / LOCK_FILE).read_text() == new
    assert (tmp_path / TORCH_FILE).read_text().count("new Torch") == 1
    (tmp_path / LOCK_FILE).write_text(old)
    run("bump", "-m", "new Torch", "--dry-run")
    assert (tmp_path / LOCK_FILE).read_text() == old


def test_a_closed_stdout_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    with pytest.raises(OutputError, match="stdout is closed; use --output"):
        common.write("a result", None)
