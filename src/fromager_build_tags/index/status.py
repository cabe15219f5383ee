"""The status of the wheels of an index against the settings: current, stale, obsolete."""

from __future__ import annotations

import enum
import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from packaging.tags import Tag
from packaging.utils import NormalizedName
from packaging.version import Version

from ..errors import SettingsError
from ..stack.fact import named_accelerator
from ..tag.build_tag import BuildTag
from ..tag.filename import WheelName
from ..tag.platform import covers
from ..tag.segment import Order, accelerator_word
from ..verify.exemptions import NO_EXEMPTIONS, Exemptions
from .expected import SENSITIVE, Expected
from .file_name import sdist_version, wheel_name_or_none
from .listing import IndexFile, Unreadable
from .place import IndexPlace


class Status(enum.Enum):
    """The status of a wheel against the settings.

    Two more statuses concern several files: a current wheel is *shadowed* where installers select
    a wheel that is not current, and a version is *missing* where it has no wheel.

    CURRENT: the settings give exactly its build tag.
    OBSOLETE: they give another, and current wheels of its kind and stack fit wherever it fits.
    STALE: they give another, and such a wheel is missing.
    UNTAGGED: stale, and its build tag lacks the accelerator or Torch that it depends on.
    TAGGED_PURELIB: stale, and it is a purelib wheel with a suffix.
    FOREIGN: its build number is above the one that the settings give.
    PRE_BUILT: fromager takes it unchanged, with any build tag.
    OTHER_VARIANT: another variant's, in an index of labelled wheels; its settings give its tag.
    UNKNOWN: the settings give no build number, or the tag cannot be computed. Wheels of such a
        version can be UNTAGGED or TAGGED_PURELIB all the same.
    """

    CURRENT = enum.auto()
    OBSOLETE = enum.auto()
    STALE = enum.auto()
    UNTAGGED = enum.auto()
    TAGGED_PURELIB = enum.auto()
    FOREIGN = enum.auto()
    PRE_BUILT = enum.auto()
    OTHER_VARIANT = enum.auto()
    UNKNOWN = enum.auto()


class IndexWheel(NamedTuple):
    """A wheel of an index."""

    file: IndexFile
    name: WheelName
    status: Status = Status.UNKNOWN

    @property
    def build_tag(self) -> BuildTag:
        """The build tag of its name."""
        return self.name.build_tag

    @property
    def accelerator(self) -> str:
        """The accelerator in its build tag or local version, such as ``cuda13.0``; "" for none."""
        segment = self.name.build_tag.by_order.get(Order.ACCELERATOR, "")
        return segment or (named_accelerator(self.name.version) if self.name.version.local else "")


@dataclass(frozen=True, kw_only=True, slots=True)
class ProjectFiles:
    """The files of a project in an index, by kind.

    Attributes:
        wheels: by version.
        sdists: the versions that have an sdist.
        misnamed: files that end in ``.whl`` and have no valid wheel name of the project.
        skipped: the number of all others: signatures, metadata, variants …
    """

    wheels: Mapping[Version, Sequence[IndexWheel]] = field(default_factory=dict)
    sdists: frozenset[Version] = frozenset()
    misnamed: Sequence[IndexFile] = ()
    skipped: int = 0


def group_files(files: Iterable[IndexFile]) -> ProjectFiles:
    """Group the files of a project by kind; the status of wheels is unknown."""
    wheels: dict[Version, list[IndexWheel]] = {}
    sdists: set[Version] = set()
    misnamed: list[IndexFile] = []
    skipped = 0
    for file in files:
        if file.filename.endswith(".whl"):
            name = wheel_name_or_none(file.filename)
            if name is None or name.name != file.project:
                misnamed.append(file)
            else:
                wheels.setdefault(name.version, []).append(IndexWheel(file, name))
        elif sdist := sdist_version(file.filename, file.project):
            sdists.add(sdist)
        else:
            skipped += 1
    return ProjectFiles(wheels=wheels, sdists=frozenset(sdists), misnamed=misnamed, skipped=skipped)


def with_status(
    wheels: Sequence[IndexWheel], expected: Expected, accelerators: Collection[str] = ()
) -> Iterator[IndexWheel]:
    """Yield the wheels *of one version*, each with its status.

    Args:
        wheels: the wheels.
        expected: the build tags that the settings give.
        accelerators: those of the variant's stacks, such as ``cuda13.0``; empty if unknown. Beside
            a labelled wheel, a wheel for another one belongs to another variant.
    """
    is_shared = any(wheel.name.label for wheel in wheels)
    marked = [
        wheel._replace(status=Status.OTHER_VARIANT)
        if is_shared and is_foreign(wheel.accelerator, accelerators)
        else IndexWheel(wheel.file, wheel.name, Status.CURRENT)
        if wheel.name.build_tag in expected.given(wheel.name)
        else wheel
        for wheel in wheels
    ]
    current = [each for each in marked if each.status is Status.CURRENT]
    if len(current) == len(marked):
        yield from marked
        return
    for each in marked:
        if each.status in {Status.CURRENT, Status.OTHER_VARIANT}:
            yield each
        else:
            yield each._replace(status=_other_status(each.name, expected, current))


def is_foreign(accelerator: str, own: Collection[str]) -> bool:
    """Return whether no stack has an accelerator: ``cuda`` agrees with ``cuda13.0``.

    A wheel for ``cpu`` agrees with accelerators that have no Torch of their own, such as ``tpu``.
    """
    words = {accelerator_word(each) for each in own}
    if accelerator == "cpu" and words.isdisjoint({"cuda", "rocm", "xpu"}):
        return False
    return bool(accelerator and own) and accelerator not in {*own, *words}


def _other_status(name: WheelName, expected: Expected, current: Sequence[IndexWheel]) -> Status:
    """Return the status of a wheel whose build tag the settings do not give."""
    if expected.pre_built and expected.number is None:
        return Status.PRE_BUILT
    if expected.number is not None and (name.number or 0) > expected.number:
        return Status.FOREIGN
    if current and is_replaced(replacements(name, expected, current)):
        return Status.OBSOLETE
    if name.is_platlib:
        if expected.sensitive and SENSITIVE.isdisjoint(name.build_tag.by_order):
            return Status.UNTAGGED
    elif name.suffix and not expected.purelib_suffix:
        return Status.TAGGED_PURELIB
    return Status.UNKNOWN if expected.number is None else Status.STALE


def replacements(
    name: WheelName, expected: Expected, wheels: Iterable[IndexWheel]
) -> Mapping[BuildTag, Sequence[IndexWheel]]:
    """Return the wheels *of the same version* that replace a wheel, by build tag.

    A replacement is current, not yanked, of the same kind (platlib or purelib) and stack, and
    fits wherever the wheel fits.
    """
    tags = sorted(expected.replacing(name), key=lambda tag: tag.sort_key)
    found: dict[BuildTag, list[IndexWheel]] = {tag: [] for tag in tags}
    for wheel in fits_for(name, found, wheels):
        if wheel.status is Status.CURRENT:
            found[wheel.build_tag].append(wheel)
    return found


def fits_for(
    name: WheelName, tags: Collection[BuildTag], wheels: Iterable[IndexWheel]
) -> Iterator[IndexWheel]:
    """Yield the wheels with one of *tags* that installers can take wherever they take *name*."""
    platlib = name.is_platlib
    for wheel in wheels:
        if (
            wheel.build_tag in tags
            and wheel.name.label == name.label
            and not wheel.file.yanked
            and wheel.name.is_platlib == platlib
            and covers(wheel.name.tags, name.tags)
        ):
            yield wheel


def is_replaced(found: Mapping[BuildTag, Sequence[IndexWheel]]) -> bool:
    """Return whether every build tag that has to replace a wheel has a wheel."""
    return bool(found) and all(found.values())


@dataclass(frozen=True, kw_only=True, slots=True)
class ProjectView:
    """A project in one index, with the status of each wheel.

    Attributes:
        files: its files; their wheels have a status.
        expected: by version.
        accelerators: those of the variant's stacks, such as ``cuda13.0``; empty if unknown.
        unreadable: why files of it are missing.
        exemptions: the exemptions of its wheels, or why they cannot be read; set where wheels are
            read.
    """

    place: IndexPlace
    project: NormalizedName
    files: ProjectFiles = ProjectFiles()
    expected: Mapping[Version, Expected] = field(default_factory=dict)
    accelerators: frozenset[str] = frozenset()
    unreadable: Unreadable | None = None
    exemptions: Exemptions | SettingsError = NO_EXEMPTIONS

    @property
    def wheels(self) -> Mapping[Version, Sequence[IndexWheel]]:
        """The wheels by version."""
        return self.files.wheels

    def all_wheels(self) -> Iterator[IndexWheel]:
        """Yield every wheel."""
        return itertools.chain.from_iterable(self.wheels.values())

    @property
    def errors(self) -> frozenset[str]:
        """Why tags cannot be computed."""
        return frozenset(each.error for each in self.expected.values() if each.error)

    @property
    def is_unnumbered(self) -> bool:
        """Whether the status of a wheel is unknown because of a missing changelog entry."""
        return any(
            wheel.status is Status.UNKNOWN and not self.expected[version].error
            for version, wheels in self.wheels.items()
            if self.expected[version].number is None
            for wheel in wheels
        )


def highest_numbered(wheels: Sequence[IndexWheel]) -> Sequence[IndexWheel]:
    """Return, for each tag set and label, the wheels *of one version* with the highest number.

    There can be several of them: the spelling of their suffixes decides which one is selected.
    """
    top: dict[tuple[frozenset[Tag], str], int] = {}
    for wheel in wheels:
        number, _ = wheel.build_tag.sort_key
        kind = wheel.name.tags, wheel.name.label
        top[kind] = max(number, top.get(kind, number))
    return [
        wheel
        for wheel in wheels
        if wheel.build_tag.sort_key[0] == top[wheel.name.tags, wheel.name.label]
    ]


def tags_text(tags: Iterable[BuildTag], between: str = " or ") -> str:
    """Return build tags for a message."""
    return between.join(map(str, sorted(tags, key=lambda tag: tag.sort_key)))


def replacing_text(wheels: Sequence[IndexWheel]) -> str:
    """Return ``replaced by a.whl and b.whl``, for a message."""
    return f"replaced by {' and '.join(wheel.file.filename for wheel in wheels)}"
