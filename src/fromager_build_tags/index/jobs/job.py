"""A job: a wheel to build once, and the stacks that need it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from packaging.utils import NormalizedName
from packaging.version import Version

from ...plan.model import NUMBER_0
from ...stack.key import StackKey
from ...tag.build_tag import NO_BUILD_TAG, BuildTag
from ...tag.filename import stem


class JobStack(NamedTuple):
    """A stack that wheels are built for; its name is ``VARIANT`` or ``VARIANT:STACK``."""

    variant: str
    key: StackKey
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """A wheel to build once.

    Attributes:
        is_purelib: whether an index shows that the wheel is pure; None if no index has a wheel of
            the version, which is then taken as platlib.
        level: its build needs wheels of lower levels only.
        stacks: the numbers of the stacks that need it; the first one builds it.
        index: the index that has it; "" if it has to be built.
        unshared: why each stack has to build it for itself; "" if one build is enough.
    """

    package: NormalizedName
    version: Version
    build_tag: BuildTag = NO_BUILD_TAG
    is_purelib: bool | None = None
    level: int = 1
    stacks: Sequence[int]
    index: str = ""
    unshared: str = ""

    @property
    def builder(self) -> int | None:
        """The number of the stack that builds it; None if an index has it."""
        return None if self.index else self.stacks[0]

    @property
    def stem(self) -> str:
        """The file name up to the tags, with an unknown suffix as ``?``."""
        packed = NUMBER_0 if self.build_tag.is_none else self.build_tag
        return stem(self.package, self.version, packed)
