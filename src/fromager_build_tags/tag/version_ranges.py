"""Spans of versions: the line of all versions, cut where what is said of them changes.

An expression such as ``torch if version < 0.29 else none`` says one thing of some versions, and
another of the rest, so no single row of a table speaks for all of them.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

from packaging.version import InvalidVersion, Version

#: The span of all versions, or of all that no other span holds.
REST: Final = "*"
_FIRST: Final = Version("0.dev0")
_COMPARE: Final[dict[str, Callable[[Version, Version], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    ">=": operator.ge,
    ">": operator.gt,
}


class _Cell(NamedTuple):
    """One version that something names, or all between two such.

    Attributes:
        like: a version in it, which stands for all of them.
        first: the specifier that it begins with; "" for the first.
        last: the specifier that it ends with; "" for the last.
    """

    like: Version
    first: str
    last: str


def split[T](boundaries: Iterable[Version], says: Callable[[Version], T]) -> list[tuple[str, T]]:
    """Return each span of versions, old to new, with what *says* answers for all of it.

    Args:
        boundaries: the versions at which the answer can change.
        says: answers for a version; the answers are compared.

    Returns:
        Pairs of a span and an answer. A span is a specifier set without blanks, such as
        ``<0.29`` or ``>=0.29,<0.31``; the last is :data:`REST`, whatever it begins with.
    """
    cells = ((cell, says(cell.like)) for cell in _cells(sorted(set(boundaries))))
    spans: list[tuple[str, T]] = []
    for answer, group in itertools.groupby(cells, lambda each: each[1]):
        held = [cell for cell, _ in group]
        spans.append((_span(held[0].first, held[-1].last), answer))
    return [*spans[:-1], (REST, spans[-1][1])]


def ends_of(span: str) -> set[Version]:
    """Return the versions at which a span begins or ends."""
    return {end for _, end in _parts(span)}


def boundaries_of(specifiers: str) -> set[Version]:
    """Return the versions at which any set of PEP 440 specifiers begins or ends.

    They are public versions: a lock names a version with a local part, or says nothing of it.
    """
    from packaging.specifiers import SpecifierSet  # takes as long as to read a lock

    found: set[Version] = set()
    for specifier in SpecifierSet(specifiers):
        try:
            version = Version(Version(specifier.version.removesuffix(".*")).public)
        except InvalidVersion:  # such as ===nightly, which is no place on the line
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
    """Tell a span, but for :data:`REST`, from a version."""
    return text[:1] in {"<", ">", "="}


def is_well_formed(span: str) -> bool:
    """Tell what :func:`split` can have made from what somebody wrote by hand."""
    try:
        return all(end.local is None and sign in _COMPARE for sign, end in _parts(span))
    except InvalidVersion:
        return False


def like(span: str) -> Version:
    """Return a version that lies in a span, and stands for all of it."""
    first, _, _ = span.partition(",")
    version = Version(first.lstrip("<>="))
    if first.startswith(">") and not first.startswith(">="):
        return _above(version)
    return _FIRST if first.startswith("<") else version


def holds(span: str, version: Version) -> bool:
    """Tell whether a version lies in a span, as PEP 440 has it: ``1.0rc1`` is not below ``1.0``."""
    ends = list(_parts(span))
    if all(_compare_as_they_are(version, end) for _, end in ends):
        return all(_COMPARE[sign](version, end) for sign, end in ends)
    from packaging.specifiers import SpecifierSet  # takes as long as to read a lock

    return SpecifierSet(span).contains(version, prereleases=True)


def _parts(span: str) -> Iterator[tuple[str, Version]]:
    for part in () if span == REST else span.split(","):
        text = part.lstrip("<>=")
        yield part.removesuffix(text), Version(text)


def _compare_as_they_are(version: Version, end: Version) -> bool:
    """Tell versions between which PEP 440 knows no more than their order."""
    if str(end) != end.base_version:
        return False
    base = version.base_version
    return str(version) == base or Version(base) != end


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
