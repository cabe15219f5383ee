"""A build tag that a change of settings changes, and its order for installers.

A renamed wheel has to sort above the wheel that it replaces. Otherwise installers keep the old
one.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

from ..plan.locked_tags import ANY
from ..stack.key import StackKey
from ..tag.build_tag import BuildTag
from ..tag.version_ranges import is_span
from .causes import Cause


class ChangeKind(enum.StrEnum):
    """What happened to a wheel."""

    NEW = "new"
    CHANGED = "changed"
    GONE = "gone"


class Wheels(NamedTuple):
    """The wheels of one version; each snapshot gives all of them the same build tag.

    Attributes:
        purelib: whether they are for any platform: their build tag is a number without segments.
        files: how many there are: one for each Python and platform.
    """

    package: str
    version: str
    purelib: bool = False
    files: int = 1


#: What ``*`` stands for as a package.
OTHER_PACKAGES: Final = "every other package"


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """A build tag that differs between base and head.

    Attributes:
        variant: fromager's variant.
        package: the package; ``*`` for all that neither the settings nor an override name.
        version: the version or version range; ``*`` for all others without a changelog entry.
        before: the build tag of the base; None where the base does not have the stack.
        after: the build tag of the head; None where the head does not have the stack.
        causes: what changed it; empty where no settings file explains the change.
        reason: why the suffix of the head is unknown; "" where it is known or nothing is recorded.
        purelib: whether it is the build tag of wheels for any platform.
        files: how many wheels have it, where real ones are counted.
        beside: the stack of *before*, where the head has that stack as well as the new one.
        is_added: whether the base has neither settings of the package nor its stack.
    """

    variant: str
    package: str
    version: str
    before: BuildTag | None
    after: BuildTag | None
    causes: tuple[Cause, ...] = ()
    reason: str = ""
    purelib: bool = False
    files: int = 1
    beside: StackKey | None = None
    is_added: bool = False

    @property
    def kind(self) -> ChangeKind:
        """What happened."""
        if self.before is None:
            return ChangeKind.NEW
        return ChangeKind.GONE if self.after is None else ChangeKind.CHANGED

    @property
    def is_rebuilt(self) -> bool:
        """Whether fromager builds the wheel: it is neither gone nor newly pre-built."""
        return self.after is not None and not self.became_pre_built

    @property
    def is_open(self) -> bool:
        """Whether it stands for versions or packages that are not listed one by one."""
        return ANY in {self.package, self.version} or is_span(self.version)

    @property
    def sorts_below(self) -> bool:
        """Whether installers certainly prefer the old wheel to the new one."""
        return _sorts_below(self.after, self.before) and not self.became_pre_built

    @property
    def number_fell(self) -> bool:
        """Whether the build number is lower than before, or gone."""
        after, before = (tag and tag.without_suffix() for tag in (self.after, self.before))
        return _sorts_below(after, before) and not self.became_pre_built

    @property
    def lost_its_number(self) -> bool:
        """Whether the build number is gone, though fromager builds the wheel."""
        return self._lost_its_tag and not self.became_pre_built

    @property
    def became_pre_built(self) -> bool:
        """Whether there is no build tag any more because fromager takes the wheel unchanged."""
        return self._lost_its_tag and any(cause.pre_built for cause in self.causes)

    @property
    def _lost_its_tag(self) -> bool:
        return bool(self.before and self.after and self.after.is_none and not self.before.is_none)

    @property
    def is_new_without_tag(self) -> bool:
        """Whether it is new, and has no build tag."""
        return self.before is None and self.after is not None and self.after.is_none

    @property
    def suffix_became_unknown(self) -> bool:
        """Whether the suffix was known, and is unknown now."""
        return bool(self.before and self.after and self.before.is_known and not self.after.is_known)

    @property
    def lost_a_segment(self) -> bool:
        """Whether the new build tag has fewer segments, though the settings name a hook."""
        before, after = self.before, self.after
        if before is None or after is None or after.is_none or not after.is_known:
            return False
        is_fewer = len(after.segments) < len(before.segments)
        return is_fewer and not any(cause.no_hook for cause in self.causes)

    @property
    def wheel(self) -> str:
        """The package and version, for a message."""
        if self.package == ANY:
            return OTHER_PACKAGES
        version = "(any other version)" if self.version == ANY else self.version
        return f"{self.package} {version}{' (pure Python)' if self.purelib else ''}"


def _sorts_below(one: BuildTag | None, other: BuildTag | None) -> bool:
    return one is not None and other is not None and one.sorts_below(other) is True


@dataclass(frozen=True, kw_only=True, slots=True)
class Rebuilds:
    """How many packages, or wheels of a real build, fromager builds again on one stack.

    Attributes:
        variant: fromager's variant.
        stack: the stack of the head.
        renamed: those with another build tag than before.
        added: those that the base does not have.
    """

    variant: str
    stack: StackKey
    renamed: int
    added: int


def count_wheels(changes: Iterable[Change], *, real: bool) -> int:
    """Count the wheels of a real build; or else the packages, without ``*``."""
    if real:
        return sum(each.files for each in changes)
    return len({each.package for each in changes} - {ANY})


@dataclass(frozen=True, kw_only=True, slots=True)
class UnknownTags:
    """The build tags of a stack that cannot be compared.

    Their number is equal and their old suffix unknown, or a lock does not contain their package.

    Attributes:
        variant: fromager's variant.
        stack: the stack of the head.
        count: how many there are.
        reasons: why their suffixes are unknown, as far as it is recorded.
        is_locked: whether a lock contains their packages, or none was read.
    """

    variant: str
    stack: StackKey
    count: int
    reasons: tuple[str, ...]
    is_locked: bool = True
