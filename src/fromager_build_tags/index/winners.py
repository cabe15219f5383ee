"""Which wheel pip and uv take: of each version, for a Python on a platform.

Of one version, the wheel whose tag the Python prefers; of those, the one with the highest build
tag: its number, then its suffix as a string; none at all is lowest. An sdist, which they build,
comes after every wheel that fits. Of the versions, the highest that is no pre-release; a pin such
as ``==1.0`` takes ``1.0+local``, which is higher, before ``1.0``.

The two disagree on a few things. pip prefers ``linux_x86_64`` to any ``manylinux_…`` from 26.3 on,
and uv the other way round, as pip did before. For a pin, pip takes a yanked file only for want of
another, and uv counts those of just that version like any other; without a pin neither takes one.
pip leaves out the files whose Requires-Python does not hold; uv chooses first, passes over the
whole version if that file's does not hold, and looks at lower bounds only. pip takes a pre-release
only where no release fits, and uv where it may take none, such as a yanked one.
Source: pip, ``CandidateEvaluator._sort_key``; uv, ``TagPriority``, ``BuildTag`` and
``RequiresPython::is_contained_by``; both asked by tests.
"""

from __future__ import annotations

import enum
import functools
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from packaging.specifiers import SpecifierSet
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import InvalidSdistFilename, parse_sdist_filename
from packaging.version import Version

from ..wheelname import WheelName
from . import IndexFile

# Numbers as long as there are any: each smaller one is a tag that is compared.
_LINUX: Final = re.compile(r"(?:linux|manylinux(?:_(\d+)_(\d{1,3})|\d+))_(\w+)", re.ASCII)
_MUSLLINUX: Final = re.compile(r"musllinux_(\d+)_(\d{1,3})_(\w+)", re.ASCII)
_CPYTHON: Final = re.compile(r"cp(\d)(\d{1,2})", re.ASCII)
#: glibc and musl newer than all that there are.
_NEWEST_GLIBC: Final = 60
_NEWEST_MUSL: Final = 5
#: Of the patch releases of a Python, the newest is asked about.
_NEWEST_PATCH: Final = 99
_LOWER_BOUNDS: Final = {">=", ">", "~=", "==", "==="}
_LONGEST_NAME: Final = 255
#: The names that manylinux platforms had before they told the version of glibc (PEP 600).
_LEGACY: Final = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}


class Installer(enum.StrEnum):
    """Who installs: pip 26.3 or later (an older one chooses as uv does), or uv."""

    PIP = "pip"
    UV = "uv"


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Target:
    """A CPython on a platform.

    Attributes:
        python: such as ``(3, 12)``.
        abi: ``cp312``, or ``cp313t`` without the GIL.
        platform: ``linux_x86_64`` for the newest glibc, ``manylinux_2_34_x86_64`` for that one;
            any other, such as ``macosx_11_0_arm64``, for itself only.
    """

    python: tuple[int, int]
    abi: str
    platform: str

    def __str__(self) -> str:
        return f"{self.abi} on {self.platform}"


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


def running_target(platform: str = "linux_x86_64") -> Target:
    """Return the Python that runs this, for want of a better one."""
    python = (sys.version_info.major, sys.version_info.minor)
    return Target(python=python, abi=f"cp{python[0]}{python[1]}{sys.abiflags}", platform=platform)


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
    ranks = _ranks(target, installer)
    best: T | None = None
    best_key: tuple[object, ...] = ()
    for candidate in candidates:
        rank = _rank(candidate.name, ranks)
        if rank is None:
            continue
        if installer is Installer.PIP and not _runs_on(requires(candidate), target, installer):
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
    ranks = _ranks(target, installer)
    fitting = [each for each in candidates if _rank(each.name, ranks) is not None]
    if installer is Installer.UV:
        return fitting
    return [each for each in fitting if _runs_on(requires(each), target, installer)]


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


def targets_of(names: Iterable[WheelName]) -> list[Target]:
    """Return the targets that *names* are for: each CPython and platform that is spelled out.

    Wheels for any CPython or platform add none of their own, unless there are no others.
    """
    tags = frozenset().union(*(name.tags for name in names))
    return _targets(tags)


@functools.lru_cache(maxsize=4096)
def _targets(tags: frozenset[Tag]) -> list[Target]:
    abis = {
        ((int(match[1]), int(match[2])), tag.abi)
        for tag in tags
        if (match := _CPYTHON.fullmatch(tag.interpreter)) and tag.abi.startswith(tag.interpreter)
    }
    if not abis:
        abis = {(running_target().python, running_target().abi)}
    platforms = {_platform(tag.platform) for tag in tags} - {"any"} or {"linux_x86_64"}
    return sorted(
        Target(python=python, abi=abi, platform=platform)
        for python, abi in abis
        for platform in platforms
    )


def _platform(platform: str) -> str:
    """Return the machine that a tag is for: the newest, as far as the C library goes."""
    if match := _LINUX.fullmatch(platform):
        return f"linux_{match[3]}"
    if match := _MUSLLINUX.fullmatch(platform):
        return f"musllinux_{match[1]}_{_NEWEST_MUSL}_{match[3]}"
    return platform


def _rank(name: WheelName | SdistName, ranks: Mapping[Tag, int]) -> int | None:
    """Return how far down the list the best tag of a file stands; None if none is on it."""
    if isinstance(name, SdistName):
        return len(ranks)
    return min((ranks[tag] for tag in name.tags if tag in ranks), default=None)


def _build_tag(name: WheelName | SdistName) -> tuple[int, str]:
    """Return what is compared; no number is -1: installers put a wheel without a build tag last."""
    if isinstance(name, SdistName) or name.number is None:
        return (-1, "")
    return (name.number, name.suffix)


def _runs_on(requires: str, target: Target, installer: Installer) -> bool:
    return not requires or _allows(requires, target.python, installer)


@functools.lru_cache(maxsize=4096)
def _allows(requires: str, python: tuple[int, int], installer: Installer) -> bool:
    """Tell whether a Requires-Python holds; one that is none does: pip does not look at it."""
    newest = Version(f"{python[0]}.{python[1]}.{_NEWEST_PATCH}")
    try:
        specifiers = SpecifierSet(requires)
        if installer is Installer.PIP:
            return specifiers.contains(newest)
        return all(
            Version(each.version.removesuffix(".*")) <= newest
            for each in specifiers
            if each.operator in _LOWER_BOUNDS
        )
    except ValueError:
        return True


@functools.lru_cache(maxsize=64)
def _ranks(target: Target, installer: Installer) -> Mapping[Tag, int]:
    platforms = list(_platforms(target.platform, installer))
    interpreter = f"cp{target.python[0]}{target.python[1]}"
    tags = [
        *cpython_tags(target.python, [target.abi], platforms),
        *compatible_tags(target.python, interpreter, platforms),
    ]
    return {tag: rank for rank, tag in reversed(list(enumerate(tags)))}


def _platforms(platform: str, installer: Installer) -> list[str]:
    """Return the platforms that a machine takes wheels of, the preferred one first."""
    versioned = list(_versioned(platform))
    if not versioned:
        return [platform]
    linux = f"linux_{_machine(platform)}"
    return [linux, *versioned] if installer is Installer.PIP else [*versioned, linux]


def _versioned(platform: str) -> Iterator[str]:
    if match := _LINUX.fullmatch(platform):
        for minor in range(int(match[2] or _NEWEST_GLIBC), 4, -1):
            yield f"manylinux_2_{minor}_{match[3]}"
            if minor in _LEGACY:
                yield f"{_LEGACY[minor]}_{match[3]}"
    elif match := _MUSLLINUX.fullmatch(platform):
        for minor in range(int(match[2]), -1, -1):
            yield f"musllinux_{match[1]}_{minor}_{match[3]}"


def _machine(platform: str) -> str:
    match = _LINUX.fullmatch(platform) or _MUSLLINUX.fullmatch(platform)
    return match[3] if match else platform
