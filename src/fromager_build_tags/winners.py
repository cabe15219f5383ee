"""Which wheel pip and uv take: of each version, for a Python on a platform.

Of one version, the wheel whose tag the Python prefers; of those, the one with the highest build
tag: its number, then its suffix as a string; none at all is lowest. Of the versions, the highest
that is no pre-release; a yanked file only for want of another. The two disagree on one thing:
pip prefers ``linux_x86_64`` to any ``manylinux_…`` from 26.3 on, and uv the other way round, as
pip did before.
Source: pip, ``CandidateEvaluator._sort_key``; uv, ``TagPriority`` and ``BuildTag``.
"""

from __future__ import annotations

import enum
import functools
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from packaging.tags import Tag, compatible_tags, cpython_tags

from .wheelname import WheelName

_LINUX: Final = re.compile(r"(?:linux|manylinux(?:_(\d+)_(\d+)|\d+))_(\w+)")
_MUSLLINUX: Final = re.compile(r"musllinux_(\d+)_(\d+)_(\w+)")
_CPYTHON: Final = re.compile(r"cp(\d)(\d+)")
#: glibc and musl newer than all that there are.
_NEWEST_GLIBC: Final = 60
_NEWEST_MUSL: Final = 5
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


class Candidate(Protocol):
    """A wheel that an installer may take."""

    @property
    def name(self) -> WheelName: ...  # noqa: D102
    @property
    def yanked(self) -> bool: ...  # noqa: D102


def running_target(platform: str = "linux_x86_64") -> Target:
    """Return the Python that runs this, for want of a better one."""
    python = (sys.version_info.major, sys.version_info.minor)
    return Target(python=python, abi=f"cp{python[0]}{python[1]}{sys.abiflags}", platform=platform)


def winner[T: Candidate](
    candidates: Iterable[T], target: Target, installer: Installer = Installer.PIP
) -> T | None:
    """Return which of the wheels *of one version* is taken; None if none fits."""
    ranks = _ranks(target, installer)
    best: T | None = None
    best_key: tuple[object, ...] = ()
    for candidate in candidates:
        name = candidate.name
        rank = _rank(name.tags, ranks)
        if rank is not None:
            # no number is -1: installers put a wheel without a build tag last
            number = -1 if name.number is None else name.number
            key = (not candidate.yanked, -rank, number, name.suffix)
            if best is None or key > best_key:
                best, best_key = candidate, key
    return best


def newest_winner[T: Candidate](
    candidates: Iterable[T], target: Target, installer: Installer = Installer.PIP
) -> T | None:
    """Return which wheel is taken where no version is asked for."""
    ranks = _ranks(target, installer)
    fitting = [each for each in candidates if _rank(each.name.tags, ranks) is not None]
    usable = [each for each in fitting if not each.yanked]
    released = [each for each in usable if not each.name.version.is_prerelease] or usable
    if not released:
        return None
    newest = max(each.name.version for each in released)
    return winner([each for each in released if each.name.version == newest], target, installer)


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


def _rank(tags: frozenset[Tag], ranks: Mapping[Tag, int]) -> int | None:
    """Return how far down the list the best of *tags* stands; None if none is on it."""
    return min((ranks[tag] for tag in tags if tag in ranks), default=None)


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
