"""A project as one index holds it, with what the settings say of each wheel."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from packaging.tags import Tag
from packaging.utils import NormalizedName
from packaging.version import Version

from ..errors import SettingsError
from ..tag.build_tag import BuildTag
from ..tag.vocabulary import segment_texts
from ..verify.exemptions import NO_EXEMPTIONS, Exemptions
from . import Broken, IndexPlace
from .expected import Expected
from .listing import IndexFile
from .status import Status, Wheel

__all__ = [
    "ProjectView",
    "build_tag",
    "leading",
    "replaced_by",
    "segment_texts",
    "tags_text",
    "wanted_tags",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class ProjectView:
    """A project in one index.

    Attributes:
        wheels: by version, each with its standing.
        expected: by version, what the settings give.
        sdists: the versions that have one.
        unreadable: files that end in ``.whl`` and have no wheel's name.
        skipped: how many other files there are.
        broken: why its page gives nothing.
        declared: what the settings declare of its wheels, or why that cannot be read; asked for
            where wheels are read.
    """

    place: IndexPlace
    project: NormalizedName
    wheels: Mapping[Version, Sequence[Wheel]] = field(default_factory=dict)
    expected: Mapping[Version, Expected] = field(default_factory=dict)
    sdists: frozenset[Version] = frozenset()
    unreadable: Sequence[IndexFile] = ()
    skipped: int = 0
    broken: Broken | None = None
    declared: Exemptions | SettingsError = NO_EXEMPTIONS

    def all_wheels(self) -> Iterator[Wheel]:
        """Yield every wheel."""
        return itertools.chain.from_iterable(self.wheels.values())

    @property
    def errors(self) -> frozenset[str]:
        """Why tags cannot be told."""
        return frozenset(each.error for each in self.expected.values() if each.error)

    @property
    def is_unnumbered(self) -> bool:
        """Whether nothing can be said of a wheel for want of a changelog entry."""
        return any(
            wheel.standing is Status.UNKNOWN and not self.expected[version].error
            for version, wheels in self.wheels.items()
            if self.expected[version].number is None
            for wheel in wheels
        )


def leading(wheels: Iterable[Wheel]) -> Iterator[Wheel]:
    """Yield those wheels *of one version* that no other with the same tags outnumbers.

    Where there are several for the same tags, the spelling of their suffixes decides.
    """
    highest: dict[frozenset[Tag], tuple[int, list[Wheel]]] = {}
    for wheel in wheels:
        number = -1 if wheel.name.number is None else wheel.name.number
        best = highest.get(wheel.name.tags)
        if best is None or number > best[0]:
            highest[wheel.name.tags] = (number, [wheel])
        elif number == best[0]:
            best[1].append(wheel)
    for _, wheels_with_it in highest.values():
        yield from wheels_with_it


def build_tag(wheel: Wheel) -> str:
    """Return a wheel's build tag for a message."""
    return str(wheel.name.build_tag) or "no build tag"


def wanted_tags(wheel: Wheel, expected: Expected) -> str:
    """Return the build tags that the settings give for such a wheel, for a message."""
    return tags_text(expected.instead_of(wheel.name))


def replaced_by(wheels: Sequence[Wheel]) -> str:
    """Return what replaces a wheel, for a message."""
    files = " and ".join(wheel.file.filename for wheel in wheels)
    return f"{files} {'replaces' if len(wheels) == 1 else 'replace'} it"


def tags_text(tags: Iterable[BuildTag], between: str = " or ") -> str:
    """Return build tags for a message."""
    return between.join(map(str, sorted(tags, key=lambda tag: tag.sort_key)))
