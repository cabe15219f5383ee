"""Open a wheel file without trusting it."""

from __future__ import annotations

import contextlib
import hashlib
import re
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Final, Self

from packaging.metadata import RawMetadata, parse_email

from ..errors import BuildTagError
from ..http.urls import FetchError, shown_url
from ..text import first_few
from .elf import HEADER_SIZE, MAGIC

if TYPE_CHECKING:
    from ..http.session import Session

#: Bytes that are hashed at a time.
_BLOCK: Final = 1 << 20
# What published wheels have at most: 16,300 members, a METADATA of 230 KB, a WHEEL of 0.3 KB; those
# that unpack to more than 256 MB unpack to six times their size.
_MEMBERS_LIMIT = 100_000
_METADATA_LIMIT = 1 << 20
_WHEEL_LIMIT = 64 << 10
_RECORD_LIMIT = 16 << 20
_BOMB_SIZE, _BOMB_RATIO = 256 << 20, 20
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_LIBRARY = re.compile(r".*\.(so(\.[\w.]+)?|dylib|pyd|dll)")
_NEVER_ELF = re.compile(
    r".*\.(py[icxd]?|pxd|md|rst|txt|sh|h|hh|hpp|hxx|cuh|inl|inc|c|cc|cpp|cu|cmake|json|ya?ml"
    r"|toml|csv|html|css|js|png|svg|pt|npz|npy|a|typed|cfg|ini|in|xml|xsd|tsv|ipynb|jinja2?|j2"
    r"|dat|gz|bz2|xz|zst|zip|mo|po|pot|ttf|otf|woff2?|eot|ico|gif|jpe?g|webp|pdf|map|tsx?|jsx"
    r"|mjs|scss|less|pem|crt|f90|rs|parquet|pkl|safetensors|onnx|proto|patch)"
)
# What zipfile raises on an archive that is damaged inside: bad checksum, bad deflate stream,
# an end too early, a compression method it does not know.
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError)

READ_LIMIT: Final = 16 << 20
"""Bytes. The longest list of members seen in a published wheel has a fifth of that."""


class WheelError(BuildTagError):
    """A wheel that cannot be read: which one, and why."""

    def __init__(self, path: Path | str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"cannot read the wheel {str(self.path)!r}: {self.reason}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """A file inside a wheel."""

    path: Path | str
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

    @contextlib.contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """Open the member from its start; raise ``WheelError`` where the archive is damaged."""
        try:
            with self.archive.open(self.info) as stream:
                yield stream
        except _DAMAGE as err:
            raise WheelError(self.path, f"its member {self.name!r} is damaged: {err}") from None

    def digest(self, algorithm: str) -> bytes:
        """Return the hash of the content, which zipfile checks, too; errors as for ``open``."""
        with self.open() as stream:
            return hashlib.file_digest(stream, algorithm).digest()  # type: ignore[arg-type]


class WheelArchive:
    """A wheel file, open for reading: its ``METADATA``, its ``WHEEL``, its libraries.

    Attributes:
        members: its files, in the order of the archive.
        dist_info: the name of the dist-info folder.
        record: the path of ``RECORD``, whether it is there or not.
    """

    def __init__(self, path: Path | str, archive: zipfile.ZipFile) -> None:
        self.path = path
        self._archive = archive
        self._held = contextlib.ExitStack()
        if (count := len(archive.filelist)) > _MEMBERS_LIMIT:
            raise WheelError(path, f"it has {count:,} members; {_MEMBERS_LIMIT:,} are read")
        self.members = [
            Member(path=path, archive=archive, info=info)
            for info in archive.infolist()
            if not info.is_dir()
        ]
        self._check_members()
        self._check_sizes()
        self.dist_info = self._find_dist_info()
        self.record = f"{self.dist_info}/RECORD"

    @classmethod
    def open(cls, path: Path | str, file: IO[bytes] | None = None) -> Self:
        """Open a wheel; raise ``WheelError`` with the reason where it is none, or unsafe.

        Args:
            path: the file, or what to call it in an error where *file* is given.
            file: what to read instead; it can seek, and is left open.
        """
        with contextlib.ExitStack() as stack:
            try:
                source = stack.enter_context(Path(path).open("rb")) if file is None else file
                archive = stack.enter_context(zipfile.ZipFile(_BoundedFile(source)))
            except zipfile.BadZipFile as err:
                raise WheelError(path, f"not a zip archive, or truncated ({err})") from None
            except OSError as err:
                raise WheelError(path, err.strerror or str(err)) from None
            except (NotImplementedError, ValueError) as err:
                raise WheelError(path, f"a damaged zip archive ({err})") from None
            wheel = cls(path, archive)
            wheel._held = stack.pop_all()
            return wheel

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._held.close()

    def read_sha256(self) -> str:
        """Return the SHA-256 of the file.

        Raises:
            WheelError: it cannot be read.
        """
        file, digest = self._archive.fp, hashlib.sha256()
        if file is None:
            raise WheelError(self.path, "it is closed")
        try:
            file.seek(0)
            while block := file.read(_BLOCK):
                digest.update(block)
        except OSError as err:
            raise WheelError(self.path, err.strerror or str(err)) from None
        return digest.hexdigest()

    def metadata_text(self) -> bytes:
        """Return ``METADATA``."""
        return self._required("METADATA", _METADATA_LIMIT)

    def metadata(self) -> RawMetadata:
        """Return the fields of ``METADATA`` (core metadata specification)."""
        return parse_email(self.metadata_text())[0]

    def wheel_metadata(self) -> Message:
        """Return the fields of ``WHEEL`` (binary distribution format specification)."""
        return BytesParser().parsebytes(self._required("WHEEL", _WHEEL_LIMIT))

    def dist_info_text(self, file: str, limit: int = _RECORD_LIMIT) -> bytes | None:
        """Return a file of the dist-info folder; None where there is none.

        Raises:
            WheelError: it has more bytes than *limit*.
        """
        name = f"{self.dist_info}/{file}"
        member = next((each for each in self.members if each.name == name), None)
        if member is None:
            return None
        if member.size > limit:
            raise WheelError(self.path, f"its {name!r} has {member.size} bytes; {limit} are read")
        with member.open() as stream:
            return stream.read(member.size)

    def libraries(self) -> Iterator[Member]:
        """Yield the members that are ELF files, or are named like a library."""
        inside = f"{self.dist_info}/"
        members = (each for each in self.members if not each.name.startswith(inside))
        return filter(_is_library, members)

    def _check_members(self) -> None:
        seen: set[str] = set()
        for member in self.members:
            if reason := _complaint(member):
                raise WheelError(self.path, f"its member {member.name!r} {reason}")
            if member.name in seen:
                raise WheelError(self.path, f"it has two members {member.name!r}")
            seen.add(member.name)

    def _check_sizes(self) -> None:
        """Refuse members that overlap, and more bytes than any library is compressed to."""
        file = self._archive.fp
        assert file is not None
        size = file.seek(0, 2)
        packed = sum(member.info.compress_size for member in self.members)
        if packed > size:
            raise WheelError(
                self.path, f"its members claim {packed} bytes of {size}, so they overlap"
            )
        unpacked = sum(member.size for member in self.members)
        if unpacked > _BOMB_SIZE and unpacked > _BOMB_RATIO * size:
            raise WheelError(self.path, f"a zip bomb: {unpacked} bytes in {size}")

    def _find_dist_info(self) -> str:
        found = {member.name.partition("/")[0] for member in self.members}
        folders = sorted(name for name in found if name.endswith(".dist-info"))
        if len(folders) != 1:
            some = first_few(map(repr, folders)) or "none"
            raise WheelError(self.path, f"one dist-info folder expected, found {some}")
        return folders[0]

    def _required(self, file: str, limit: int) -> bytes:
        text = self.dist_info_text(file, limit)
        if text is None:
            raise WheelError(self.path, f"it has no {f'{self.dist_info}/{file}'!r}")
        return text


@contextlib.contextmanager
def open_url(url: str, session: Session) -> Iterator[WheelArchive]:
    """Download a wheel to a temporary file, and open it.

    All of it is downloaded: a compressed library can only be read from its start, and the
    libraries are 80 to 100 % of the wheels that have any.

    Raises:
        WheelError: it cannot be downloaded, or is no wheel.
    """
    shown = shown_url(url)
    with contextlib.ExitStack() as stack:
        try:
            file = stack.enter_context(tempfile.TemporaryFile(prefix="build-tags-"))
            session.download(url, file)
        except FetchError as err:
            raise WheelError(shown, err.reason) from None
        except OSError as err:
            raise WheelError(shown, f"it cannot be stored ({err.strerror})") from None
        yield stack.enter_context(WheelArchive.open(shown, file))


def _complaint(member: Member) -> str | None:
    path = PurePosixPath(member.name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or member.name[1:2] == ":":
        return "lies outside of it"
    if member.info.flag_bits & 0x1:
        return "is encrypted"
    if member.info.compress_type not in _METHODS:
        # bz2 and lzma may ask for gigabytes of memory, and wheels do not use them
        return f"is compressed by method {member.info.compress_type}, not deflate"
    return None


def _is_library(member: Member) -> bool:
    if _LIBRARY.fullmatch(member.name):
        return True
    if member.size < HEADER_SIZE or _NEVER_ELF.fullmatch(member.name):
        return False
    with member.open() as stream:
        return stream.read(len(MAGIC)) == MAGIC


class _BoundedFile:
    """A file as ``zipfile`` wants it, which reads all of the list of members at once.

    It makes an object of each member before they can be counted, so the bytes are counted.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes; raise ``ValueError`` where they are too many."""
        if size > READ_LIMIT:
            raise ValueError(f"its list of members has {size} bytes; {READ_LIMIT} are read")
        return self._file.read(size)
