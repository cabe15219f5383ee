"""How a wheel of an index stands to the settings: current, stale or superseded."""

from __future__ import annotations

import enum
import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from packaging.tags import Tag
from packaging.utils import InvalidSdistFilename, NormalizedName, parse_sdist_filename
from packaging.version import Version

from ..errors import InputError
from ..tag.build_tag import BuildTag
from ..tag.filename import WheelName, parse_wheel_name
from ..tag.platform import covers, is_platlib
from ..tag.segment import Order
from ..tag.vocabulary import classify
from . import IndexFile
from .expected import Expected

#: Longer names fit no file system, and a long compressed tag set is a great many tags.
_LONGEST_NAME: Final = 255
_SDIST: Final = (".tar.gz", ".zip")


class Status(enum.Enum):
    """What the settings say of a wheel.

    CURRENT: they give exactly its build tag.
    SUPERSEDED: they give another, and a wheel of its kind and stack that has it fits wherever
        this one does.
    STALE: they give another, and no such wheel has it.
    UNTAGGED: the same, and its build tag does not tell what it depends on.
    TAGGED_PURELIB: the same, and it is a purelib wheel, which depends on nothing.
    FOREIGN: its build number is above the one that they give.
    PRE_BUILT: fromager takes it as it is, with whatever tag it has.
    UNKNOWN: they give no build number, for want of a changelog entry, or cannot tell the tag;
        what it is built for may still be UNTAGGED or TAGGED_PURELIB.
    """

    CURRENT = enum.auto()
    SUPERSEDED = enum.auto()
    STALE = enum.auto()
    UNTAGGED = enum.auto()
    TAGGED_PURELIB = enum.auto()
    FOREIGN = enum.auto()
    PRE_BUILT = enum.auto()
    UNKNOWN = enum.auto()


class Wheel(NamedTuple):
    """A wheel of an index."""

    file: IndexFile
    name: WheelName
    standing: Status = Status.UNKNOWN

    @property
    def yanked(self) -> bool:
        """Whether installers take it only for want of another."""
        return self.file.yanked


@dataclass(frozen=True, kw_only=True, slots=True)
class Sorted:
    """The files of a project in an index, by what they are.

    Attributes:
        wheels: by version.
        sdists: the versions that have one.
        unreadable: files that end in ``.whl`` and have no wheel's name.
        skipped: how many others there are: signatures, metadata, variants …
    """

    wheels: Mapping[Version, Sequence[tuple[IndexFile, WheelName]]]
    sdists: frozenset[Version]
    unreadable: Sequence[IndexFile]
    skipped: int


def sort_files(files: Iterable[IndexFile]) -> Sorted:
    """Tell wheels, sdists, and the rest apart."""
    wheels: dict[Version, list[tuple[IndexFile, WheelName]]] = {}
    sdists: set[Version] = set()
    unreadable: list[IndexFile] = []
    skipped = 0
    for file in files:
        if file.filename.endswith(".whl"):
            name = _wheel_name(file.filename)
            if name is None or name.name != file.project:
                unreadable.append(file)
            elif (of_version := wheels.get(name.version)) is not None:
                of_version.append((file, name))
            else:
                wheels[name.version] = [(file, name)]
        elif version := _sdist_version(file.filename):
            sdists.add(version)
        else:
            skipped += 1
    return Sorted(wheels=wheels, sdists=frozenset(sdists), unreadable=unreadable, skipped=skipped)


def _wheel_name(filename: str) -> WheelName | None:
    if len(filename) > _LONGEST_NAME:
        return None
    # What is said of a name is said again and again: versions for each Python, tags for each
    # version. The tags are the last three parts, so either half is read on its own.
    front, *tags = filename.removesuffix(".whl").rsplit("-", 3)
    try:
        return WheelName(filename, *_front(front), _tags("-".join(tags)))
    except InputError:
        return None


@functools.lru_cache(maxsize=4096)
def _front(front: str) -> tuple[NormalizedName, Version, BuildTag]:
    return parse_wheel_name(f"{front}-py3-none-any.whl")[1:-1]


@functools.lru_cache(maxsize=4096)
def _tags(tags: str) -> frozenset[Tag]:
    return parse_wheel_name(f"a-1-{tags}.whl").tags


@functools.lru_cache(maxsize=4096)
def _is_platlib(tags: frozenset[Tag]) -> bool:
    return is_platlib(tags)


def _sdist_version(filename: str) -> Version | None:
    if not filename.endswith(_SDIST) or len(filename) > _LONGEST_NAME:
        return None
    try:
        return parse_sdist_filename(filename)[1]
    except InvalidSdistFilename:
        return None


def judge(wheels: Sequence[tuple[IndexFile, WheelName]], expected: Expected) -> Iterator[Wheel]:
    """Say how each wheel *of one version* stands."""
    if expected.number is None:
        for file, name in wheels:
            yield Wheel(file, name, _without_number(name, expected))
        return
    are_current = [_is_current(name, expected) for _, name in wheels]
    if all(are_current):
        for file, name in wheels:
            yield Wheel(file, name, Status.CURRENT)
        return
    current = [
        Wheel(*each, Status.CURRENT)
        for each, is_current in zip(wheels, are_current, strict=True)
        if is_current
    ]
    for (file, name), is_current in zip(wheels, are_current, strict=True):
        yield Wheel(file, name, Status.CURRENT if is_current else _other(name, expected, current))


def _without_number(name: WheelName, expected: Expected) -> Status:
    """Say how a wheel stands whose build tag cannot be compared."""
    if expected.pre_built:
        return Status.PRE_BUILT
    return _by_kind(name, expected) or Status.UNKNOWN


def _by_kind(name: WheelName, expected: Expected) -> Status | None:
    """Say what a build tag tells that it should not, or the other way round."""
    if not _is_platlib(name.tags):
        tagged = bool(name.suffix) and not expected.purelib_tells
        return Status.TAGGED_PURELIB if tagged else None
    return Status.UNTAGGED if expected.sensitive and not _tells_needs(name) else None


def _is_current(name: WheelName, expected: Expected) -> bool:
    return name.build_tag in expected.tags(platlib=_is_platlib(name.tags))


def _other(name: WheelName, expected: Expected, current: Sequence[Wheel]) -> Status:
    """Say how a wheel stands whose build tag the settings don't give."""
    if expected.number is not None and (name.number or 0) > expected.number:
        return Status.FOREIGN
    if current and is_replaced(replacements(name, expected, current)):
        return Status.SUPERSEDED
    return _by_kind(name, expected) or Status.STALE


def _tells_needs(name: WheelName) -> bool:
    return any(classify(text) in {Order.ACCELERATOR, Order.TORCH} for text in name.segments)


#: For each build tag that stands in for a wheel's, the wheels that have it and fit as widely.
type Replacements = Mapping[BuildTag, Sequence[Wheel]]


def replacements(name: WheelName, expected: Expected, wheels: Iterable[Wheel]) -> Replacements:
    """Return which of the wheels *of the same version* do the job of one.

    A wheel does it that the settings give for the same kind, platlib or purelib, and the same
    stack, that fits wherever that one does, and that is not yanked.
    """
    found: dict[BuildTag, list[Wheel]] = {
        tag: [] for tag in sorted(expected.instead_of(name), key=lambda each: each.sort_key)
    }
    platlib = name.is_platlib
    for wheel in wheels:
        tag = wheel.name.build_tag
        if (
            tag in found
            and wheel.standing is Status.CURRENT
            and not wheel.yanked
            and wheel.name.is_platlib == platlib
            and covers(wheel.name.tags, name.tags)
        ):
            found[tag].append(wheel)
    return found


def is_replaced(found: Replacements) -> bool:
    """Tell whether nothing is missing of what replaces a wheel."""
    return bool(found) and all(found.values())
