"""Which wheels are the same in several indexes, and in which file the others differ."""

from __future__ import annotations

import hashlib
import itertools
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from packaging.tags import Tag
from packaging.utils import NormalizedName
from packaging.version import Version

from .audit import side_by_side
from .hashing import file_sha256, file_size, local_path
from .index import Broken, Index, IndexFile, Listed
from .segment import Order
from .standing import sort_files
from .view import told
from .wheelname import WheelName

#: What zipfile raises on an archive that is damaged inside.
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError)


@dataclass(frozen=True, kw_only=True, slots=True)
class Shared:
    """A wheel that is the same in every index.

    Attributes:
        keep: the one that stays.
        link: the others with the same hash: a link can stand in for them, and nobody notices.
        delete: the others that hold the same, with another hash: timestamps, order of members.
    """

    keep: IndexFile
    link: Sequence[IndexFile]
    delete: Sequence[IndexFile]

    @property
    def copies(self) -> int:
        """How many of the wheels need not have been built."""
        return len(self.link) + len(self.delete)

    @property
    def saved(self) -> int:
        """Bytes that the copies take, as far as they are known."""
        return sum(file_size(each) or 0 for each in (*self.link, *self.delete))


@dataclass(frozen=True, kw_only=True, slots=True)
class Unshared:
    """Wheels of one version that tell no accelerator and no Torch, and yet are not the same.

    Attributes:
        wheels: by the index's number.
        differences: ``(member of the wheel, what is the matter with it)``.
    """

    project: NormalizedName
    version: Version
    wheels: Mapping[int, Sequence[IndexFile]]
    reason: str
    differences: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Bound:
    """How many wheels of a project depend on the accelerator or Torch, and stay where they are."""

    project: NormalizedName
    wheels: int


type Outcome = Shared | Unshared | Bound | Broken
type _Files = list[tuple[int, IndexFile, WheelName]]


def share(indexes: Sequence[Index]) -> Iterator[Outcome]:
    """Yield, project by project, what is shared, what could be, and what cannot be."""
    for project, by_index in side_by_side(indexes, lambda _, listed: listed):
        free: dict[tuple[Version, frozenset[Tag]], _Files] = {}
        bound = 0
        for number, listed in by_index.items():
            if listed.broken is not None:
                yield listed.broken
            for file, name in _wheels(listed):
                if told(name.suffix).keys() & {Order.ACCELERATOR, Order.TORCH}:
                    bound += 1
                else:
                    free.setdefault((name.version, name.tags), []).append((number, file, name))
        if bound:
            yield Bound(project=project, wheels=bound)
        for (version, _), files in free.items():
            yield from _compare(project, version, files, indexes)


def _wheels(listed: Listed) -> list[tuple[IndexFile, WheelName]]:
    return list(itertools.chain.from_iterable(sort_files(listed.files).wheels.values()))


def _compare(
    project: NormalizedName, version: Version, files: _Files, indexes: Sequence[Index]
) -> Iterator[Outcome]:
    """Compare the wheels with the same version and tags: by name, then by content."""
    everywhere = set(range(len(indexes)))
    by_name: dict[str, _Files] = {}
    for each in files:
        by_name.setdefault(each[1].filename, []).append(each)
    common = [same for same in by_name.values() if {number for number, _, _ in same} == everywhere]
    for same in common:
        yield _by_content(project, version, same)
    rest = [each for same in by_name.values() if same not in common for each in same]
    if rest and not common:
        reason = _not_common(rest, [str(index.place) for index in indexes])
        wheels = _by_index(rest)
        yield Unshared(project=project, version=version, wheels=wheels, reason=reason)


def _not_common(files: _Files, places: Sequence[str]) -> str:
    """Return why no one name is in every index."""
    have = {number for number, _, _ in files}
    lacking = [place for number, place in enumerate(places) if number not in have]
    if lacking:
        return f"not in {', '.join(lacking)}"
    numbers = {name.number for _, _, name in files}
    suffixes = {name.suffix for _, _, name in files}
    what = "build number" if len(suffixes) == 1 else "suffix"
    what = "build tag" if len(numbers) > 1 and len(suffixes) > 1 else what
    tags = sorted({f"{'' if n.number is None else n.number}{n.suffix}" for _, _, n in files})
    return f"not the same {what}: {', '.join(tag or 'none' for tag in tags)}"


def _by_content(project: NormalizedName, version: Version, files: _Files) -> Outcome:
    first, *others = [file for _, file, _ in files]
    link: list[IndexFile] = []
    delete: list[IndexFile] = []
    for other in others:
        if _same_bytes(first, other):
            link.append(other)
            continue
        verdict = _differences(first, other)
        if verdict:
            reason, differences = verdict
            return Unshared(
                project=project,
                version=version,
                wheels=_by_index(files),
                reason=reason,
                differences=differences,
            )
        delete.append(other)
    return Shared(keep=first, link=link, delete=delete)


def _by_index(files: _Files) -> dict[int, list[IndexFile]]:
    wheels: dict[int, list[IndexFile]] = {}
    for number, file, _ in files:
        wheels.setdefault(number, []).append(file)
    return wheels


def _same_bytes(one: IndexFile, other: IndexFile) -> bool:
    if local_path(one) and local_path(other) and file_size(one) != file_size(other):
        return False
    sha256 = file_sha256(one)
    return bool(sha256) and sha256 == file_sha256(other)


def _differences(one: IndexFile, other: IndexFile) -> tuple[str, Sequence[tuple[str, str]]] | None:
    """Return why two wheels are not the same; None if they are, but for time and RECORD."""
    try:
        members, others = _members(one), _members(other)
    except _Unreadable as err:
        return f"cannot be compared: {err}", ()
    found = [
        (name, _what(members.get(name), others.get(name)))
        for name in sorted(members.keys() | others.keys())
        if members.get(name) != others.get(name)
    ]
    return (f"different content in {found[0][0]}", found) if found else None


def _what(one: object, other: object) -> str:
    if one is None or other is None:
        return "is in one of them only"
    return "differs"


class _Unreadable(Exception):  # noqa: N818 - it ends in what it is
    """The content of a wheel cannot be had."""


def _members(file: IndexFile) -> dict[str, tuple[int, str]]:
    """Return mode and hash of each member but RECORD, which follows from the others.

    Raises:
        _Unreadable: the file is not on this machine, or is no wheel.
    """
    path = local_path(file)
    if path is None:
        raise _Unreadable(f"{file.location} is not on this machine")
    try:
        with zipfile.ZipFile(path) as archive:
            return {
                info.filename: (info.external_attr >> 16, _digest(archive, info))
                for info in archive.infolist()
                if not info.filename.endswith(".dist-info/RECORD")
            }
    except _DAMAGE:
        raise _Unreadable(f"{file.location} is no whole wheel") from None


def _digest(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> str:
    with archive.open(info) as stream:
        digest = hashlib.sha256()
        while block := stream.read(1 << 20):
            digest.update(block)
        return digest.hexdigest()
