"""With which releases of Torch the wheels of indexes load: a row for each wheel that imports Torch.

A missing symbol proves that a wheel cannot load; the reverse is no proof.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from packaging.version import Version

from ..http.prefetch import READERS, prefetch
from ..tag.filename import WheelName
from ..tag.platform import parse_linux
from ..wheel.archive import WheelError
from ..wheel.libraries import read_contents
from ..wheel.symbols import readable
from ..wheel.torch.torch_abi import compare
from ..wheel.torch.torch_imports import torch_imports
from ..wheel.torch.torch_loads import TorchAnswer, answer
from ..wheel.torch.torch_table import TorchTable
from . import Index
from .file_name import wheel_name_or_none
from .listing import IndexFile, ListedProject, Unreadable
from .selected import files_of, select_files
from .targets import Target
from .torch_builds import TORCH

#: The missing symbols of a release that a row has.
_SYMBOLS: Final = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class TorchRow:
    """A wheel that imports Torch.

    Attributes:
        index: its path, or its URL without credentials.
        summary: the releases that it loads with, as text.
        stable: whether it imports functions of the stable ABI only.
        minimum: the first release of those, all of which it loads with; None for an unstable ABI.
        unknown: how many of its symbols no known release exports.
        answers: by release; that of another one is unknown.
        missing: how many symbols a release lacks, and the first names of them.
    """

    index: str
    file: IndexFile
    version: Version
    summary: str
    stable: bool
    minimum: Version | None
    unknown: int
    answers: Mapping[Version, TorchAnswer]
    missing: Mapping[Version, tuple[int, Sequence[str]]]

    def answer(self, release: Version) -> TorchAnswer:
        """Return whether it loads with a release."""
        return self.answers.get(release, TorchAnswer.UNKNOWN)


@dataclass(kw_only=True, slots=True)
class TorchMatrix:
    """The rows of indexes.

    Attributes:
        read: how many wheels were read.
        foreign: how many were not, since they are for a system without a Torch in the table.
    """

    rows: list[TorchRow] = field(default_factory=list)
    failures: list[Unreadable] = field(default_factory=list)
    read: int = 0
    foreign: int = 0


def read_matrix(
    indexes: Sequence[Index],
    tables: Sequence[TorchTable],
    targets: Sequence[Target] = (),
    *,
    all_versions: bool = False,
    count: Callable[[int], None] = lambda _: None,
) -> TorchMatrix:
    """Read the wheels that pip or uv select, but for pure ones and Torch itself.

    Args:
        indexes: each is selected from alone.
        tables: the shipped table, then builds that replace those of equal versions.
        targets: the Pythons to install for; by default, those of the wheels' names.
        all_versions: select from each version, not only from the newest one.
        count: called with 1 after each project.
    """
    matrix = TorchMatrix()

    def wheels() -> Iterator[tuple[Index, IndexFile, Version]]:
        for index in indexes:
            for listed in index.projects():
                if listed.unreadable:
                    matrix.failures.append(listed.unreadable)
                for name, file in _selected(listed, targets, all_versions=all_versions).items():
                    if _is_glibc(name):
                        yield index, file, name.version
                    else:
                        matrix.foreign += 1
                count(1)

    for found in prefetch(lambda each: _read(*each, tables), wheels(), threads=READERS):
        if isinstance(found, Unreadable):
            matrix.failures.append(found)
            continue
        matrix.read += 1
        if found is not None:
            matrix.rows.append(found)
    return matrix


def _selected(
    listed: ListedProject, targets: Sequence[Target], *, all_versions: bool
) -> Mapping[WheelName, IndexFile]:
    """Return the wheels for a platform that pip or uv select, each once."""
    if listed.project == TORCH:
        return {}
    selected = select_files({"": files_of(listed)}, targets, all_versions=all_versions)
    names = ((wheel_name_or_none(each.file.filename), each.file) for each in selected)
    return {name: file for name, file in names if name is not None and name.is_platlib}


def _is_glibc(name: WheelName) -> bool:
    """Return whether a tag is for Linux with glibc: no other Torch is in the table."""
    platforms = (parse_linux(tag.platform) for tag in name.tags)
    return any(each is not None and each.glibc is not None for each in platforms)


def _read(
    index: Index, file: IndexFile, version: Version, tables: Sequence[TorchTable]
) -> TorchRow | Unreadable | None:
    """Read a wheel; return None if it imports nothing of Torch that has to be there."""
    try:
        with index.open(file) as archive:
            imports = list(torch_imports(read_contents(archive)))
    except WheelError as err:
        return Unreadable(location=file.location, reason=err.reason)
    found = [each for table in tables if (each := compare(imports, table)) is not None]
    if not found:
        return None
    loads = found[0]
    return TorchRow(
        index=str(index.place),
        file=file,
        version=version,
        summary=str(loads),
        stable=loads.stable,
        minimum=loads.minimum,
        unknown=sum(map(len, loads.unknown.values())),
        answers={release: answer(each, [release]) for each in found for release in each.missing},
        missing={
            release: (sum(map(len, missing.values())), _names(missing))
            for each in found
            for release, missing in each.missing.items()
            if missing
        },
    )


def _names(missing: Mapping[str, Sequence[str]]) -> Sequence[str]:
    symbols = itertools.chain.from_iterable(missing.values())
    return tuple(map(readable, itertools.islice(symbols, _SYMBOLS)))


@dataclass(frozen=True, kw_only=True, slots=True)
class TorchColumn:
    """Releases of Torch with the same answer for each wheel."""

    name: str
    releases: Sequence[Version]

    def count(self, rows: Sequence[TorchRow], wanted: TorchAnswer) -> int:
        """Return how many wheels have this answer."""
        return sum(each.answer(self.releases[-1]) is wanted for each in rows)


def columns(
    rows: Sequence[TorchRow], releases: Sequence[Version], asked: Collection[Sequence[Version]] = ()
) -> Sequence[TorchColumn]:
    """Return the columns: one for each run of releases with the same answer for every wheel.

    Args:
        rows: the wheels.
        releases: all releases, ascending.
        asked: the releases of each version that was asked for: no run is longer than one of them.
    """

    def answers(release: Version) -> Sequence[TorchAnswer]:
        return [row.answer(release) for row in rows]

    runs = (
        list(run) for some in asked or [releases] for _, run in itertools.groupby(some, answers)
    )
    return [TorchColumn(name=_name(run, releases), releases=run) for run in runs]


def _name(run: Sequence[Version], releases: Sequence[Version]) -> str:
    """Return ``2.9 to 2.12.0``: a minor release stands for all of its patch releases."""

    def short(release: Version) -> str:
        minor = release.release[:2]
        patches = [each for each in releases if each.release[:2] == minor]
        is_whole = release in patches and set(patches) <= set(run)
        return ".".join(map(str, minor)) if is_whole else str(release)

    return " to ".join(dict.fromkeys([short(run[0]), short(run[-1])]))
