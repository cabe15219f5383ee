"""Read the wheels of indexes, each once, for what each package depends on."""

from __future__ import annotations

import contextlib
import itertools
import pathlib
import platform
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from packaging.tags import Tag
from packaging.utils import NormalizedName
from packaging.version import Version

from ...http.prefetch import READERS, prefetch
from ...http.urls import FetchError
from ...tag.expression import Need
from ...tag.filename import WheelName
from ...tag.platform import parse_linux
from ...wheel.archive import WheelError
from .. import Index
from ..auditing import side_by_side
from ..listing import IndexFile, ListedProject, Unreadable
from ..status import IndexWheel, group_files
from .cache import ScanCache
from .readers import Readers
from .shown import Shown

#: Packages for each thread that wait for an earlier one: one of a gigabyte takes 10 s to read.
_WAITING: Final = 50
_DAMAGED: Final = (KeyError, TypeError, ValueError, AttributeError)


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """One version of a package: what its wheels in the indexes show together.

    Attributes:
        wheels: what each one that could be read shows, by its location.
        unreadable: the others.
    """

    version: Version
    wheels: Mapping[str, Shown]
    unreadable: Sequence[Unreadable] = ()

    def needs(self, lowest: Version | None) -> frozenset[Need]:
        """Return what any of them depends on; *lowest* as for :meth:`Shown.depends_on`."""
        return frozenset().union(*(each.depends_on(lowest) for each in self.wheels.values()))

    @property
    def accelerators(self) -> frozenset[str]:
        """The words of the accelerators that any of them uses."""
        return frozenset(itertools.chain(*(each.accelerators for each in self.wheels.values())))

    @property
    def evidence(self) -> Sequence[str]:
        """Evidence of those that depend on the most, each once."""
        most = max((len(each.needs) for each in self.wheels.values()), default=0)
        found = [each.evidence for each in self.wheels.values() if len(each.needs) == most]
        return [*dict.fromkeys(itertools.chain(*found))]

    @property
    def unread(self) -> str:
        """Why they may depend on more; "" if all of them were read completely."""
        unread = (each.unread for each in self.wheels.values())
        return next(filter(None, (*map(str, self.unreadable), *unread)), "")


@dataclass(frozen=True, kw_only=True, slots=True)
class MeasuredPackage:
    """A package in the indexes.

    Attributes:
        versions: ascending; the newest only, unless all were asked for.
        failures: pages of the indexes that could not be read.
        counts: how many of its wheels were ``read``, ``known`` from the cache, and ``pure``.
    """

    package: NormalizedName
    versions: Sequence[Measured] = ()
    failures: Sequence[Unreadable] = ()
    counts: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, kw_only=True)
class Measuring:
    """Wheels that are read in processes, each once.

    Attributes:
        cache: what was read before.
        all_versions: read each version, not only the newest.
    """

    indexes: Sequence[Index]
    readers: Readers
    cache: ScanCache
    all_versions: bool = False

    def run(self) -> Iterator[MeasuredPackage]:
        """Yield each package, sorted by name; purelib wheels are counted only."""
        threads = max(self.readers.count, READERS)
        found = side_by_side(self.indexes)
        return prefetch(lambda each: self._package(*each), found, threads=threads, ahead=_WAITING)

    def _package(
        self, package: NormalizedName, listed: Mapping[int, ListedProject]
    ) -> MeasuredPackage:
        counts = Counter[str]()
        chosen: dict[Version, list[tuple[Index, IndexFile]]] = {}
        for number, each in listed.items():
            wheels = [
                wheel
                for group in group_files(each.files).wheels.values()
                for wheel in group
                if not wheel.file.yanked
            ]
            counts["pure"] += sum(not each.name.is_platlib for each in wheels)
            for wheel in choose(wheels, all_versions=self.all_versions):
                index = self.indexes[number]
                chosen.setdefault(_public(wheel.name), []).append((index, wheel.file))
        versions = sorted(chosen) if self.all_versions else sorted(chosen)[-1:]
        return MeasuredPackage(
            package=package,
            versions=[self._version(each, chosen[each], counts) for each in versions],
            failures=[each.unreadable for each in listed.values() if each.unreadable],
            counts=counts,
        )

    def _version(
        self, version: Version, files: Iterable[tuple[Index, IndexFile]], counts: Counter[str]
    ) -> Measured:
        wheels: dict[str, Shown] = {}
        unreadable = []
        for index, file in files:
            try:
                wheels[file.location] = self._wheel(index, file, counts)
            except WheelError as err:
                unreadable.append(Unreadable(location=file.location, reason=err.reason))
        return Measured(version=version, wheels=wheels, unreadable=unreadable)

    def _wheel(self, index: Index, file: IndexFile, counts: Counter[str]) -> Shown:
        """Return what a wheel shows; from the cache, if it was read before.

        Raises:
            WheelError: it cannot be read.
        """
        path = file.path
        sha256 = file.sha256 if path is None else self.cache.sha256_of(path)
        if known := self._known(sha256):
            counts["known"] += 1
            return known
        with contextlib.ExitStack() as stack:
            local = path or stack.enter_context(_downloaded(index, file))
            found = self.readers.ask({"hash": str(local.absolute())}, file.location)["sha256"]
            if file.sha256 and found != file.sha256:
                raise WheelError(
                    file.location, f"its SHA-256 is {found}; the index lists {file.sha256}"
                )
            if path:
                self.cache.remember(path, found)
            if known := self._known(found):
                counts["known"] += 1
                return known
            shown = Shown.from_record(
                self.readers.ask({"read": str(local.absolute())}, file.location)
            )
        self.cache.put(found, shown.record())
        counts["read"] += 1
        return shown

    def _known(self, sha256: str) -> Shown | None:
        """Return the entry of the cache; None without one, or if it is damaged."""
        if sha256 and (entry := self.cache.get(sha256)) is not None:
            with contextlib.suppress(*_DAMAGED):
                return Shown.from_record(entry)
        return None


@contextlib.contextmanager
def _downloaded(index: Index, file: IndexFile) -> Iterator[pathlib.Path]:
    """Download a wheel to a temporary file.

    Raises:
        WheelError: it cannot be downloaded, or stored.
    """
    try:
        with tempfile.NamedTemporaryFile(prefix="build-tags-", suffix=".whl") as stored:
            index.session.download(file.address, stored)  # type: ignore[union-attr]
            stored.flush()
            yield pathlib.Path(stored.name)
    except FetchError as err:
        raise WheelError(file.location, err.reason) from None
    except OSError as err:
        raise WheelError(file.location, f"it cannot be stored ({err.strerror})") from None


def choose(wheels: Iterable[IndexWheel], *, all_versions: bool = False) -> Iterator[IndexWheel]:
    """Yield the wheels of one project to read: for Linux, of the newest version or of all.

    Of those that differ in nothing but Python and platform, it is one: for this machine, if there
    is one, and the newest Python. A pre-release is newest only where all versions are.
    """
    linux = [each for each in wheels if _machines(each.name)]
    versions = {_public(each.name) for each in linux}
    released = {each for each in versions if not each.is_prerelease} or versions
    newest = max(released, default=None)
    kinds: dict[tuple[Version, str], IndexWheel] = {}
    for each in sorted(linux, key=_preference):
        if all_versions or _public(each.name) == newest:
            kinds[each.name.version, each.name.suffix] = each
    yield from kinds.values()


def _public(name: WheelName) -> Version:
    return Version(name.version.public)


def _machines(name: WheelName) -> set[str]:
    platforms = (parse_linux(tag.platform) for tag in name.tags)
    return {each.machine for each in platforms if each is not None}


def _preference(wheel: IndexWheel) -> tuple[bool, list[int], int, str]:
    name = wheel.name
    pythons = [int(tag.interpreter[2:]) for tag in name.tags if _is_cpython(tag)]
    is_here = platform.machine() in _machines(name)
    return is_here, sorted(pythons)[-1:], name.number or 0, name.filename


def _is_cpython(tag: Tag) -> bool:
    return tag.interpreter.startswith("cp") and tag.interpreter[2:].isdecimal()
