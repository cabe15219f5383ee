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
from ..tag.segment import Order
from ..wheel.archive import WheelError
from .auditing import side_by_side
from .content import (
    MemberContent,
    file_identity,
    file_sha256,
    file_size,
    local_path,
    read_contents,
)
from .listing import Index, IndexFile, ListedProject, Unreadable
from .status import IndexWheel, group_files

#: Wheels that are read at the same time.
_READERS: Final = 8


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
class Difference:
    """A difference of two wheels.

    Attributes:
        between: the numbers of their indexes.
        member: the member of the wheels that differs.
        only_in: the number of the index whose wheel alone has it; None if both have it.
    """

    between: tuple[int, int]
    member: str
    only_in: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class UnsharedWheels:
    """Wheels of one version that could be the same in all indexes, and are not.

    Attributes:
        wheels: by the index's number.
    """

    project: NormalizedName
    version: Version
    wheels: Mapping[int, Sequence[IndexFile]]
    reason: str
    differences: Sequence[Difference] = ()


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

    @property
    def file(self) -> IndexFile:
        """The file of the wheel."""
        return self.wheel.file


def compare_indexes(indexes: Sequence[Index]) -> Iterator[ComparedProject]:
    """Yield every project, with its shared and unshared wheels."""
    projects = side_by_side(indexes, lambda _, listed: listed)
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
            if wheel.build_tag.by_order.keys() & {Order.ACCELERATOR, Order.TORCH}:
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
    everywhere = set(range(len(indexes)))
    by_name: dict[str, list[_Found]] = {}
    for each in found:
        by_name.setdefault(each.file.filename, []).append(each)
    common = [same for same in by_name.values() if _numbers(same) == everywhere]
    for same in by_name.values():
        if len(_numbers(same)) > 1:
            yield from _compare_content(same, indexes)
    if not common:
        yield _unshared(found, _name_difference(found, [str(index.place) for index in indexes]))


def _unshared(
    found: Sequence[_Found], reason: str, differences: Sequence[Difference] = ()
) -> UnsharedWheels:
    wheels: dict[int, list[IndexFile]] = {}
    for each in found:
        wheels.setdefault(each.number, []).append(each.file)
    name = found[0].wheel.name
    return UnsharedWheels(
        project=name.name,
        version=name.version,
        wheels=wheels,
        reason=reason,
        differences=differences,
    )


def _name_difference(found: Sequence[_Found], places: Sequence[str]) -> str:
    """Return why no file name is in every index."""
    have = _numbers(found)
    lacking = [place for number, place in enumerate(places) if number not in have]
    if lacking:
        return f"not in {', '.join(lacking)}"
    tags = {each.wheel.build_tag for each in found}
    what = "build tags"
    if len({tag.suffix for tag in tags}) == 1:
        what = "build numbers"
    elif len({tag.number for tag in tags}) == 1:
        what = "suffixes"
    return f"different {what}: {', '.join(sorted(str(tag) or 'none' for tag in tags))}"


def _compare_content(
    found: Sequence[_Found], indexes: Sequence[Index]
) -> Iterator[SharedWheel | UnsharedWheels]:
    """Compare files of one name: by bytes, and where those differ, by content."""
    groups = _group_by_bytes(found)
    if len(groups) == 1:
        yield _shared(groups)
        return
    by_content: list[tuple[Mapping[str, MemberContent], list[list[_Found]]]] = []
    for group in groups:
        try:
            content = read_contents(indexes[group[0].number], group[0].file)
        except WheelError as err:
            yield _unshared(found, f"cannot be compared: {err.path}: {err.reason}")
            by_content.append(({}, [group]))
            continue
        same = next((each for known, each in by_content if known and known == content), None)
        if same is None:
            by_content.append((content, [group]))
        else:
            same.append(group)
    for _, same in by_content:
        if len(_numbers(itertools.chain.from_iterable(same))) > 1:
            yield _shared(same)
    differences = _differences([(known, same[0][0].number) for known, same in by_content if known])
    if differences:
        yield _unshared(found, f"different content in {differences[0].member}", differences)


def _group_by_bytes(found: Iterable[_Found]) -> list[list[_Found]]:
    groups: list[list[_Found]] = []
    for each in found:
        for group in groups:
            if _are_same(group[0].file, each.file):
                group.append(each)
                break
        else:
            groups.append([each])
    return groups


def _shared(groups: Sequence[Sequence[_Found]]) -> SharedWheel:
    """Return a shared wheel, from groups of files: those of a group have the same bytes."""
    keep = groups[0][0].file
    sizes = {file_identity(keep): 0}  # another name of the kept file takes no space
    link: list[IndexFile] = []
    replace: list[IndexFile] = []
    for group in groups:
        size = next(filter(None, (file_size(each.file) for each in group)), 0)
        for each in group:
            if (identity := file_identity(each.file)) != file_identity(keep):
                (link if group is groups[0] else replace).append(each.file)
                sizes[identity] = size
    return SharedWheel(
        keep=keep,
        indexes=sorted(_numbers(itertools.chain.from_iterable(groups))),
        link=link,
        replace=replace,
        copies=len(sizes) - 1,
        saved=sum(sizes.values()),
    )


def _numbers(found: Iterable[_Found]) -> set[int]:
    return {each.number for each in found}


def _are_same(one: IndexFile, other: IndexFile) -> bool:
    if file_identity(one) == file_identity(other):
        return True
    if local_path(one) and local_path(other) and file_size(one) != file_size(other):
        return False
    sha256 = file_sha256(one)
    return bool(sha256) and sha256 == file_sha256(other)


def _differences(
    contents: Sequence[tuple[Mapping[str, MemberContent], int]],
) -> Sequence[Difference]:
    """Return the differences of each wheel from the first; each has the number of its index."""
    if not contents:
        return []
    (first, number), *others = contents
    return [
        Difference(
            between=(number, there),
            member=name,
            only_in=there if name not in first else number if name not in other else None,
        )
        for other, there in others
        for name in sorted(first.keys() | other.keys())
        if first.get(name) != other.get(name)
    ]
