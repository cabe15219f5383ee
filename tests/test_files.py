"""A file is written as a whole, or stays as it is."""

from __future__ import annotations

import os
import pathlib

import pytest

from fromager_build_tags.errors import InputError, OutputError
from fromager_build_tags.files import read_text, write_text


def test_line_ends_and_links_stay(tmp_path: pathlib.Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"old\r\n")
    target.chmod(0o600)
    link.symlink_to("target")
    write_text(link, read_text(link) + "new\r\n")
    assert link.is_symlink()
    assert target.read_bytes() == b"old\r\nnew\r\n"
    assert target.stat().st_mode & 0o777 == 0o600


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
        (tmp_path, "cannot be read: Is a directory"),
    ):
        with pytest.raises(InputError) as caught:
            read_text(path)
        assert str(caught.value) == f"{path} {message}"
