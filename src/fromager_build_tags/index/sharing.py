"""Which wheels are the same in several indexes, and in which file the others differ."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from packaging.tags import Tag
from packaging.utils import NormalizedName
from packaging.version import Version

from ..http.prefetch import prefetch
from ..tag.filename import WheelName
from ..tag.segment import Order
from ..tag.vocabulary import segment_texts
from ..wheel import WheelError
from . import Broken, Index, IndexFile, Listed
from .auditing import side_by_side
from .content_hashes import Content, read_contents
from .hashing import file_identity, file_sha256, file_size, local_path
from .status import sort_files


@dataclass(frozen=True, kw_only=True, slots=True)
class Shared:
    """A wheel that is the same in several indexes; names of one file are no copies of it.

    Attributes:
        keep: the one that stays.
        indexes: the numbers of the indexes that have it.
        link: the others with the same hash: a link can stand in for them, and nobody notices.
        replace: the others that hold the same, with another hash: timestamps, order of members.
        copies: how many of the wheels need not have been built.
        saved: bytes that the copies take, as far as they are known.
    """

    keep: IndexFile
    indexes: Sequence[int]
    link: Sequence[IndexFile]
    replace: Sequence[IndexFile]
    copies: int
    saved: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """In what two wheels differ.

    Attributes:
        between: the numbers of their indexes.
        member: of the wheels.
        only_in: the number of the index whose wheel alone has it; None if both have it.
    """

    between: tuple[int, int]
    member: str
    only_in: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Unshared:
    """Wheels of one version that tell no accelerator and no Torch, and yet are not the same.

    Attributes:
        wheels: by the index's number.
    """

    project: NormalizedName
    version: Version
    wheels: Mapping[int, Sequence[IndexFile]]
    reason: str
    differences: Sequence[Difference] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Bound:
    """How many wheels of a project depend on the accelerator or Torch, and stay where they are."""

    project: NormalizedName
    wheels: int


type Outcome = Shared | Unshared | Bound | Broken
#: How many wheels are read at once.
_READERS: Final = 8

type _Files = list[tuple[int, IndexFile, WheelName]]


def share(indexes: Sequence[Index]) -> Iterator[tuple[int, Sequence[Outcome]]]:
    """Yield of each project in how many indexes it is, and what is shared, could or cannot be."""
    projects = side_by_side(indexes, lambda _, listed: listed)
    return prefetch(functools.partial(_share, indexes), projects, threads=_READERS)


def _share(
    indexes: Sequence[Index], each: tuple[NormalizedName, Mapping[int, Listed]]
) -> tuple[int, Sequence[Outcome]]:
    project, by_index = each
    outcomes: list[Outcome] = []
    free: dict[tuple[Version, frozenset[Tag]], _Files] = {}
    bound = 0
    for number, listed in by_index.items():
        if listed.broken is not None:
            outcomes.append(listed.broken)
        for file, name in _wheels(listed):
            if segment_texts(name.suffix).keys() & {Order.ACCELERATOR, Order.TORCH}:
                bound += 1
            else:
                free.setdefault((name.version, name.tags), []).append((number, file, name))
    if bound:
        outcomes.append(Bound(project=project, wheels=bound))
    for (version, _), files in free.items():
        outcomes += _compare(project, version, files, indexes)
    return len(by_index), outcomes


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
    common = [same for same in by_name.values() if _numbers(same) == everywhere]
    for same in by_name.values():
        if len(_numbers(same)) > 1:
            yield from _by_content(project, version, same, indexes)
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
    tags = sorted({str(name.build_tag) for _, _, name in files})
    return f"not the same {what}: {', '.join(tag or 'none' for tag in tags)}"


def _by_content(
    project: NormalizedName, version: Version, files: _Files, indexes: Sequence[Index]
) -> Iterator[Outcome]:
    """Compare files of one name: by bytes, and where those differ, by content."""
    unshared = functools.partial(
        Unshared, project=project, version=version, wheels=_by_index(files)
    )
    groups = _same_bytes(files)
    if len(groups) == 1:
        yield _shared(groups)
        return
    alike: list[tuple[Mapping[str, Content], list[_Files]]] = []
    for group in groups:
        try:
            content = read_contents(indexes[group[0][0]], group[0][1])
        except WheelError as err:
            yield unshared(reason=f"cannot be compared: {err.path}: {err.reason}")
            alike.append(({}, [group]))
            continue
        same = next((each for known, each in alike if known and known == content), None)
        if same is None:
            alike.append((content, [group]))
        else:
            same.append(group)
    for _, same in alike:
        if len(_numbers(itertools.chain.from_iterable(same))) > 1:
            yield _shared(same)
    differences = _all_differences([(known, same[0][0][0]) for known, same in alike if known])
    if differences:
        reason = f"different content in {differences[0].member}"
        yield unshared(reason=reason, differences=differences)


def _same_bytes(files: _Files) -> list[_Files]:
    """Group files that are equal to the last byte."""
    groups: list[_Files] = []
    for each in files:
        for group in groups:
            if _are_same(group[0][1], each[1]):
                group.append(each)
                break
        else:
            groups.append([each])
    return groups


def _shared(groups: Sequence[_Files]) -> Shared:
    """Return what to do with groups of equal files that hold the same."""
    keep = groups[0][0][1]
    sizes = {file_identity(keep): 0}  # what is another name of it takes no room
    link: list[IndexFile] = []
    replace: list[IndexFile] = []
    for group in groups:
        size = next(filter(None, (file_size(file) for _, file, _ in group)), 0)
        for _, file, _ in group:
            if (identity := file_identity(file)) != file_identity(keep):
                (link if group is groups[0] else replace).append(file)
                sizes[identity] = size
    return Shared(
        keep=keep,
        indexes=sorted(_numbers(itertools.chain.from_iterable(groups))),
        link=link,
        replace=replace,
        copies=len(sizes) - 1,
        saved=sum(sizes.values()),
    )


def _numbers(files: Iterable[tuple[int, IndexFile, WheelName]]) -> set[int]:
    return {number for number, _, _ in files}


def _by_index(files: _Files) -> dict[int, list[IndexFile]]:
    wheels: dict[int, list[IndexFile]] = {}
    for number, file, _ in files:
        wheels.setdefault(number, []).append(file)
    return wheels


def _are_same(one: IndexFile, other: IndexFile) -> bool:
    if file_identity(one) == file_identity(other):
        return True
    if local_path(one) and local_path(other) and file_size(one) != file_size(other):
        return False
    sha256 = file_sha256(one)
    return bool(sha256) and sha256 == file_sha256(other)


def _all_differences(
    contents: Sequence[tuple[Mapping[str, Content], int]],
) -> Sequence[Difference]:
    """Return in what wheels, with the numbers of their indexes, differ from the first of them."""
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
