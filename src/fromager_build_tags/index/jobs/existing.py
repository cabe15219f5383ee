"""The wheels of indexes that need no build, and which of them are pure."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from packaging.tags import Tag
from packaging.utils import NormalizedName
from packaging.version import Version

from ...errors import InputError
from ...tag.build_tag import BuildTag
from ...tag.filename import WheelName
from ...text import first_few
from .. import Index
from ..listing import ListedProject, Unreadable
from ..status import IndexWheel, group_files
from ..targets import Installer, Target, ranks_of, targets_of

#: The versions that are needed, by package.
type NeededVersions = Mapping[NormalizedName, Collection[Version]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Existing:
    """The wheels that indexes have of the needed versions.

    Attributes:
        kinds: whether the wheels of a version are platlib, purelib or both.
        places: the index of each wheel: the first one that has it.
        unreadable: why wheels may be missing.
    """

    kinds: Mapping[tuple[NormalizedName, Version], Collection[bool]] = field(default_factory=dict)
    places: Mapping[tuple[NormalizedName, Version, bool, BuildTag], str] = field(
        default_factory=dict
    )
    unreadable: Sequence[Unreadable] = ()

    def is_purelib(self, package: NormalizedName, version: Version) -> bool | None:
        """Return whether a version is pure, as its wheels show; None where there are no wheels."""
        kinds = self.kinds.get((package, version))
        return True not in kinds if kinds else None

    def place(
        self, package: NormalizedName, version: Version, build_tag: BuildTag, *, is_purelib: bool
    ) -> str:
        """Return the index that has a wheel with exactly this build tag; "" for none."""
        return self.places.get((package, version, not is_purelib, build_tag), "")


def find_existing(
    indexes: Iterable[Index],
    needed: NeededVersions,
    target: Target | None = None,
    *,
    count: Callable[[int], None],
) -> Existing:
    """Look for wheels of the needed versions, as the look-up of fromager's cache does.

    Yanked wheels, and wheels for another Python or platform than *target*, are no use to it.

    Raises:
        InputError: without *target*, the wheels are for several Pythons or platforms.
    """
    search = _Search(target=target)
    unreadable: list[Unreadable] = []
    for index in indexes:
        place = index.place.label or str(index.place)
        for listed in index.projects(needed):
            unreadable += [listed.unreadable] if listed.unreadable else []
            search.add(place, listed, needed.get(listed.project, ()))
            count(1)
    if target is None:
        _refuse_several(search.platlib.values())
    return Existing(kinds=search.kinds, places=search.places, unreadable=unreadable)


@dataclass(kw_only=True, slots=True)
class _Search:
    """What is found so far.

    Attributes:
        platlib: a wheel of each set of tags for a platform.
    """

    target: Target | None
    kinds: dict[tuple[NormalizedName, Version], set[bool]] = field(default_factory=dict)
    places: dict[tuple[NormalizedName, Version, bool, BuildTag], str] = field(default_factory=dict)
    platlib: dict[frozenset[Tag], WheelName] = field(default_factory=dict)

    def add(self, place: str, listed: ListedProject, versions: Collection[Version]) -> None:
        """Add the wheels of a project."""
        for version, wheel in _needed(listed, versions):
            name, is_platlib = wheel.name, wheel.name.is_platlib
            self.kinds.setdefault((listed.project, version), set()).add(is_platlib)
            if is_platlib:
                self.platlib.setdefault(name.tags, name)
            if self._fits(name):
                key = (listed.project, version, is_platlib, wheel.build_tag)
                self.places.setdefault(key, place)

    def _fits(self, name: WheelName) -> bool:
        if self.target is None:
            return True
        return not ranks_of(self.target, Installer.UV).keys().isdisjoint(name.tags)


def _needed(
    listed: ListedProject, versions: Collection[Version]
) -> Iterator[tuple[Version, IndexWheel]]:
    """Yield the wheels of the needed versions: 2.10.0 is 2.10.0+rocm7.1, too, as for pip."""
    by_version = group_files(listed.files).wheels
    for needed, found in itertools.product(versions, by_version):
        if found == needed or (found.local and Version(found.public) == needed):
            for wheel in by_version[found]:
                # fromager's look-up of built wheels ignores labelled ones
                if not (wheel.file.yanked or wheel.name.label):
                    yield needed, wheel


def _refuse_several(names: Iterable[WheelName]) -> None:
    """Refuse wheels for several Pythons: the jobs of one are not those of the others."""
    targets = targets_of(names)
    if len(targets) > 1:
        raise InputError(
            f"the indexes have wheels for {first_few(targets)}: choose with --python and --platform"
        )
