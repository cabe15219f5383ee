"""Version ranges: the line of all versions, split where the value for a version changes.

With an expression such as ``torch if version < 0.29 else none``, no single row of a table holds for
all versions of a package. ``packaging.ranges`` has set operations on ranges from packaging 26.3 on;
the oldest packaging that this package supports, 26.1, does not have it.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from packaging.version import InvalidVersion, Version

if TYPE_CHECKING:
    from packaging.specifiers import SpecifierSet

#: The range of all versions, or of all that no other range contains.
REST: Final = "*"
_FIRST: Final = Version("0.dev0")
_SIGNS: Final = {"<", "<=", "==", ">=", ">"}


class _Cell(NamedTuple):
    """One boundary, or all versions between two: a version in it, and the specifiers of its ends.

    The first cell has no lower end (""), the last one no upper end.
    """

    like: Version
    first: str
    last: str


def split[T](
    boundaries: Iterable[Version], value_of: Callable[[Version], T]
) -> list[tuple[str, T]]:
    """Return each range of versions with one value, from old to new.

    Args:
        boundaries: the versions at which the value can change.
        value_of: returns the value for a version; equal values make one range.

    Returns:
        Pairs of a range and its value. A range is a specifier set without blanks, such as
        ``<0.29`` or ``>=0.29,<0.31``; the last range is :data:`REST`.
    """
    cells = ((cell, value_of(cell.like)) for cell in _cells(sorted(set(boundaries))))
    spans: list[tuple[str, T]] = []
    for answer, group in itertools.groupby(cells, lambda each: each[1]):
        held = [cell for cell, _ in group]
        spans.append((_span(held[0].first, held[-1].last), answer))
    return [*spans[:-1], (REST, spans[-1][1])]


def ends_of(span: str) -> set[Version]:
    """Return the versions at the ends of a range."""
    return {end for _, end in _parts(span)}


def boundaries_of(specifiers: str) -> set[Version]:
    """Return the versions at the ends of a set of PEP 440 specifiers.

    They are public versions: a range in a lock has no local part.
    """
    found: set[Version] = set()
    for specifier in _specifiers(specifiers):
        try:
            version = Version(Version(specifier.version.removesuffix(".*")).public)
        except InvalidVersion:  # such as ===nightly, which has no order
            continue
        found.add(version)
        if specifier.operator == "~=":
            found.add(_next(version.release[:-1]))
        elif specifier.version.endswith(".*"):
            found.add(_next(version.release))
    return found


def _next(release: tuple[int, ...]) -> Version:
    """Return the first version after all that begin with *release*."""
    return Version(".".join(map(str, (*release[:-1], release[-1] + 1))))


def is_span(text: str) -> bool:
    """Return whether a text is a range other than :data:`REST`, and not a version."""
    return text[:1] in {"<", ">", "="}


def is_well_formed(span: str) -> bool:
    """Return whether :func:`split` can return a range, as opposed to one written by hand."""
    try:
        return all(end.local is None and sign in _SIGNS for sign, end in _parts(span))
    except InvalidVersion:
        return False


def like(span: str) -> Version:
    """Return a version in a range, which stands for all of the range."""
    first, _, _ = span.partition(",")
    version = Version(first.lstrip("<>="))
    if first.startswith(">") and not first.startswith(">="):
        return _above(version)
    return _FIRST if first.startswith("<") else version


def holds(span: str, version: Version) -> bool:
    """Return whether a range contains a version by PEP 440: ``1.0rc1`` is not in ``<1.0``."""
    return span == REST or _specifiers(span).contains(version, prereleases=True)


@functools.lru_cache(maxsize=1024)
def _specifiers(text: str) -> SpecifierSet:
    from packaging.specifiers import SpecifierSet  # takes as long as to read a lock

    return SpecifierSet(text)


def _parts(span: str) -> Iterator[tuple[str, Version]]:
    for part in () if span == REST else span.split(","):
        text = part.lstrip("<>=")
        yield part.removesuffix(text), Version(text)


def _cells(named: list[Version]) -> Iterator[_Cell]:
    first, like = "", _FIRST
    for version in named:
        yield _Cell(like, first, f"<{version}")
        yield _Cell(version, f">={version}", f"<={version}")
        first = f">{version}"
        like = _above(version)
    yield _Cell(like, first, "")


def _above(version: Version) -> Version:
    return Version(f"{version.base_version}.0.0.0.1")


def _span(first: str, last: str) -> str:
    if first.removeprefix(">=") == last.removeprefix("<=") and first:
        return f"=={last.removeprefix('<=')}"
    return ",".join(filter(None, (first, last))) or REST
