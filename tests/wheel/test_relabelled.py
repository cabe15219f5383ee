"""A copy of a wheel with one more file: every other byte of a member is the same."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import pathlib
import struct
import zipfile
from collections.abc import Callable, Iterator, Mapping
from unittest import mock

import pytest

from fromager_build_tags.errors import OutputError
from fromager_build_tags.wheel import relabelled
from fromager_build_tags.wheel.archive import WheelArchive, WheelError
from fromager_build_tags.wheel.relabelled import copy_with_file

INFO = "demo-1.0.dist-info"
CONTENT = b'{"new": true}\n'
NAME = "demo-1.0-1-cp312-cp312-linux_x86_64.whl"
PLAIN = {
    "demo/__init__.py": b"x = 1\n" * 50,
    'demo/a, "b".txt': b"comma",
    f"{INFO}/METADATA": b"Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n",
    f"{INFO}/WHEEL": b"Wheel-Version: 1.0\nTag: cp312-cp312-linux_x86_64\n",
}


def digest(content: bytes) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip(
        "="
    )


def record_of(members: Mapping[str, bytes]) -> bytes:
    text = io.StringIO(newline="")
    rows = [[name, digest(content), len(content)] for name, content in members.items()]
    csv.writer(text).writerows([*rows, [f"{INFO}/RECORD", "", ""]])
    return text.getvalue().encode()


class Unseekable(io.RawIOBase):
    """A stream for which zipfile writes sizes behind each member."""

    def __init__(self, path: pathlib.Path) -> None:
        self._file = path.open("wb")

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        return self._file.write(data)  # type: ignore[arg-type]

    def close(self) -> None:
        self._file.close()
        super().close()


def write(
    path: pathlib.Path,
    members: Mapping[str, bytes],
    *,
    last: bool = True,
    zip64: bool = False,
    stream: bool = False,
) -> pathlib.Path:
    """Write a wheel with RECORD at the end, or in front of the last member."""
    rest = {**members, f"{INFO}/RECORD": record_of(members)}
    if not last:
        name, content = next(iter(members.items()))
        rest = {**{key: rest[key] for key in [*rest][1:]}, name: content}
    output = Unseekable(path) if stream else path.open("wb")
    with output, zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.mkdir("demo/")
        for name, content in rest.items():
            info = zipfile.ZipInfo(name, (2026, 3, 4, 5, 6, 8))
            info.external_attr = 0o100644 << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(info, "w", force_zip64=zip64) as member:
                member.write(content)
    return path


def _with_large_offsets(path: pathlib.Path) -> pathlib.Path:
    with mock.patch.object(zipfile, "ZIP64_LIMIT", 10):
        return write(path, PLAIN, zip64=True, last=False)


SHAPES: Mapping[str, Callable[[pathlib.Path], pathlib.Path]] = {
    "record-last": lambda path: write(path, PLAIN),
    "record-not-last": lambda path: write(path, PLAIN, last=False),
    "stream": lambda path: write(path, PLAIN, stream=True),
    "stream-not-last": lambda path: write(path, PLAIN, stream=True, last=False),
    "zip64": lambda path: write(path, PLAIN, zip64=True),
    "zip64-not-last": lambda path: write(path, PLAIN, zip64=True, last=False, stream=True),
    "zip64-offsets": _with_large_offsets,
    "utf-8": lambda path: write(path, {**PLAIN, "demo/é.txt": b"x"}),
}


def copied(source: pathlib.Path, name: str = "copy.whl") -> pathlib.Path:
    target = source.with_name(name)
    copy_with_file(source, target, "new.json", CONTENT)
    return target


def raw_members(path: pathlib.Path) -> Iterator[tuple[zipfile.ZipInfo, bytes]]:
    """Yield each member with its bytes, compressed."""
    data = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            lengths = struct.unpack_from("<2H", data, info.header_offset + 26)
            start = info.header_offset + 30 + sum(lengths)
            yield info, data[start : start + info.compress_size]


@pytest.mark.parametrize("shape", SHAPES)
def test_only_the_file_and_record_differ(shape: str, tmp_path: pathlib.Path) -> None:
    source = SHAPES[shape](tmp_path / NAME)
    target = copied(source)
    record = f"{INFO}/RECORD"
    with WheelArchive.open(source) as before, WheelArchive.open(target) as after:
        names = [member.name for member in before.members if member.name != record]
        assert [each.name for each in after.members] == [*names, f"{INFO}/new.json", record]
        text = after.dist_info_text("RECORD")
        assert text is not None
        rows = [*csv.reader(text.decode().splitlines())]
        contents = {each.name: each.digest("sha256") for each in after.members}
    expected = {name: digest(content) for name, content in PLAIN.items()}
    if shape == "utf-8":
        expected["demo/é.txt"] = digest(b"x")
    expected |= {f"{INFO}/new.json": digest(CONTENT), record: ""}
    assert {row[0]: row[1] for row in rows} == expected
    assert rows[-2:] == [[f"{INFO}/new.json", digest(CONTENT), "14"], [record, "", ""]]
    assert contents[f"{INFO}/new.json"] == hashlib.sha256(CONTENT).digest()
    assert [
        (info.filename, info.date_time, info.external_attr, content)
        for info, content in raw_members(target)
        if info.filename in {*names, "demo/"}
    ] == [
        (info.filename, info.date_time, info.external_attr, content)
        for info, content in raw_members(source)
        if info.filename != record
    ]
    with zipfile.ZipFile(target) as archive:
        assert archive.testzip() is None
        assert archive.getinfo(f"{INFO}/new.json").date_time == (2026, 3, 4, 5, 6, 8)
        assert archive.getinfo(record).external_attr == 0o100644 << 16


@pytest.mark.parametrize("shape", SHAPES)
def test_the_bytes_before_record_and_of_each_run_are_the_same(
    shape: str, tmp_path: pathlib.Path
) -> None:
    source = SHAPES[shape](tmp_path / NAME)
    with zipfile.ZipFile(source) as archive:
        start = archive.getinfo(f"{INFO}/RECORD").header_offset
    target, again = copied(source), copied(source, "again.whl")
    assert target.read_bytes()[:start] == source.read_bytes()[:start]
    assert target.read_bytes() == again.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again.whl", "copy.whl", NAME]


def test_large_offsets_and_many_members(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = SHAPES["record-not-last"](tmp_path / NAME)
    plain = copied(source, "plain.whl")
    monkeypatch.setattr(relabelled, "_LIMIT", 10)
    monkeypatch.setattr(relabelled, "_MEMBERS_LIMIT", 2)
    large = copied(source)
    assert len(large.read_bytes()) == len(plain.read_bytes()) + 56 + 20 + 2 * 12
    assert [*map(_content, raw_members(large))] == [*map(_content, raw_members(plain))]


def _content(each: tuple[zipfile.ZipInfo, bytes]) -> tuple[str, int, bytes]:
    return each[0].filename, each[0].header_offset, each[1]


def _edited(path: pathlib.Path, old: bytes, new: bytes, count: int = -1) -> pathlib.Path:
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new, count))
    return path


def _with_gap(path: pathlib.Path, shape: str = "record-last") -> pathlib.Path:
    """Return a wheel with bytes in front of the last member that belong to no member."""
    data = SHAPES[shape](path).read_bytes()
    gap = b"gap!" * 10  # enough for a member
    with zipfile.ZipFile(path) as archive:
        start, at = archive.getinfo(f"{INFO}/RECORD").header_offset, archive.start_dir
    end = data.rindex(b"PK\5\6")
    listed = data[at:end].replace(struct.pack("<I", start), struct.pack("<I", start + len(gap)))
    place = struct.pack("<I", at + len(gap))
    path.write_bytes(
        data[:start] + gap + data[start:at] + listed + data[end : end + 16] + place + b"\0\0"
    )
    return path


def _longer_comment(path: pathlib.Path) -> tuple[bytes, bytes]:
    """Return the last entry of the list, and the same with a comment that reaches over the end."""
    data = path.read_bytes()
    entry = data[data.rindex(b"PK\1\2") : data.rindex(b"PK\5\6")]
    return entry, entry[:32] + struct.pack("<H", 4) + entry[34:]


def _raw_record(path: pathlib.Path, text: bytes) -> pathlib.Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in {**PLAIN, f"{INFO}/RECORD": text}.items():
            archive.writestr(name, content)
    return path


REFUSED: Mapping[str, tuple[Callable[[pathlib.Path], pathlib.Path], str]] = {
    **{
        suffix: (
            lambda path, suffix=suffix: write(path, {**PLAIN, f"{INFO}/RECORD.{suffix}": b"x"}),  # type: ignore[misc]
            f"its signature 'RECORD.{suffix}' does not match a changed RECORD",
        )
        for suffix in ("jws", "p7s")
    },
    "present": (
        lambda path: write(path, {**PLAIN, f"{INFO}/new.json": b"x"}),
        "it already has 'new.json'",
    ),
    "no-record": (
        lambda path: _edited(write(path, PLAIN), b"/RECORD", b"/RECORT"),
        f"it has no '{INFO}/RECORD'",
    ),
    "no-text": (
        lambda path: _raw_record(path, b"\xff,,\n"),
        "its RECORD cannot be read ('utf-8' codec can't decode byte 0xff in position 0: invalid "
        "start byte)",
    ),
    "quote": (
        lambda path: _raw_record(path, b'"a"b,,\n'),
        "its RECORD cannot be read (',' expected after '\"')",
    ),
    "gap": (_with_gap, "its list of members and its members differ: 'demo-1.0.dist-info/WHEEL'"),
    "gap-in-stream": (
        lambda path: _with_gap(path, "stream"),
        "its list of members and its members differ: 'demo-1.0.dist-info/WHEEL'",
    ),
    "other-name": (
        lambda path: _edited(write(path, PLAIN), b"demo/__init__", b"demo/__evil__", 1),
        "its list of members and its members differ: 'demo/__init__.py'",
    ),
    "no-member": (
        lambda path: _edited(write(path, PLAIN), b"PK\3\4", b"PK\3\5"),
        f"its member '{INFO}/RECORD' is damaged: Bad magic number for file header",
    ),
    "nul-in-name": (
        lambda path: _edited(write(path, {**PLAIN, "demo/a.txt#b": b""}), b"txt#b", b"txt\0b"),
        "its list of members and its members differ: 'demo/a.txt'",
    ),
    "long-list": (
        lambda path: _edited(write(path, PLAIN), *_longer_comment(write(path, PLAIN))),
        f"its list of members and its members differ: '{INFO}/RECORD'",
    ),
    "in-front": (
        lambda path: _edited(write(path, PLAIN), b"PK\3\4", b"#!/bin/sh\nPK\3\4", 1),
        "its list of members and its members differ",
    ),
    "truncated": (
        lambda path: _edited(write(path, PLAIN), b"PK\5\6", b""),
        "not a zip archive, or truncated (File is not a zip file)",
    ),
    "missing": (lambda path: path, "No such file or directory"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_wheel_is_refused(case: str, tmp_path: pathlib.Path) -> None:
    make, reason = REFUSED[case]
    source, target = make(tmp_path / NAME), tmp_path / "copy.whl"
    target.write_text("old")
    with pytest.raises(WheelError) as caught:
        copy_with_file(source, target, "new.json", CONTENT)
    assert caught.value.reason == reason
    assert target.read_text() == "old"
    assert {path.name for path in tmp_path.iterdir()} <= {"copy.whl", NAME}


def test_a_target_that_cannot_be_written_stays(tmp_path: pathlib.Path) -> None:
    source = write(tmp_path / NAME, PLAIN)
    target = tmp_path / "no" / "copy.whl"
    with pytest.raises(OutputError) as caught:
        copy_with_file(source, target, "new.json", CONTENT)
    assert str(caught.value) == f"{target} cannot be written: No such file or directory"
