"""Which wheels are the same in several indexes, and in which file the others differ."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from packaging.tags import Tag
from packaging.utils import NormalizedName
from packaging.version import Version

from .ahead import ahead
from .audit import side_by_side
from .contents import Content, read_contents
from .hashing import file_sha256, file_size, local_path
from .index import Broken, Index, IndexFile, Listed
from .segment import Order
from .standing import sort_files
from .view import told
from .wheel import WheelError
from .wheelname import WheelName


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
#: How many wheels are read at once.
_READERS: Final = 8

type _Files = list[tuple[int, IndexFile, WheelName]]


def share(indexes: Sequence[Index]) -> Iterator[Outcome]:
    """Yield, project by project, what is shared, what could be, and what cannot be."""
    projects = side_by_side(indexes, lambda _, listed: listed)
    for outcomes in ahead(functools.partial(_share, indexes), projects, threads=_READERS):
        yield from outcomes


def _share(
    indexes: Sequence[Index], each: tuple[NormalizedName, Mapping[int, Listed]]
) -> Sequence[Outcome]:
    project, by_index = each
    outcomes: list[Outcome] = []
    free: dict[tuple[Version, frozenset[Tag]], _Files] = {}
    bound = 0
    for number, listed in by_index.items():
        if listed.broken is not None:
            outcomes.append(listed.broken)
        for file, name in _wheels(listed):
            if told(name.suffix).keys() & {Order.ACCELERATOR, Order.TORCH}:
                bound += 1
            else:
                free.setdefault((name.version, name.tags), []).append((number, file, name))
    if bound:
        outcomes.append(Bound(project=project, wheels=bound))
    for (version, _), files in free.items():
        outcomes += _compare(project, version, files, indexes)
    return outcomes


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
        yield _by_content(project, version, same, indexes)
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


def _by_content(
    project: NormalizedName, version: Version, files: _Files, indexes: Sequence[Index]
) -> Outcome:
    unshared = functools.partial(
        Unshared, project=project, version=version, wheels=_by_index(files)
    )
    read = functools.cache(lambda at: read_contents(indexes[files[at][0]], files[at][1]))
    (_, first, _), *others = files
    link: list[IndexFile] = []
    delete: list[IndexFile] = []
    for at, (_, other, _) in enumerate(others, 1):
        if _same_bytes(first, other):
            link.append(other)
            continue
        try:
            differences = _differences(read(0), read(at))
        except WheelError as err:
            return unshared(reason=f"cannot be compared: {err.path}: {err.reason}")
        if differences:
            reason = f"different content in {differences[0][0]}"
            return unshared(reason=reason, differences=differences)
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


def _differences(
    one: Mapping[str, Content], other: Mapping[str, Content]
) -> Sequence[tuple[str, str]]:
    """Return in what two wheels are not the same, but for time and RECORD."""
    return [
        (name, _what(one.get(name), other.get(name)))
        for name in sorted(one.keys() | other.keys())
        if one.get(name) != other.get(name)
    ]


def _what(one: object, other: object) -> str:
    if one is None or other is None:
        return "is in one of them only"
    return "differs"
