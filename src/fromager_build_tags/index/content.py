"""Hashes, sizes and members of the files in an index, and which files are the same.

Source: PyPA specifications "Binary distribution format" and "Recording installed projects".
"""

from __future__ import annotations

import csv
import hashlib
import pathlib
from collections.abc import Mapping
from typing import Final, NamedTuple

from ..wheel.archive import Member, WheelArchive, WheelError
from .listing import Index, IndexFile

_BLOCK: Final = 1 << 20


def local_path(file: IndexFile) -> pathlib.Path | None:
    """Return the path of a file on this machine; None for a URL."""
    return None if "://" in file.location else pathlib.Path(file.location)


def file_sha256(file: IndexFile) -> str:
    """Return the SHA-256 of a file, listed or computed; "" if it is unknown."""
    path = local_path(file)
    if file.sha256 or path is None:
        return file.sha256
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return ""


def file_size(file: IndexFile) -> int | None:
    """Return the size of a file in bytes, listed or read; None if it is unknown."""
    path = local_path(file)
    if file.size is not None or path is None:
        return file.size
    try:
        return path.stat().st_size
    except OSError:
        return None


def file_identity(file: IndexFile) -> object:
    """Return a value that is equal for two names of one file: links on a disk, or equal URLs."""
    path = local_path(file)
    if path is None:
        return file.address
    try:
        found = path.stat()
    except OSError:
        return file.location
    return (found.st_dev, found.st_ino)


class MemberContent(NamedTuple):
    """The content of a wheel's member, without its time: equal for equal members.

    Attributes:
        mode: permissions and kind of file, from the archive.
    """

    mode: int
    sha256: bytes


def read_contents(index: Index, file: IndexFile) -> Mapping[str, MemberContent]:
    """Return the content of each member except ``RECORD``, which follows from the others.

    Raises:
        WheelError: the wheel cannot be read.
    """
    with index.open(file) as archive:
        return {
            member.name: MemberContent(mode=member.info.external_attr >> 16, sha256=_sha256(member))
            for member in archive.members()
            if member.name != archive.record
        }


def _sha256(member: Member) -> bytes:
    digest = hashlib.sha256()
    with member.open() as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.digest()


def recorded_files(archive: WheelArchive) -> set[str]:
    """Return the names that ``RECORD`` lists.

    Raises:
        WheelError: there is no RECORD, or it cannot be read.
    """
    text = archive.dist_info_text("RECORD")
    if text is None:
        raise WheelError(archive.path, f"{archive.record!r} is missing")
    try:
        rows = list(csv.reader(text.decode("utf-8", "replace").splitlines()))
    except csv.Error as err:  # such as a name of 200,000 characters
        raise WheelError(archive.path, f"RECORD cannot be read: {err}") from None
    return {row[0] for row in rows if len(row) > 1}
