"""Open a wheel file without trusting it."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser
from pathlib import Path, PurePosixPath
from typing import Self

from packaging.metadata import RawMetadata, parse_email

from ..errors import BuildTagError
from .layout import MAGIC
from .tape import Stream

_TEXT_LIMIT = 16 << 20
_LIBRARY = re.compile(r".*\.(so(\.[\w.]+)?|dylib|pyd|dll)")
_NEVER_ELF = re.compile(
    r".*\.(py[icxd]?|pxd|md|rst|txt|sh|h|hh|hpp|hxx|cuh|inl|inc|c|cc|cpp|cu|cmake|json|ya?ml"
    r"|toml|csv|html|css|js|png|svg|pt|npz|npy|a)"
)
# What zipfile raises on an archive that is damaged inside: bad checksum, bad deflate stream,
# an end too early, a compression method it does not know.
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError)


class WheelError(BuildTagError):
    """A wheel that cannot be read: which one, and why."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"cannot read the wheel {str(self.path)!r}: {self.reason}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """A file inside a wheel."""

    path: Path
    archive: zipfile.ZipFile
    info: zipfile.ZipInfo

    @property
    def name(self) -> str:
        """The path inside the wheel, with forward slashes."""
        return self.info.filename

    @property
    def size(self) -> int:
        """Bytes when inflated, as the archive states it; no stream gives more."""
        return self.info.file_size

    @contextmanager
    def open(self) -> Iterator[Stream]:
        """Open the member from its start; raise ``WheelError`` where the archive is damaged."""
        try:
            with self.archive.open(self.info) as stream:
                yield stream
        except _DAMAGE as err:
            raise WheelError(self.path, f"its member {self.name!r} is damaged: {err}") from None


class WheelArchive:
    """A wheel file, open for reading: its ``METADATA``, its ``WHEEL``, its libraries."""

    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self.path = path
        self._archive = archive
        self._members = [
            Member(path=path, archive=archive, info=info)
            for info in archive.infolist()
            if not info.is_dir()
        ]
        self._check_names()
        self._dist_info = self._find_dist_info()

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a wheel; raise ``WheelError`` with the reason where it is none, or unsafe."""
        try:
            archive = zipfile.ZipFile(path)
        except zipfile.BadZipFile as err:
            raise WheelError(path, f"not a zip archive, or truncated ({err})") from None
        except OSError as err:
            raise WheelError(path, err.strerror or str(err)) from None
        except (NotImplementedError, ValueError) as err:
            raise WheelError(path, f"a damaged zip archive ({err})") from None
        try:
            return cls(path, archive)
        except BaseException:
            archive.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._archive.close()

    def metadata(self) -> RawMetadata:
        """Return the fields of ``METADATA`` (core metadata specification)."""
        return parse_email(self._text("METADATA"))[0]

    def wheel_metadata(self) -> Message:
        """Return the fields of ``WHEEL`` (binary distribution format specification)."""
        return BytesParser().parsebytes(self._text("WHEEL"))

    def names(self) -> list[str]:
        """Return the path of every member."""
        return [member.name for member in self._members]

    def libraries(self) -> Iterator[Member]:
        """Yield the members that are ELF files, or are named as if they were a library."""
        return (member for member in self._members if _is_library(member))

    def _check_names(self) -> None:
        for member in self._members:
            if _escapes(member.name):
                raise WheelError(self.path, f"its member {member.name!r} lies outside of it")
            if member.info.flag_bits & 0x1:
                raise WheelError(self.path, f"its member {member.name!r} is encrypted")

    def _find_dist_info(self) -> str:
        found = {member.name.partition("/")[0] for member in self._members}
        folders = sorted(name for name in found if name.endswith(".dist-info"))
        if len(folders) != 1:
            raise WheelError(self.path, f"one dist-info folder expected, found {folders or 'none'}")
        return folders[0]

    def _text(self, file: str) -> bytes:
        name = f"{self._dist_info}/{file}"
        member = next((each for each in self._members if each.name == name), None)
        if member is None:
            raise WheelError(self.path, f"it has no {name!r}")
        if member.size > _TEXT_LIMIT:
            raise WheelError(self.path, f"its {name!r} has {member.size} bytes")
        with member.open() as stream:
            return stream.read(member.size)


def _escapes(name: str) -> bool:
    path = PurePosixPath(name.replace("\\", "/"))
    return path.is_absolute() or ".." in path.parts or name[1:2] == ":"


def _is_library(member: Member) -> bool:
    if _LIBRARY.fullmatch(member.name):
        return True
    if _NEVER_ELF.fullmatch(member.name):
        return False
    with member.open() as stream:
        return stream.read(len(MAGIC)) == MAGIC
