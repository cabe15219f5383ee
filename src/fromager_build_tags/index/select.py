"""Which wheel pip and uv take: of each version, for a Python on a platform.

Of one version, the wheel whose tag the Python prefers; of those, the one with the highest build
tag: its number, then its suffix as a string; none at all is lowest. An sdist, which they build,
comes after every wheel that fits. Of the versions, the highest that is no pre-release; a pin such
as ``==1.0`` takes ``1.0+local``, which is higher, before ``1.0``.

The two disagree on a few things. pip prefers ``linux_x86_64`` to any ``manylinux_…`` from 26.3 on,
and uv the other way round, as pip did before. For a pin, pip takes a yanked file only for want of
another, and uv counts those of just that version like any other; without a pin neither takes one.
pip leaves out the files whose Requires-Python does not hold; uv chooses first, passes over the
whole version if that file's does not hold, and looks at lower bounds only. A Requires-Python that
is none, such as ``>=3.6 <4``, counts as none for pip; uv mends a few slips, and leaves out the file
otherwise. pip takes a pre-release only where no release fits, and uv where it may take none, such
as a yanked one.
Source: pip, ``CandidateEvaluator._sort_key``; uv, ``TagPriority``, ``BuildTag`` and
``RequiresPython::is_contained_by``; both asked by tests.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from packaging.specifiers import SpecifierSet
from packaging.tags import Tag
from packaging.utils import InvalidSdistFilename, parse_sdist_filename
from packaging.version import Version

from ..tag.build_tag import NO_BUILD_TAG
from ..tag.filename import WheelName
from . import IndexFile
from .targets import Installer, Target, ranks_of

#: Of the patch releases of a Python, the newest is asked about.
_NEWEST_PATCH: Final = 99
_LOWER_BOUNDS: Final = {">=", ">", "~=", "==", "==="}
#: Slips in a Requires-Python that uv reads over: ``>=3.8<4``, ``>=3.6.*``, ``!=3.0*``, quotes.
_MENDED: Final = (
    (re.compile(r"(?<=\d)(?=[<>=~!])", re.ASCII), ","),
    (re.compile(r"([<>]=?\s*\d+(?:\.\d+)*)\.\*", re.ASCII), r"\1"),
    (re.compile(r"(?<=\.\d)\*", re.ASCII), ".*"),
    (re.compile(r"['\"]"), ""),
)
_LONGEST_NAME: Final = 255


@dataclass(frozen=True, kw_only=True, slots=True)
class SdistName:
    """An sdist's file name, taken apart."""

    filename: str
    version: Version


class Sdist(NamedTuple):
    """A source distribution of an index."""

    file: IndexFile
    name: SdistName

    @property
    def yanked(self) -> bool:
        """Whether installers take it only for a version that is pinned."""
        return self.file.yanked


class Candidate(Protocol):
    """A file that an installer may take."""

    @property
    def name(self) -> WheelName | SdistName: ...  # noqa: D102
    @property
    def yanked(self) -> bool: ...  # noqa: D102


def winner[T: Candidate](
    candidates: Iterable[T],
    target: Target,
    installer: Installer = Installer.PIP,
    *,
    requires: Callable[[T], str] = lambda _: "",
) -> T | None:
    """Return which of the files *of one version*, which is pinned, is taken; None if none fits.

    Args:
        candidates: wheels and sdists.
        target: where it is installed.
        installer: who installs.
        requires: tells the Requires-Python of each, as it is listed.
    """
    ranks = ranks_of(target, installer)
    best: T | None = None
    best_key: tuple[object, ...] = ()
    for candidate in candidates:
        rank = _rank(candidate.name, ranks)
        if rank is None:
            continue
        if not _is_looked_at(requires(candidate), target, installer):
            continue
        passed_over = candidate.yanked and installer is Installer.PIP
        key = (not passed_over, -rank, *_build_tag(candidate.name))
        if best is None or key > best_key:
            best, best_key = candidate, key
    return best if best is not None and _runs_on(requires(best), target, installer) else None


def newest_winner[T: Candidate](
    candidates: Iterable[T],
    target: Target,
    installer: Installer = Installer.PIP,
    *,
    requires: Callable[[T], str] = lambda _: "",
) -> T | None:
    """Return which file is taken where no version is asked for; arguments as for ``winner``."""
    usable = _usable(candidates, target, installer, requires)
    released = [each for each in usable if not each.name.version.is_prerelease]
    # pip looks at pre-releases only where there is no release, were it yanked
    tries = [released or usable] if installer is Installer.PIP else [released, usable]
    for some in tries:
        offered = [each for each in some if not each.yanked]
        if best := _highest(offered, target, installer, requires):
            return best
    return None


def pinned_winner[T: Candidate](
    candidates: Iterable[T],
    version: Version,
    target: Target,
    installer: Installer = Installer.PIP,
    *,
    requires: Callable[[T], str] = lambda _: "",
) -> T | None:
    """Return which file is taken for ``==version``, which any local version of it fits, too."""
    asked = (each for each in candidates if _is_asked_for(each.name.version, version))
    usable = _usable(asked, target, installer, requires)
    if installer is Installer.PIP:
        offered = [each for each in usable if not each.yanked] or usable
    else:
        offered = [each for each in usable if not each.yanked or each.name.version == version]
    return _highest(offered, target, installer, requires)


def _is_asked_for(version: Version, pin: Version) -> bool:
    return version == pin or (pin.local is None and Version(version.public) == pin)


def _usable[T: Candidate](
    candidates: Iterable[T], target: Target, installer: Installer, requires: Callable[[T], str]
) -> list[T]:
    """Return the files that an installer compares."""
    ranks = ranks_of(target, installer)
    fitting = (each for each in candidates if _rank(each.name, ranks) is not None)
    return [each for each in fitting if _is_looked_at(requires(each), target, installer)]


def _highest[T: Candidate](
    candidates: Iterable[T], target: Target, installer: Installer, requires: Callable[[T], str]
) -> T | None:
    """Return the file of the highest version of which one is taken."""
    by_version: dict[Version, list[T]] = {}
    for each in candidates:
        by_version.setdefault(each.name.version, []).append(each)
    for version in sorted(by_version, reverse=True):
        if best := winner(by_version[version], target, installer, requires=requires):
            return best
    return None


def sdists_of(files: Iterable[IndexFile]) -> Sequence[Sdist]:
    """Return the files of a project that are sdists of it."""
    sdists = []
    for file in files:
        if file.filename.endswith((".tar.gz", ".zip")) and len(file.filename) <= _LONGEST_NAME:
            try:
                project, version = parse_sdist_filename(file.filename)
            except InvalidSdistFilename:
                continue
            if project == file.project:
                name = SdistName(filename=file.filename, version=version)
                sdists.append(Sdist(file, name))
    return sdists


def _rank(name: WheelName | SdistName, ranks: Mapping[Tag, int]) -> int | None:
    """Return how far down the list the best tag of a file stands; None if none is on it."""
    if isinstance(name, SdistName):
        return len(ranks)
    return min((ranks[tag] for tag in name.tags if tag in ranks), default=None)


def _build_tag(name: WheelName | SdistName) -> tuple[int, str]:
    """Return what installers compare: they put a wheel without a build tag last."""
    return (NO_BUILD_TAG if isinstance(name, SdistName) else name.build_tag).sort_key


def _is_looked_at(requires: str, target: Target, installer: Installer) -> bool:
    """Tell whether a file is compared with others: by uv, if it can read its Requires-Python."""
    if installer is Installer.PIP:
        return _runs_on(requires, target, installer)
    return not requires or _lower_bounds(requires) is not None


def _runs_on(requires: str, target: Target, installer: Installer) -> bool:
    return not requires or _allows(requires, target.python, installer)


@functools.lru_cache(maxsize=4096)
def _allows(requires: str, python: tuple[int, int], installer: Installer) -> bool:
    """Tell whether a Requires-Python holds; one that is none does: pip does not look at it."""
    newest = Version(f"{python[0]}.{python[1]}.{_NEWEST_PATCH}")
    if installer is Installer.UV:
        return all(bound <= newest for bound in _lower_bounds(requires) or ())
    try:
        return SpecifierSet(requires).contains(newest)
    except ValueError:
        return True


@functools.lru_cache(maxsize=4096)
def _lower_bounds(requires: str) -> Sequence[Version] | None:
    """Return the lower bounds of a Requires-Python as uv reads it; None if it cannot."""
    for slip, mended in _MENDED:
        requires = slip.sub(mended, requires)
    try:
        return [
            Version(each.version.removesuffix(".*"))
            for each in SpecifierSet(requires)
            if each.operator in _LOWER_BOUNDS
        ]
    except ValueError:
        return None
