"""What is in a wheel of an index, so that two wheels can be compared without their bytes.

Of a wheel behind a URL, ``RECORD`` contains the hash of each file, and the directory of the archive
a checksum, which two equal files share, too.

Source: PyPA specifications "Binary distribution format" and "Recording installed projects".
"""

from __future__ import annotations

import base64
import csv
import hashlib
from collections.abc import Mapping
from typing import Final, NamedTuple

from ..wheel import Member, WheelArchive, WheelError
from . import Index, IndexFile
from .hashing import local_path

_SHA256: Final = "sha256="


class Content(NamedTuple):
    """What makes two members of wheels the same, whatever their time.

    Attributes:
        mode: as the archive says it: rights and kind of file.
        checksum: CRC-32.
        sha256: as ``RECORD`` spells it: base64 without padding.
    """

    mode: int
    checksum: int
    sha256: str


def read_contents(index: Index, file: IndexFile) -> Mapping[str, Content]:
    """Return the content of each member but ``RECORD``, which follows from the others.

    Raises:
        WheelError: the wheel cannot be read, or its RECORD does not tell a file's hash.
    """
    with index.open(file) as archive:
        recorded = None if local_path(file) else recorded_hashes(archive)
        return {
            member.name: Content(
                mode=member.info.external_attr >> 16,
                checksum=member.info.CRC,
                sha256=_digest(member) if recorded is None else _told(recorded, member),
            )
            for member in archive.members()
            if member.name != archive.record
        }


def recorded_hashes(archive: WheelArchive) -> Mapping[str, str]:
    """Return the hash of each file that ``RECORD`` lists, as it is spelled there.

    Raises:
        WheelError: there is none, or it cannot be read.
    """
    text = archive.dist_info_text("RECORD")
    if text is None:
        raise WheelError(archive.path, f"it has no {archive.record!r}")
    try:
        rows = list(csv.reader(text.decode("utf-8", "replace").splitlines()))
    except csv.Error as err:  # such as a name of 200,000 characters
        raise WheelError(archive.path, f"its RECORD cannot be read: {err}") from None
    return {row[0]: row[1] for row in rows if len(row) > 1}


def _told(recorded: Mapping[str, str], member: Member) -> str:
    told = recorded.get(member.name, "")
    if not told.startswith(_SHA256):
        raise WheelError(member.path, f"its RECORD tells no SHA-256 of {member.name!r}")
    return told.removeprefix(_SHA256).rstrip("=")


def _digest(member: Member) -> str:
    digest = hashlib.sha256()
    with member.open() as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return base64.urlsafe_b64encode(digest.digest()).decode().rstrip("=")
