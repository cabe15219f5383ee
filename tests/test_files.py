"""A file is written as a whole, or stays as it is."""

from __future__ import annotations

import contextlib
import os
import pathlib
import resource
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from fromager_build_tags.errors import InputError, OutputError
from fromager_build_tags.files import alone, read_bounded, read_text, write_text, write_texts


def test_line_ends_and_links_stay(tmp_path: pathlib.Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"old\r\n")
    target.chmod(0o600)
    link.symlink_to("target")
    write_text(link, read_text(target) + "new\r\n")
    assert link.is_symlink()
    assert target.read_bytes() == b"old\r\nnew\r\n"
    assert target.stat().st_mode & 0o777 == 0o600


def test_a_link_to_itself_is_replaced(tmp_path: pathlib.Path) -> None:
    link = tmp_path / "link"
    link.symlink_to("link")
    write_text(link, "new")
    assert not link.is_symlink()
    assert link.read_text() == "new"


def test_a_new_file_has_the_mode_that_the_user_wants(tmp_path: pathlib.Path) -> None:
    before = os.umask(0o027)
    try:
        write_text(tmp_path / "new", "")
    finally:
        os.umask(before)
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o640


def test_a_file_that_nobody_may_write_stays(tmp_path: pathlib.Path) -> None:
    """Root could, and so could whoever may rename files in the folder."""
    path, link = tmp_path / "file", tmp_path / "link"
    path.write_text("old")
    path.chmod(0o444)
    link.symlink_to("file")
    for each in (path, link):
        with pytest.raises(OutputError) as caught:
            write_text(each, "new")
        assert str(caught.value) == (
            f"{each} is read-only: to allow the change, run chmod u+w {each}"
        )
    assert path.read_text() == "old"
    path.chmod(0o464)  # the group may
    write_text(path, "new")


def test_a_device_or_a_pipe_is_written_to_and_not_replaced(tmp_path: pathlib.Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_text(fifo, "text\n")
        assert os.read(reader, 99) == b"text\n"
    finally:
        os.close(reader)
    assert fifo.is_fifo()
    with pytest.raises(OutputError, match="cannot be written: Is a directory"):
        write_text(tmp_path, "text")


def test_an_output_of_this_process_is_continued(tmp_path: pathlib.Path) -> None:
    """As ``>> log`` asks for; a file that is renamed over the log would lose what is in it."""
    log = tmp_path / "log"
    log.write_text("before\n")
    code = (
        "import pathlib; from fromager_build_tags.files import write_text;"
        "[write_text(pathlib.Path(each), each + '\\n') for each in {!r}]"
    ).format(["/dev/stdout", "log", "/proc/self/fd/1", "/dev/stderr"])
    with log.open("a") as file:
        done = subprocess.run(
            [sys.executable, "-c", code],
            stdout=file,
            stderr=subprocess.PIPE,
            cwd=tmp_path,
            text=True,
            check=True,
        )
    assert log.read_text() == "before\n/dev/stdout\nlog\n/proc/self/fd/1\n"
    assert done.stderr == "/dev/stderr\n"


def test_a_pipe_that_nobody_reads_is_an_error(tmp_path: pathlib.Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OutputError, match="cannot be written: No such device or address"):
        write_text(tmp_path / "pipe", "text")


def test_a_full_disk_leaves_the_old_content(tmp_path: pathlib.Path) -> None:
    (tmp_path / "file").write_text("old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, limits[1]))
    try:
        with pytest.raises(OutputError, match="file cannot be written: File too large"):
            write_text(tmp_path / "file", "x" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert {each.name: each.read_text() for each in tmp_path.iterdir()} == {"file": "old"}


def test_what_a_killed_process_left_is_used_again(tmp_path: pathlib.Path) -> None:
    left = tmp_path / ".file.tmp"
    left.write_text("half of a much longer text that a killed process wrote")
    left.chmod(0o600)
    write_text(tmp_path / "file", "new")
    assert {each.name: each.read_text() for each in tmp_path.iterdir()} == {"file": "new"}


def test_a_temporary_file_that_leads_elsewhere_is_not_written(tmp_path: pathlib.Path) -> None:
    secret, left = tmp_path / "secret", tmp_path / ".file.tmp"
    secret.write_text("secret")
    left.symlink_to("secret")
    with pytest.raises(OutputError, match="file cannot be written: Too many levels of symbolic"):
        write_text(tmp_path / "file", "new")
    left.unlink()
    left.hardlink_to(secret)
    write_text(tmp_path / "file", "new")
    assert {each.name: each.read_text() for each in tmp_path.iterdir()} == {
        "secret": "secret",
        "file": "new",
    }


def test_two_writers_at_once_leave_a_whole_file(tmp_path: pathlib.Path) -> None:
    path, texts = tmp_path / "file", [character * 100_000 for character in "abcd"]
    write_text(path, texts[0])

    def write(text: str) -> None:
        for _ in range(25):
            write_text(path, text)
            assert path.read_text() in texts

    with ThreadPoolExecutor(len(texts)) as pool:
        list(pool.map(write, texts))
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_one_process_at_a_time_edits_a_folder(tmp_path: pathlib.Path) -> None:
    inside: list[str] = []

    def edit(_: int) -> None:
        with alone(tmp_path):
            inside.append("in")
            time.sleep(0.005)
            inside.append("out")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(edit, range(8)))
    assert inside == ["in", "out"] * 8
    assert list(tmp_path.iterdir()) == []
    with alone(tmp_path / "missing"):
        pass


def test_nothing_is_half_written(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_text("old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pathlib.Path, "replace", full)
    with pytest.raises(OutputError) as caught:
        write_text(path, "new")
    assert str(caught.value) == f"{path} cannot be written: No space left on device"
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("file", "old")]


def test_reading(tmp_path: pathlib.Path) -> None:
    assert read_text(tmp_path / "nothing") == ""
    (tmp_path / "latin").write_bytes(b"\xe9")
    for path, message in (
        (tmp_path / "latin", "is not UTF-8"),
        (tmp_path, "is a directory, not a file"),
    ):
        with pytest.raises(InputError) as caught:
            read_text(path)
        assert str(caught.value) == f"{path} {message}"


@pytest.fixture
def files(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """A folder ``real``, links to it and to others, and the current folder ``here`` with both."""
    here = tmp_path / "here"
    (here / "real/below").mkdir(parents=True)
    (here / "real/file").write_text("text")
    (here / "real/below/file").write_text("text")
    (here / "linked").symlink_to("real")
    (here / "real/link").symlink_to("file")
    (here / "real/dangling").symlink_to("nowhere")
    (tmp_path / "elsewhere").symlink_to("here")
    monkeypatch.chdir(here)
    return tmp_path


@pytest.mark.parametrize(
    ("path", "link"),
    [
        ("real/file", None),
        ("real/below/../file", None),
        ("{files}/here/real/file", None),
        ("../here/real/file", None),
        ("real/link", "real/link"),
        ("real/dangling", "real/dangling"),
        ("linked/file", "linked"),
        ("linked/below/file", "linked"),
        ("linked/../real/file", "linked"),
        ("{files}/here/linked/file", "{files}/here/linked"),
        ("../here/linked/file", "../here/linked"),
        ("../elsewhere/real/file", None),
        ("{files}/elsewhere/real/file", None),
        ("{files}/elsewhere/real/link", "{files}/elsewhere/real/link"),
    ],
)
def test_no_link_below_the_current_folder_is_followed(
    files: pathlib.Path, path: str, link: str | None
) -> None:
    """Elsewhere, the user named the folders; the file itself must not be a link."""
    named = pathlib.Path(path.format(files=files))
    if link is None:
        assert read_text(named) == "text"
        return
    with pytest.raises(InputError) as caught:
        read_text(named)
    assert str(caught.value) == f"{link.format(files=files)} is a symbolic link: not followed"


def test_a_link_that_a_user_names_is_followed(files: pathlib.Path) -> None:
    assert read_bounded(pathlib.Path("linked/link")) == b"text"


def test_only_a_regular_file_of_limited_size_is_read(tmp_path: pathlib.Path) -> None:
    """No read waits, and none ends with the memory."""
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "sparse").touch()
    os.truncate(tmp_path / "sparse", 1 << 40)
    (tmp_path / "full").write_bytes(b"1234")
    with socket.socket(socket.AF_UNIX) as listener, contextlib.chdir(tmp_path):
        listener.bind("socket")
        for path, message in {
            "fifo": "is not a regular file",
            "/dev/zero": "is not a regular file",
            "socket": "cannot be read: No such device or address",
            "sparse": "is larger than 10,000,000 bytes",
            "missing": "cannot be read: No such file or directory",
        }.items():
            with pytest.raises(InputError) as caught:
                read_bounded(pathlib.Path(path))
            assert str(caught.value) == f"{path} {message}"
    assert read_bounded(tmp_path / "full", largest=4) == b"1234"
    with pytest.raises(InputError, match="full is larger than 3 bytes"):
        read_bounded(tmp_path / "full", largest=3)


def test_a_pipe_that_the_shell_opens_is_read(tmp_path: pathlib.Path) -> None:
    """Such as with ``-r <(uv export)``; its writer may be slow."""
    reader, writer = os.pipe()
    script = "import os, time; time.sleep(0.3); os.write(1, b'torch')"
    with subprocess.Popen([sys.executable, "-c", script], stdout=writer):
        os.close(writer)
        assert read_bounded(pathlib.Path(f"/dev/fd/{reader}")) == b"torch"
    os.close(reader)
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(InputError, match="is not a regular file"):
        read_bounded(tmp_path / "fifo")


def test_all_files_are_written_or_none(tmp_path: pathlib.Path) -> None:
    first, second = tmp_path / "first", tmp_path / "missing" / "second"
    first.write_text("old")
    with pytest.raises(OutputError, match=r"second cannot be written: .*; no file is changed"):
        write_texts({first: "new", second: "new"})
    assert [each.name for each in tmp_path.iterdir()] == ["first"]
    assert first.read_text() == "old"
    second.parent.mkdir()
    write_texts({first: "new", second: "new"})
    assert (first.read_text(), second.read_text()) == ("new", "new")


def test_a_rename_that_is_refused_is_one_error(tmp_path: pathlib.Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutputError, match=r"folder cannot be written: .*`git diff` shows"):
        write_texts({tmp_path / "folder": "new"})
    assert [each.name for each in tmp_path.iterdir()] == ["folder"]
