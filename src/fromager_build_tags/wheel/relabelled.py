"""Copy a wheel with one more file in its dist-info folder; all its other bytes stay the same.

The members are copied as they are, compressed, up to RECORD. The new file, the new RECORD and the
list of members are written behind them. The result depends on the wheel and the new file alone: it
has the times and modes of RECORD, and nothing new is compressed.

Source: .ZIP File Format Specification (APPNOTE.TXT) 6.3, sections 4.3 and 4.5.3.
"""

from __future__ import annotations

import base64
import csv
import errno
import hashlib
import io
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from ..files import replacing
from .archive import WheelArchive, WheelError

_LOCAL: Final = struct.Struct("<4s5H3I2H")
_CENTRAL: Final = struct.Struct("<4s6H3I5H2I")
_END: Final = struct.Struct("<4s4H2IH")
_END64: Final = struct.Struct("<4sQ2H2I4Q")
_LOCATOR: Final = struct.Struct("<4sIQI")
_EXTRA: Final = struct.Struct("<2H")
_LOCAL_SIGNATURE, _CENTRAL_SIGNATURE = b"PK\3\4", b"PK\1\2"
#: In place of a number from these limits on, which is in extra field 1, or in the other end record.
_MOST, _MOST_MEMBERS = 0xFFFFFFFF, 0xFFFF
_LIMIT, _MEMBERS_LIMIT = _MOST, _MOST_MEMBERS
_ZIP64, _VERSION, _ZIP64_VERSION = 1, 20, 45
_NO_OFFSET: Final = struct.pack("<I", _MOST)
#: The name of a member is UTF-8; its sizes follow its content.
_UTF8, _SIZES_BEHIND = 0x800, 0x8
#: Bytes of the sizes behind a content: without or with a signature, of 32 or 64 bits.
_BEHIND: Final = {12, 16, 20, 24}
_RECORD: Final = b"RECORD"
_SIGNATURES: Final = ("RECORD.jws", "RECORD.p7s")
_DAMAGED: Final = "its list of members and its members differ"


class _ListedMember(NamedTuple):
    """A member: its entry in the list, and the place of its bytes."""

    raw: bytes
    info: zipfile.ZipInfo
    end: int

    @property
    def start(self) -> int:
        return self.info.header_offset

    @property
    def name(self) -> bytes:
        return self.raw[_CENTRAL.size :][: _CENTRAL.unpack_from(self.raw)[10]]

    @property
    def is_whole(self) -> bool:
        """Whether zipfile has read all of it: it stops at the size that the end states."""
        rest = self.info.extra + self.info.comment
        return self.raw[_CENTRAL.size :] == self.name + rest

    def moved(self, down: int) -> bytes:
        """Return the entry for a place that is so many bytes nearer to the start."""
        raw, new = bytearray(self.raw), self.start - down
        *_, packed, plain, name = _CENTRAL.unpack_from(raw)[:11]
        at = _CENTRAL.size + name
        if self.raw.endswith(_NO_OFFSET, 0, _CENTRAL.size):
            while _EXTRA.unpack_from(raw, at)[0] != _ZIP64:  # zipfile has read it
                at += _EXTRA.size + _EXTRA.unpack_from(raw, at)[1]
            at += _EXTRA.size + 8 * (packed, plain).count(_MOST)
            raw[at : at + 8] = struct.pack("<Q", new)
        else:
            raw[_CENTRAL.size - 4 : _CENTRAL.size] = struct.pack("<I", new)
        return bytes(raw)


def check_copy(source: Path, file: str) -> None:
    """Raise WheelError if :func:`copy_with_file` would, without reading the members."""
    try:
        with source.open("rb") as stream, WheelArchive.open(source, stream) as archive:
            _new_record(archive, file, b"")
            list(_entries(archive, stream))
    except OSError as err:
        raise WheelError(source, err.strerror or str(err)) from None


def copy_with_file(source: Path, target: Path, file: str, content: bytes) -> None:
    """Write *target*: the wheel *source* with *file* in its dist-info folder.

    Raises:
        WheelError: *source* is damaged, signed, without RECORD, or already has the file.
        OutputError: *target* cannot be written; it stays as it is.
    """
    try:
        with source.open("rb") as stream, WheelArchive.open(source, stream) as archive:
            name, record = f"{archive.dist_info}/{file}", _new_record(archive, file, content)
            entries = list(_entries(archive, stream))
            with replacing(target) as output:
                _write(stream, output, entries, {name: content, archive.record: record})
    except OSError as err:
        raise WheelError(source, err.strerror or str(err)) from None


def _new_record(archive: WheelArchive, file: str, content: bytes) -> bytes:
    """Return RECORD with a row for the new file, and the row for itself at the end."""
    present = {member.name for member in archive.members}
    if f"{archive.dist_info}/{file}" in present:
        raise WheelError(archive.path, f"it already has {file!r}")
    for each in _SIGNATURES:
        if f"{archive.dist_info}/{each}" in present:
            reason = f"its signature {each!r} does not match a changed RECORD"
            raise WheelError(archive.path, reason)
    text = archive.dist_info_text("RECORD")
    if text is None:
        raise WheelError(archive.path, f"it has no {archive.record!r}")
    name = f"{archive.dist_info}/{file}"
    try:
        lines = io.StringIO(text.decode("utf-8"), newline="")
        rows = [row for row in csv.reader(lines, strict=True) if row]
    except (csv.Error, UnicodeDecodeError) as err:
        raise WheelError(archive.path, f"its RECORD cannot be read ({err})") from None
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
    rows = [row for row in rows if row[0] not in {name, archive.record}]
    rows += [[name, f"sha256={digest}", str(len(content))], [archive.record, "", ""]]
    written = io.StringIO(newline="")
    csv.writer(written, lineterminator="\n").writerows(rows)
    return written.getvalue().encode()


def _entries(archive: WheelArchive, file: BinaryIO) -> Iterator[_ListedMember]:
    """Yield the members in the order of the list, which has to describe the file without gaps.

    A program that reads a zip from its start would find other members in a gap.

    Raises:
        WheelError: it does not.
    """
    zipped = archive.members[0].archive
    file.seek(zipped.start_dir)
    raws = [_raw_entry(archive, file) for _ in zipped.filelist]
    starts = sorted(info.header_offset for info in zipped.filelist)
    ends = dict(zip(starts, [*starts[1:], zipped.start_dir], strict=True))
    if len(ends) < len(starts) or starts[0] != 0:
        raise WheelError(archive.path, _DAMAGED)
    for raw, info in zip(raws, zipped.filelist, strict=True):
        end = ends[info.header_offset]
        entry = _ListedMember(raw, info, end)
        if not (entry.is_whole and _is_at_its_place(entry, file)):
            raise WheelError(archive.path, f"{_DAMAGED}: {info.filename!r}")
        yield entry


def _raw_entry(archive: WheelArchive, file: BinaryIO) -> bytes:
    head = file.read(_CENTRAL.size)
    if len(head) < _CENTRAL.size or head[:4] != _CENTRAL_SIGNATURE:
        raise WheelError(archive.path, _DAMAGED)
    return head + file.read(sum(_CENTRAL.unpack(head)[10:13]))


def _is_at_its_place(entry: _ListedMember, file: BinaryIO) -> bool:
    """Return whether a member's own header has the name of the list, and its bytes fill the gap."""
    file.seek(entry.start)
    head = file.read(_LOCAL.size)
    if len(head) < _LOCAL.size or head[:4] != _LOCAL_SIGNATURE:
        return False
    name, extra = _LOCAL.unpack(head)[-2:]
    info = entry.info
    rest = entry.end - file.tell() - name - extra - info.compress_size
    fits = rest in _BEHIND if info.flag_bits & _SIZES_BEHIND else rest == 0
    # zipfile cuts a name at a NUL, and takes another one from an extra field
    return fits and file.read(name) == entry.name and info.orig_filename == info.filename


def _write(
    source: BinaryIO, target: BinaryIO, entries: Sequence[_ListedMember], files: Mapping[str, bytes]
) -> None:
    """Write the members without RECORD; then *files*, RECORD being the last; then the list."""
    old = next(entry for entry in entries if entry.info.filename == [*files][-1])
    _copy(source, target, 0, old.start)
    _copy(source, target, old.end, max(entry.end for entry in entries))
    moved = old.end - old.start
    kept = (entry for entry in entries if entry is not old)
    listed = [entry.moved(moved) if entry.start > old.start else entry.raw for entry in kept]
    listed += [_add(target, old, name, content) for name, content in files.items()]
    start = target.tell()
    target.writelines(listed)
    _end_list(target, len(listed), start)


def _copy(source: BinaryIO, target: BinaryIO, start: int, end: int) -> None:
    """Copy bytes inside the kernel, as :func:`shutil.copyfile` does."""
    target.flush()
    while start < end:
        done = os.sendfile(target.fileno(), source.fileno(), start, end - start)
        if not done:
            raise OSError(errno.EIO, "the wheel became shorter")
        start += done
    target.seek(0, os.SEEK_END)


def _add(target: BinaryIO, like: _ListedMember, file: str, content: bytes) -> bytes:
    """Write a member with the time and mode of *like*, stored, and return its entry in the list."""
    _, made, _, flags, _, *when = _CENTRAL.unpack_from(like.raw)[:7]
    mode, offset = like.info.external_attr, target.tell()
    name = like.name[: -len(_RECORD)] + file.rpartition("/")[2].encode()
    extra = struct.pack("<2HQ", _ZIP64, 8, offset) if offset >= _LIMIT else b""
    needed = _ZIP64_VERSION if extra else _VERSION
    size = len(content)
    same = (flags & _UTF8, zipfile.ZIP_STORED, *when, zlib.crc32(content), size, size, len(name))
    target.write(_LOCAL.pack(_LOCAL_SIGNATURE, _VERSION, *same, 0) + name + content)
    rest = (len(extra), 0, 0, 0, mode, _MOST if extra else offset)
    return _CENTRAL.pack(_CENTRAL_SIGNATURE, made, needed, *same, *rest) + name + extra


def _end_list(target: BinaryIO, count: int, start: int) -> None:
    """Write the records behind the list of members."""
    end = target.tell()
    size = end - start
    ends = (count, count, size, start)
    if count >= _MEMBERS_LIMIT or max(size, start) >= _LIMIT:
        record = (_END64.size - 12, _ZIP64_VERSION, _ZIP64_VERSION, 0, 0, *ends)
        target.write(_END64.pack(b"PK\6\6", *record) + _LOCATOR.pack(b"PK\6\7", 0, end, 1))
        ends = (_MOST_MEMBERS, _MOST_MEMBERS, _MOST, _MOST)
    target.write(_END.pack(b"PK\5\6", 0, 0, *ends, 0))
