"""A build tag that is not what it was, and what installers make of it.

They compare the number, then the suffix as a string. A renamed wheel has to sort above the one
that it replaces, or they go on installing that.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import NamedTuple

from ..plan.lockfile import ANY, NO_TAG, is_told, split_tag
from ..stack.key import StackKey
from ..tag.version_ranges import is_span
from .causes import Cause


class Kind(enum.StrEnum):
    """What happened to a tag."""

    NEW = "new"
    CHANGED = "changed"
    GONE = "gone"


class Wheels(NamedTuple):
    """Wheels of one version, of which either side gives all the same build tag.

    Attributes:
        purelib: they are for any platform: their build tag is a number, without segments.
        files: how many there are, one for each Python and platform.
    """

    package: str
    version: str
    purelib: bool = False
    files: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """A tag that is not what it was.

    Attributes:
        variant: fromager's word.
        package: the package; ``*`` for all that nothing names.
        version: its version; ``*`` for all without a changelog entry.
        before: the tag of the base, "" where its stack is new.
        after: the tag of the head, "" where its stack is gone.
        causes: what changed it; empty where no settings file tells.
        reason: why the suffix of the head's tag cannot be told, if it cannot, as far as known.
        purelib: it is the tag of wheels for any platform.
        files: how many wheels have it, where real ones are counted.
        beside: the stack that the old tag is of, where that stays beside a new one.
    """

    variant: str
    package: str
    version: str
    before: str
    after: str
    causes: tuple[Cause, ...] = ()
    reason: str = ""
    purelib: bool = False
    files: int = 1
    beside: StackKey | None = None

    @property
    def kind(self) -> Kind:
        """What happened."""
        if not self.before:
            return Kind.NEW
        return Kind.CHANGED if self.after else Kind.GONE

    @property
    def is_rebuilt(self) -> bool:
        """Whether fromager builds a wheel of this name: it is not gone, nor pre-built now."""
        return self.kind is not Kind.GONE and not (self.lost_its_tag and self.is_pre_built)

    @property
    def is_open(self) -> bool:
        """Whether it speaks of versions, or packages, that nothing names."""
        return ANY in {self.package, self.version} or is_span(self.version)

    @property
    def sorts_below(self) -> bool:
        """Whether installers are sure to prefer the old wheel to the new one."""
        old, new = split_tag(self.before), split_tag(self.after)
        if old is None or new is None:
            return self.lost_its_number
        return new < old if self.both_told else new[0] < old[0]

    @property
    def loses_openly(self) -> bool:
        """Whether what nothing names sorts below what it was."""
        return self.is_open and self.sorts_below

    @property
    def both_told(self) -> bool:
        """Whether both suffixes are known, so that they can be compared."""
        return is_told(self.before) and is_told(self.after)

    @property
    def is_told_no_more(self) -> bool:
        """Whether the suffix was known, and is not any more."""
        return self.before != "" and is_told(self.before) and not is_told(self.after)

    @property
    def number_fell(self) -> bool:
        """Whether the build number went down, or away."""
        old, new = split_tag(self.before), split_tag(self.after)
        if old is None or new is None:
            return self.lost_its_number
        return new[0] < old[0]

    @property
    def lost_its_number(self) -> bool:
        """Whether there is no build number any more, yet fromager builds the wheel."""
        return self.lost_its_tag and not self.is_pre_built

    @property
    def is_bare(self) -> bool:
        """Whether it is new, and gets no build tag."""
        return self.kind is Kind.NEW and self.after == NO_TAG

    @property
    def lost_its_tag(self) -> bool:
        """Whether there was a build tag, and is none."""
        return split_tag(self.before) is not None and self.after == NO_TAG

    @property
    def is_pre_built(self) -> bool:
        """Whether it became pre-built, so that fromager takes the wheel as it is."""
        return any(cause.pre_built for cause in self.causes)

    @property
    def lost_a_segment(self) -> bool:
        """Whether the new tag has fewer segments."""
        old, new = split_tag(self.before), split_tag(self.after)
        if old is None or new is None or not self.both_told:
            return False
        return new[1].count("_") < old[1].count("_")

    @property
    def lost_its_suffix(self) -> bool:
        """Whether there are no segments any more, as there is no hook to give them."""
        return self.lost_a_segment and any(cause.no_hook for cause in self.causes)

    @property
    def wheel(self) -> str:
        """The package and version, for a message."""
        if self.package == ANY:
            return "every package that nothing names"
        version = "(any other version)" if self.version == ANY else self.version
        return f"{self.package} {version}{' (pure Python)' if self.purelib else ''}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Untold:
    """Tags of one stack that cannot be compared: the same number, and the old suffix not known.

    Attributes:
        variant: fromager's word.
        stack: the facts of the head's stack.
        count: how many.
        reasons: why they cannot be told, as far as it is known.
    """

    variant: str
    stack: StackKey
    count: int
    reasons: tuple[str, ...]
