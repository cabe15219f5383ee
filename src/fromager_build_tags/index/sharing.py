"""Find the wheels that are the same in several indexes, and the differences of the others."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from packaging.tags import Tag
from packaging.utils import NormalizedName
from packaging.version import Version

from ..http.prefetch import prefetch
from ..text import first_few
from ..wheel.archive import WheelError
from . import Index
from .auditing import side_by_side
from .expected import SENSITIVE
from .listing import IndexFile, ListedProject, Unreadable
from .status import IndexWheel, group_files

#: Wheels that are read at the same time.
_READERS: Final = 8
#: Members that a reason lists for each pair of wheels.
_MOST: Final = 3

#: Name, mode and SHA-256 of each member of a wheel but RECORD, which follows from the others.
type _Content = frozenset[tuple[str, int, bytes]]


@dataclass(frozen=True, kw_only=True, slots=True)
class SharedWheel:
    """A wheel that is the same in several indexes; names of one file do not count as copies.

    Attributes:
        keep: the file to keep.
        indexes: the numbers of the indexes that have it.
        link: the copies with the same hash; a link can replace them.
        replace: the copies with the same content and another hash: other timestamps, or another
            order of members.
        copies: the number of builds that were unnecessary.
        saved: the known bytes of the copies.
    """

    keep: IndexFile
    indexes: Sequence[int]
    link: Sequence[IndexFile]
    replace: Sequence[IndexFile]
    copies: int
    saved: int


@dataclass(frozen=True, kw_only=True, slots=True)
class UnsharedWheels:
    """Wheels of one version that could be the same in all indexes, and why they are not."""

    project: NormalizedName
    version: Version
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ComparedProject:
    """The wheels of a project in all indexes.

    Attributes:
        indexes: the number of indexes that have the project.
        dependent: the number of wheels that depend on the accelerator or Torch.
    """

    indexes: int
    shared: Sequence[SharedWheel]
    unshared: Sequence[UnsharedWheels]
    dependent: int
    unreadable: Sequence[Unreadable]


class _Found(NamedTuple):
    """A wheel, with the number of its index."""

    number: int
    wheel: IndexWheel


def compare_indexes(indexes: Sequence[Index]) -> Iterator[ComparedProject]:
    """Yield every project, with its shared and unshared wheels."""
    projects = side_by_side(indexes)
    return prefetch(functools.partial(_compare, indexes), projects, threads=_READERS)


def _compare(
    indexes: Sequence[Index], each: tuple[NormalizedName, Mapping[int, ListedProject]]
) -> ComparedProject:
    _, by_index = each
    independent: dict[tuple[Version, frozenset[Tag]], list[_Found]] = {}
    dependent = 0
    for number, listed in by_index.items():
        wheels = group_files(listed.files).wheels.values()
        for wheel in itertools.chain.from_iterable(wheels):
            if wheel.build_tag.by_order.keys() & SENSITIVE:
                dependent += 1
            else:
                same = independent.setdefault((wheel.name.version, wheel.name.tags), [])
                same.append(_Found(number, wheel))
    results = [each for found in independent.values() for each in _compare_version(found, indexes)]
    return ComparedProject(
        indexes=len(by_index),
        shared=[each for each in results if isinstance(each, SharedWheel)],
        unshared=[each for each in results if isinstance(each, UnsharedWheels)],
        dependent=dependent,
        unreadable=[each.unreadable for each in by_index.values() if each.unreadable],
    )


def _compare_version(
    found: Sequence[_Found], indexes: Sequence[Index]
) -> Iterator[SharedWheel | UnsharedWheels]:
    """Compare the wheels of one version for the same platforms: by name, then by content."""
    by_name: dict[str, list[_Found]] = {}
    for each in found:
        by_name.setdefault(each.wheel.file.filename, []).append(each)
    for same in by_name.values():
        if len(_numbers(same)) > 1:
            yield from _compare_content(same, indexes)
    if all(len(_numbers(same)) < len(indexes) for same in by_name.values()):
        yield _unshared(found, _name_difference(found, indexes))


def _unshared(found: Sequence[_Found], reason: str) -> UnsharedWheels:
    name = found[0].wheel.name
    return UnsharedWheels(project=name.name, version=name.version, reason=reason)


def _name_difference(found: Sequence[_Found], indexes: Sequence[Index]) -> str:
    """Return why no file name is in every index."""
    have = _numbers(found)
    if lacking := [str(index.place) for n, index in enumerate(indexes) if n not in have]:
        return f"not in {', '.join(lacking)}"
    tags = {str(each.wheel.build_tag) or "none" for each in found}
    return f"different build tags: {', '.join(sorted(tags))}"


def _compare_content(
    found: Sequence[_Found], indexes: Sequence[Index]
) -> Iterator[SharedWheel | UnsharedWheels]:
    """Compare files of one name: by hash, and where those differ or are unknown, by content."""
    by_hash: dict[str, list[_Found]] = {}
    for each in found:
        by_hash.setdefault(each.wheel.file.read_sha256() or each.wheel.file.address, []).append(
            each
        )
    by_content: dict[_Content | str, dict[str, list[_Found]]] = {}
    for sha256, group in by_hash.items():
        content: _Content | str = ""
        known = sha256
        if len(by_hash) > 1:
            content, known = _read(indexes[group[0].number], group[0].wheel.file, sha256)
        by_content.setdefault(content, {}).setdefault(known, []).extend(group)
    same = [(content, [*groups.values()]) for content, groups in by_content.items()]
    for _, groups in same:
        if len(_numbers(itertools.chain.from_iterable(groups))) > 1:
            yield _shared(groups)
    if len(by_content) > 1:
        contents = [(str(indexes[groups[0][0].number].place), content) for content, groups in same]
        yield _unshared(found, _content_difference(contents))


def _content_difference(contents: Iterable[tuple[str, _Content | str]]) -> str:
    """Return the members in which wheels differ from the first; and why others are unreadable."""
    reasons = [content for _, content in contents if isinstance(content, str)]
    readable = [
        (place, {name: (mode, digest) for name, mode, digest in content})
        for place, content in contents
        if not isinstance(content, str)
    ]
    for second, content in readable[1:]:
        first, known = readable[0]
        members = [
            f"{name} differs"
            if name in known and name in content
            else f"{name} is in {first if name in known else second} only"
            for name in sorted(known.keys() | content.keys())
            if known.get(name) != content.get(name)
        ]
        text = first_few(members, _MOST, separator="; ")
        reasons.append(f"{first} and {second}: {text}")
    return "; ".join(reasons)


def _shared(groups: Sequence[Sequence[_Found]]) -> SharedWheel:
    """Return a shared wheel, from groups of files: those of a group have the same hash."""
    keep = groups[0][0].wheel.file
    sizes: dict[object, int] = {}
    link: list[IndexFile] = []
    replace: list[IndexFile] = []
    for group in groups:
        size = next(filter(None, (each.wheel.file.read_size() for each in group)), 0)
        for each in group:
            # another name of the kept file takes no space
            if (identity := _identity(each.wheel.file)) != _identity(keep):
                (link if group is groups[0] else replace).append(each.wheel.file)
                sizes[identity] = size
    return SharedWheel(
        keep=keep,
        indexes=sorted(_numbers(itertools.chain.from_iterable(groups))),
        link=link,
        replace=replace,
        copies=len(sizes),
        saved=sum(sizes.values()),
    )


def _numbers(found: Iterable[_Found]) -> set[int]:
    return {each.number for each in found}


def _identity(file: IndexFile) -> object:
    """Return a value that is equal for two names of one file: links on a disk, or equal URLs."""
    if file.path is None or not file.path.exists():
        return file.address
    found = file.path.stat()
    return found.st_dev, found.st_ino


def _read(index: Index, file: IndexFile, sha256: str) -> tuple[_Content | str, str]:
    """Return the content of a wheel, without times, and its hash.

    If it cannot be read, return the reason and *sha256*, which can be a URL.
    """
    try:
        with index.open(file) as archive:
            content = frozenset(
                (member.name, member.info.external_attr >> 16, member.digest("sha256"))
                for member in archive.members
                if member.name != archive.record
            )
            return content, file.read_sha256() or archive.read_sha256()
    except WheelError as err:
        return f"cannot be compared: {err.path}: {err.reason}", sha256
