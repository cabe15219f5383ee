"""Installers, and the Pythons on platforms to install for, with the tags that they accept.

Source: ``packaging.tags``; pip from 26.3 on and uv differ in the rank of ``linux_x86_64``.
"""

from __future__ import annotations

import enum
import functools
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from packaging.tags import Tag, compatible_tags, cpython_tags

from ..tag.filename import WheelName
from ..tag.platform import NO_VERSION, parse_linux

# Two digits at most: each smaller version is a tag that is compared.
_CPYTHON: Final = re.compile(r"cp(\d)(\d{1,2})", re.ASCII)
#: Minor versions of glibc and musl above all existing ones.
_NEWEST_GLIBC: Final = 60
_NEWEST_MUSL: Final = 5
#: ``os_name``, ``sys_platform`` and ``platform_system`` by the first word of a platform tag.
_SYSTEMS: Final = {
    "linux": ("posix", "linux", "Linux"),
    "macosx": ("posix", "darwin", "Darwin"),
    "win": ("nt", "win32", "Windows"),
    "win32": ("nt", "win32", "Windows"),
}
_WINDOWS_MACHINES: Final = {"win32": "x86", "win_amd64": "AMD64", "win_arm64": "ARM64"}
#: The version of the system before the machine, such as that of ``macosx_11_0_arm64``.
_VERSION: Final = re.compile(r"^(\d+_)*")


class Installer(enum.StrEnum):
    """An installer: pip 26.3 or later (an older one selects as uv does), or uv."""

    PIP = "pip"
    UV = "uv"


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Target:
    """A CPython on a platform.

    Attributes:
        python: such as ``(3, 12)``.
        abi: ``cp312``, or ``cp313t`` without the GIL.
        platform: ``linux_x86_64`` for the newest glibc, ``manylinux_2_34_x86_64`` for that one;
            any other, such as ``macosx_11_0_arm64``, for exactly that platform.
    """

    python: tuple[int, int]
    abi: str
    platform: str

    def __str__(self) -> str:
        return f"{self.abi} on {self.platform}"

    def environment(self) -> dict[str, str]:
        """Return the values of environment markers; the micro version of Python counts as 0."""
        linux = parse_linux(self.platform)
        system, _, rest = self.platform.partition("_")
        machine = linux.machine if linux else _VERSION.sub("", rest)
        python = f"{self.python[0]}.{self.python[1]}"
        os_name, sys_platform, platform_system = _SYSTEMS.get(
            "linux" if linux else system, ("posix", system, system)
        )
        return {
            "implementation_name": "cpython",
            "implementation_version": f"{python}.0",
            "os_name": os_name,
            "platform_machine": _WINDOWS_MACHINES.get(self.platform, machine),
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": platform_system,
            "platform_version": "",
            "python_full_version": f"{python}.0",
            "python_version": python,
            "sys_platform": sys_platform,
        }


def running_target(platform: str = "linux_x86_64") -> Target:
    """Return the Python that runs this program, on a platform."""
    python = (sys.version_info.major, sys.version_info.minor)
    return Target(python=python, abi=f"cp{python[0]}{python[1]}{sys.abiflags}", platform=platform)


def targets_of(names: Iterable[WheelName]) -> list[Target]:
    """Return a target for each CPython and platform that the tags of *names* contain.

    Wheels for any CPython or any platform add no target, unless there are no others.
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
    platforms = {_newest_platform(tag.platform) for tag in tags} - {"any"} or {"linux_x86_64"}
    return sorted(
        Target(python=python, abi=abi, platform=platform)
        for python, abi in abis
        for platform in platforms
    )


def _newest_platform(platform: str) -> str:
    """Return the platform with the newest C library that a platform tag fits."""
    linux = parse_linux(platform)
    if linux is None:
        return platform
    musl = f"musllinux_{linux.musl[0]}_{_NEWEST_MUSL}" if linux.musl else "linux"
    return f"{musl}_{linux.machine}"


@functools.lru_cache(maxsize=64)
def ranks_of(target: Target, installer: Installer) -> Mapping[Tag, int]:
    """Return the tags that an installer accepts for a target, each with its rank, best first."""
    platforms = _platforms(target.platform, installer)
    interpreter = f"cp{target.python[0]}{target.python[1]}"
    tags = [
        *cpython_tags(target.python, [target.abi], platforms),
        *compatible_tags(target.python, interpreter, platforms),
    ]
    return {tag: rank for rank, tag in reversed(list(enumerate(tags)))}


def _platforms(platform: str, installer: Installer) -> list[str]:
    """Return the platform tags that a machine accepts, the preferred one first."""
    linux = parse_linux(platform)
    if linux is None:
        return [platform]
    if linux.glibc == NO_VERSION:
        linux = linux._replace(glibc=(2, _NEWEST_GLIBC))
    versioned = list(linux.accepted())
    unversioned = f"linux_{linux.machine}"
    if not versioned:
        return [platform]
    pip = installer is Installer.PIP
    return [unversioned, *versioned] if pip else [*versioned, unversioned]
