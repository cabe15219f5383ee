"""What the settings give for the wheels of an index, version by version, on every stack."""

from __future__ import annotations

import collections
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from packaging.utils import NormalizedName
from packaging.version import Version

from .plan import PlannedTag, Wanted, plan
from .segment import Order, Segment, join
from .stack import Stack
from .tree import SettingsTree

#: A build tag as installers compare it: number and suffix.
type BuildTag = tuple[int, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Expected:
    """What the settings give for one version of a package.

    Attributes:
        number: fromager's build number; None where the settings give none, or cannot tell.
        platlib: the build tag of a platlib wheel on each stack.
        purelib: of a purelib wheel.
        sensitive: whether a platlib wheel depends on the accelerator or Torch.
    """

    number: int | None = None
    platlib: frozenset[BuildTag] = frozenset()
    purelib: frozenset[BuildTag] = frozenset()
    sensitive: bool = False

    def tags(self, *, platlib: bool) -> frozenset[BuildTag]:
        """Return the build tags of one kind of wheel."""
        return self.platlib if platlib else self.purelib


#: Nothing is known, so nothing is wrong.
ANYTHING = Expected()


@dataclass(frozen=True, slots=True)
class Expectations:
    """What a settings tree gives, asked for project by project.

    Attributes:
        errors: why tags cannot be told, and for how many packages each.
    """

    tree: SettingsTree
    here: bool = False
    errors: collections.Counter[str] = field(default_factory=collections.Counter)
    _stacks: dict[str, Sequence[Stack]] = field(default_factory=dict)

    def learn(self, variant: str) -> None:
        """Read the stacks of a variant.

        Raises:
            BuildTagError: the declaration is wrong, or contradicts this machine.
        """
        if variant not in self._stacks:
            self._stacks[variant] = self.tree.stacks(variant, here=self.here)

    def of(
        self, variant: str, package: NormalizedName, versions: Iterable[Version]
    ) -> Mapping[Version, Expected]:
        """Return what the settings give for each of *versions* on a variant that is learnt."""
        wanted = Wanted(package=package, versions=tuple(dict.fromkeys(versions)))
        by_version: dict[Version, list[PlannedTag]] = {}
        for tag in plan(self.tree, variant, self._stacks[variant], [wanted]):
            if tag.version is not None:
                by_version.setdefault(tag.version, []).append(tag)
        tags = [tag for each in by_version.values() for tag in each]
        self.errors.update({tag.error for tag in tags if tag.error})
        return {version: _expected(each) for version, each in by_version.items()}


def _expected(tags: Sequence[PlannedTag]) -> Expected:
    told = [tag for tag in tags if tag.number is not None and not tag.error]
    if not told or len(told) < len(tags):
        return ANYTHING
    return Expected(
        number=max(tag.number for tag in told if tag.number is not None),
        platlib=frozenset(_build_tag(tag.number, tag.platlib) for tag in told),
        purelib=frozenset(_build_tag(tag.number, tag.purelib) for tag in told),
        sensitive=any(
            segment.order in {Order.ACCELERATOR, Order.TORCH}
            for tag in told
            for segment in tag.platlib
        ),
    )


def _build_tag(number: int | None, segments: Iterable[Segment]) -> BuildTag:
    return (number or 0, join(segments))
