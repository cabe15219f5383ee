"""The build tag of a wheel: fromager's number, and the suffix that our segments make.

``8_el9.6_rocm7.1_torch2.10.0`` has the number 8 and three segments. A wheel without a changelog
entry has no build tag; a plan that lacks a fact knows the number and not the suffix: ``2_?``.

Source: the binary distribution format, packaging.python.org, "File name convention"; installers
compare the number, then the suffix as a string (``packaging.utils.parse_wheel_filename``).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple, Self

from ..errors import SegmentError
from .segment import Order, Segment, join, segment_texts, split

_UNKNOWN: Final = "_?"
_BUILD_TAG: Final = re.compile(r"(?P<number>[0-9]+)(?P<suffix>[^-]*)")


class BuildTag(NamedTuple):
    """A build tag: a number with a suffix such as ``_el9.6_cuda13.0``, which may be "".

    The number of a wheel without a build tag is None; a suffix that is unknown is None. It is a
    tuple, since an audit looks up a million of them. Compare with :meth:`sorts_below`, not ``<``.
    """

    number: int | None = None
    suffix: str | None = ""

    @classmethod
    def of(cls, number: int | None, segments: Iterable[Segment] | None) -> Self:
        """Return the build tag of *number* with *segments*: None if they are unknown.

        Without a number there is no build tag.
        """
        suffix = None if segments is None else join(segments)
        return cls() if number is None else cls(number, suffix)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the build tag that *text* spells; "" spells none, ``2_?`` an unknown suffix.

        Raises:
            SegmentError: *text* is not a build tag.
        """
        if not text:
            return cls()
        match = _BUILD_TAG.fullmatch(text)
        if match is None or len(match["number"]) > _LONGEST_NUMBER:
            raise SegmentError(f"{text[:80]!r} is not a build tag, such as '2_el9.6'")
        suffix = match["suffix"]
        return cls(int(match["number"]), None if suffix == _UNKNOWN else suffix)

    def __str__(self) -> str:
        if self.number is None:
            return ""
        return f"{self.number}{_UNKNOWN if self.suffix is None else self.suffix}"

    @property
    def is_none(self) -> bool:
        """Whether the wheel has no build tag."""
        return self.number is None

    @property
    def is_known(self) -> bool:
        """Whether the suffix is known; that of no build tag is."""
        return self.suffix is not None

    @property
    def segments(self) -> tuple[str, ...]:
        """The texts of the segments; () where the suffix is unknown, or is not made of segments."""
        try:
            return split(self.suffix or "")
        except SegmentError:
            return ()

    @property
    def by_order(self) -> Mapping[Order, str]:
        """The segments for distribution, accelerator and Torch, as far as there are such."""
        return segment_texts(self.suffix or "")

    def without_suffix(self) -> Self:
        """Return the number alone."""
        return type(self)(self.number)

    def sorts_below(self, other: BuildTag) -> bool | None:
        """Return whether installers prefer *other*; None where an unknown suffix decides.

        No build tag sorts below every build tag.
        """
        if self.number is None or self.number != other.number:
            return self.sort_key < other.sort_key
        if self.suffix is None or other.suffix is None:
            return None
        return self.suffix < other.suffix

    @property
    def sort_key(self) -> tuple[int, str]:
        """The order of installers as a key; an unknown suffix sorts as if there were none."""
        return (-1, "") if self.number is None else (self.number, self.suffix or "")


_LONGEST_NUMBER: Final = 255  # the longest file name
#: A wheel without a build tag.
NO_BUILD_TAG: Final = BuildTag()

parse_build_tag = functools.lru_cache(maxsize=65536)(BuildTag.parse)
"""Parse a build tag once: many stacks have the same rows."""
