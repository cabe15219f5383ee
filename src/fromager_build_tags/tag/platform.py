"""Platform tags: which wheels are for a platform, and which wheels fit wherever others fit.

Sources: PEP 425 (tags), PEP 513, PEP 571, PEP 599 and PEP 600 (manylinux), PEP 656 (musllinux).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterator
from typing import Final, NamedTuple

from packaging.tags import Tag

# A version has three digits at most: :meth:`LinuxPlatform.accepted` counts down from a minor one,
# and a longer one can be too large for an int.
_LINUX: Final = re.compile(
    r"(?:linux|manylinux_(?P<glibc>\d{1,3}_\d{1,3})|musllinux_(?P<musl>\d{1,3}_\d{1,3})"
    r"|(?P<legacy>manylinux(?:1|2010|2014)))_(?P<machine>\w+)",
    re.ASCII,
)
#: A Python 3 in a tag; without a minor version, any.
_PYTHON: Final = re.compile(r"(?P<word>py|cp)3(?P<minor>\d{1,3})?", re.ASCII)
#: The names of manylinux platforms from before PEP 600, each with its glibc.
_LEGACY: Final = {"manylinux1": (2, 5), "manylinux2010": (2, 12), "manylinux2014": (2, 17)}
_LEGACY_NAMES: Final = {glibc: name for name, glibc in _LEGACY.items()}
_OLDEST_GLIBC_MINOR: Final = 5
#: The glibc of a ``linux_…`` tag, which names no version.
NO_VERSION: Final = (0, 0)


class LinuxPlatform(NamedTuple):
    """A Linux platform tag: the machine, and the oldest C library that the wheel runs on.

    Only a musl platform has a musl, and no glibc. The glibc of a ``linux_…`` tag is ``(0, 0)``.
    """

    machine: str
    glibc: tuple[int, int] | None
    musl: tuple[int, int] | None = None

    def accepted(self) -> Iterator[str]:
        """Yield the versioned platform tags that a machine with this C library takes, best first.

        The order is that of ``packaging.tags``, which gives it for the running machine only.
        """
        if self.musl:
            major, newest = self.musl
            for minor in range(newest, -1, -1):
                yield f"musllinux_{major}_{minor}_{self.machine}"
        elif self.glibc:
            for minor in range(self.glibc[1], _OLDEST_GLIBC_MINOR - 1, -1):
                yield f"manylinux_2_{minor}_{self.machine}"
                if legacy := _LEGACY_NAMES.get((2, minor)):
                    yield f"{legacy}_{self.machine}"


@functools.lru_cache(maxsize=4096)
def parse_linux(platform: str) -> LinuxPlatform | None:
    """Return what a Linux platform tag names; None for a tag of another system."""
    match = _LINUX.fullmatch(platform)
    if match is None:
        return None
    machine = match["machine"]
    if match["musl"]:
        return LinuxPlatform(machine, None, _version(match["musl"]))
    if match["glibc"]:
        return LinuxPlatform(machine, _version(match["glibc"]))
    return LinuxPlatform(machine, _LEGACY.get(match["legacy"], NO_VERSION))


def _version(text: str) -> tuple[int, int]:
    major, _, minor = text.partition("_")
    return int(major), int(minor)


def is_platlib(wheel_tags: Collection[Tag]) -> bool:
    """Return whether a wheel is for a platform.

    Use its tags for nothing else: they differ between a build and a look-up in a cache
    (``linux_x86_64``, later ``manylinux_2_28_x86_64``).
    """
    return any(tag.platform != "any" for tag in wheel_tags)


def covers(tags: frozenset[Tag], others: frozenset[Tag]) -> bool:
    """Return whether a wheel with *tags* fits wherever a wheel with *others* fits.

    A wheel for any Python 3 and any platform fits everywhere, and one for the stable ABI of an
    older CPython in every later one with the GIL. On Linux, a wheel for an older glibc, or for a
    glibc without a version, fits where a wheel for a newer glibc fits.
    """
    if tags == others:
        return True
    return all(any(_covers(tag, other) for tag in tags) for other in others)


@functools.lru_cache(maxsize=4096)
def _covers(tag: Tag, other: Tag) -> bool:
    if tag == other or (tag.interpreter, tag.abi, tag.platform) == ("py3", "none", "any"):
        return True
    is_anywhere = (tag.abi, tag.platform) == ("none", "any")
    covers_platform = is_anywhere or _covers_platform(tag.platform, other.platform)
    return covers_platform and _covers_python(tag, other)


def _covers_python(tag: Tag, other: Tag) -> bool:
    if (tag.interpreter, tag.abi) == (other.interpreter, other.abi):
        return True
    one, two = _PYTHON.fullmatch(tag.interpreter), _PYTHON.fullmatch(other.interpreter)
    if one is None or two is None or one["word"] not in {"py", two["word"]}:
        return False
    oldest, old = int(one["minor"] or 0), int(two["minor"] or 0)
    match one["word"], tag.abi:
        case "cp", "none":  # for this CPython alone
            return oldest == old and other.abi != "abi3"
        case "cp", "abi3":  # exists from CPython 3.2 on
            return 2 <= oldest <= old and other.abi in {"abi3", other.interpreter}
        case "py", "none":
            return oldest <= old
    return False


def _covers_platform(platform: str, other: str) -> bool:
    if platform == other:
        return True
    one, two = parse_linux(platform), parse_linux(other)
    if one is None or two is None or one.glibc is None or two.glibc is None:
        return False
    return one.machine == two.machine and one.glibc <= two.glibc
