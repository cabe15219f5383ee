"""Version ranges: the line of all versions, cut where the value for a version changes.

With an expression such as ``torch if version < 0.29 else none``, no single row of a table holds for
all versions of a package. A range is a set of PEP 440 specifiers, which contain what PEP 440 says:
``1.0rc1`` is not in ``<1.0``, but in ``<=1.0,!=1.0``. Local parts do not matter, since fromager
ignores them. ``packaging.ranges`` has set operations on ranges from packaging 26.3 on; the oldest
packaging that this package supports, 26.1, does not have it.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Final

from packaging.version import InvalidVersion, Version

if TYPE_CHECKING:
    from packaging.specifiers import Specifier, SpecifierSet

#: The range of all versions, or of all that no other range contains.
REST: Final = "*"
_FIRST: Final = Version("0.dev0")
_SIGNS: Final = {"<", "<=", "==", "!=", ">=", ">"}
_LONGEST: Final = 1000  # a longer number can be too large for an int
#: ``>1.0`` is all that is above each post-release of 1.0: above this one, as far as they exist.
_LAST_POST: Final = 99999999999999


def split[T](
    boundaries: Iterable[Version], value_of: Callable[[Version], T]
) -> list[tuple[str, T]]:
    """Return each range of versions with one value, from old to new.

    Args:
        boundaries: the first version of each range in which the value is the same for all.
        value_of: returns the value for a version; equal values make one range.

    Returns:
        Pairs of a range and its value. A range is a specifier set without blanks, such as
        ``<0.29`` or ``>=0.29,<0.31.dev0``; the last range is :data:`REST`.
    """
    starts = sorted({_FIRST, *boundaries})
    values = ((start, value_of(sample_from(start))) for start in starts)
    groups = itertools.groupby(values, lambda each: each[1])
    ranges = [(next(group)[0], value) for value, group in groups]
    ends = [start for start, _ in ranges[1:]]
    spans = [_span(start, end) for (start, _), end in zip(ranges, ends, strict=False)]
    return [(span, value) for span, (_, value) in zip([*spans, REST], ranges, strict=True)]


def boundaries_of(specifiers: str) -> set[Version]:
    """Return the first version of each range that a set of PEP 440 specifiers distinguishes.

    They are public versions: a range has no local part.
    """
    return {each for specifier in _specifiers(specifiers) for each in _boundaries(specifier)}


def _boundaries(specifier: Specifier) -> tuple[Version, ...]:
    try:
        version = public(Version(specifier.version.removesuffix(".*")))
    except InvalidVersion:  # such as ===nightly, which has no order
        return ()
    release, is_prefix = version.release, specifier.version.endswith(".*")
    found: tuple[Version, ...]
    match specifier.operator:
        case "<":
            found = (version if version.is_prerelease else version.__replace__(dev=0),)
        case "<=":
            found = (_next(version),)
        case ">=":
            found = (version,)
        case ">":
            found = (_after_posts(version),)
        case "~=":
            found = (version, _first_after(release[:-1], version))
        case _ if is_prefix:
            found = (version.__replace__(dev=0), _first_after(release, version))
        case _:  # ==, !=, ===
            found = (version, _next(version))
    return found


def _first_after(release: tuple[int, ...], version: Version) -> Version:
    """Return the first version after all that begin with *release*."""
    next_release = (*release[:-1], release[-1] + 1)
    return Version.from_parts(epoch=version.epoch, release=next_release, dev=0)


def _next(version: Version) -> Version:
    """Return the first version after *version*: nothing is between the two."""
    if version.dev is not None:
        return version.__replace__(dev=version.dev + 1)
    return version.__replace__(post=0 if version.post is None else version.post + 1, dev=0)


def _after_posts(version: Version) -> Version:
    """Return the first version that ``>version`` contains."""
    if version.dev is not None or version.post is not None:
        return _next(version)
    if version.pre is not None:
        letter, number = version.pre
        return version.__replace__(pre=(letter, number + 1), dev=0)
    return version.__replace__(post=_LAST_POST, dev=0)


def public(version: Version) -> Version:
    """Return a version without its local part."""
    return version if version.local is None else version.__replace__(local=None)


def without_local_parts(specifiers: SpecifierSet) -> SpecifierSet:
    """Return specifiers that hold for versions without local parts, and compare no texts.

    Raises:
        InvalidVersion: ``===`` names no version.
    """
    return _specifiers(",".join(map(_without_local_part, specifiers)))


def _without_local_part(specifier: Specifier) -> str:
    if specifier.operator == "===":
        return f"=={public(Version(specifier.version))}"
    return f"{specifier.operator}{specifier.version.partition('+')[0]}"


def is_span(text: str) -> bool:
    """Return whether a text is a range other than :data:`REST`, and not a version."""
    return text[:1] in {"<", ">", "="}


def is_well_formed(span: str) -> bool:
    """Return whether :func:`split` can return a range, as opposed to one written by hand."""
    if len(span) > _LONGEST:
        return False
    try:
        return all(end.local is None and sign in _SIGNS for sign, end in _parts(span))
    except ValueError:  # InvalidVersion is one
        return False


def like(span: str) -> Version:
    """Return a version in a range, which stands for all of the range."""
    if span.startswith("<"):
        return _FIRST
    sign, start = next(_parts(span))
    return sample_from(_after_posts(start) if sign == ">" else start)


def sample_from(start: Version) -> Version:
    """Return a version of the range that begins with *start*: itself, if it is a real one."""
    if start.post != _LAST_POST:
        return start
    return Version.from_parts(epoch=start.epoch, release=(*start.release, *_ZEROS, 1), dev=0)


_ZEROS: Final = (0,) * 12  # no release has so many numbers


def holds(span: str, version: Version) -> bool:
    """Return whether a range contains a version by PEP 440: ``1.0rc1`` is not in ``<1.0``."""
    return span == REST or _specifiers(span).contains(public(version), prereleases=True)


@functools.lru_cache(maxsize=1024)
def _specifiers(text: str) -> SpecifierSet:
    from packaging.specifiers import SpecifierSet  # takes as long as to read a lock

    return SpecifierSet(text)


def _parts(span: str) -> Iterator[tuple[str, Version]]:
    for part in () if span == REST else span.split(","):
        text = part.lstrip("<>=!")
        yield part.removesuffix(text), Version(text)


def _span(start: Version, end: Version) -> str:
    """Return the range from *start* to all before *end*."""
    if end == _next(start):
        return f"=={start}"
    if start == _FIRST:
        return _below(end)
    above = f">={start}" if start.post != _LAST_POST else f">{start.base_version}"
    return f"{above},{_below(end)}"


def _below(end: Version) -> str:
    if end.dev == 0 and end.post == 0:
        return f"<={end.__replace__(post=None, dev=None)}"
    if end.dev == 0 and end.pre is None:
        return f"<{end.__replace__(dev=None)}"
    # only below a pre-release, "<" contains the pre-releases
    return f"<{end}" if end.is_prerelease else f"<={end},!={end}"
