"""What the settings give for the wheels of an index, version by version, on every stack."""

from __future__ import annotations

import collections
import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from packaging.utils import NormalizedName
from packaging.version import Version

from ..errors import BuildTagError, SettingsError
from ..plan.model import PlannedTag, Wanted
from ..plan.planner import plan
from ..settings.declare import closest
from ..settings.tree import SettingsTree
from ..stack.stack import Stack
from ..tag.build_tag import BuildTag
from ..tag.filename import WheelName
from ..tag.segment import Order, Segment
from ..tag.vocabulary import segment_texts


@dataclass(frozen=True, kw_only=True, slots=True)
class Expected:
    """What the settings give for one version of a package.

    Attributes:
        number: fromager's build number; None where the settings give none, or the tags cannot be
            told.
        platlib: the build tag of a platlib wheel on each stack.
        purelib: of a purelib wheel.
        sensitive: whether a platlib wheel depends on the accelerator or Torch.
        purelib_tells: whether a purelib wheel may have a suffix.
        pre_built: whether fromager takes a wheel as it is, with its own tag.
        error: why the tags cannot be told, "" if they can.
    """

    number: int | None = None
    platlib: frozenset[BuildTag] = frozenset()
    purelib: frozenset[BuildTag] = frozenset()
    sensitive: bool = False
    purelib_tells: bool = True
    pre_built: bool = False
    error: str = ""

    def tags(self, *, platlib: bool) -> frozenset[BuildTag]:
        """Return the build tags of one kind of wheel."""
        return self.platlib if platlib else self.purelib

    def instead_of(self, name: WheelName) -> frozenset[BuildTag]:
        """Return the build tags that all have to be there before a wheel is needed no more.

        They are those of its kind for its stack: of its very suffix, else of its accelerator and
        Torch. Where no declared stack has these, nobody knows which one took its place, and the
        tags of all stacks are meant.
        """
        return _of_stack(self.tags(platlib=name.is_platlib), name.suffix)


@functools.lru_cache(maxsize=4096)
def _of_stack(tags: frozenset[BuildTag], suffix: str) -> frozenset[BuildTag]:
    return (
        frozenset(tag for tag in tags if tag.suffix == suffix)
        or frozenset(tag for tag in tags if _stack(tag.suffix or "") == _stack(suffix))
        or tags
    )


def _stack(suffix: str) -> tuple[str | None, str | None]:
    texts = segment_texts(suffix)
    return texts.get(Order.ACCELERATOR), texts.get(Order.TORCH)


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
            BuildTagError: nothing names the variant; the declaration is wrong, or contradicts
                this machine.
        """
        if variant not in self._stacks:
            known = self.tree.variants()
            if known and variant not in known:
                raise SettingsError(
                    f"neither the settings nor a file in {self.tree.variants_dir()} name a variant "
                    f"{variant!r}{closest(variant, known)}"
                )
            self._stacks[variant] = self.tree.on(variant).stacks(here=self.here)

    def accelerators(self, variant: str) -> frozenset[str]:
        """Return what the stacks of a variant that is learnt are for; none if one does not tell."""
        try:
            return frozenset(stack.accelerator_word() for stack in self._stacks[variant])
        except BuildTagError:
            return frozenset()

    def of(
        self, variant: str, package: NormalizedName, versions: Iterable[Version]
    ) -> Mapping[Version, Expected]:
        """Return what the settings give for each of *versions* on a variant that is learnt."""
        wanted = Wanted(package=package, versions=tuple(dict.fromkeys(versions)))
        by_version: dict[Version, list[PlannedTag]] = {}
        stacks = self._stacks[variant]
        for tag in plan(self.tree.on(variant), stacks, [wanted], unnumbered=True):
            if tag.version is not None:
                by_version.setdefault(tag.version, []).append(tag)
        expected = {version: _expected(each) for version, each in by_version.items()}
        self.errors.update({each.error for each in expected.values() if each.error})
        return expected


def _expected(tags: Sequence[PlannedTag]) -> Expected:
    if any(tag.number is None or tag.error for tag in tags):
        return _untold(tags)
    return _of(tuple((tag.number or 0, tag.platlib, tag.purelib) for tag in tags))


def _untold(tags: Sequence[PlannedTag]) -> Expected:
    """Return what can be said where the settings give no number, or cannot tell the tags."""
    orders = {segment.order for tag in tags for segment in tag.platlib}
    return Expected(
        sensitive=any(tag.needs for tag in tags) or not orders.isdisjoint(_SENSITIVE),
        purelib_tells=any(tag.purelib or (tag.error and tag.needs is None) for tag in tags),
        pre_built=any(tag.pre_built for tag in tags),
        # without a number, fromager asks nobody, so that nothing can be wrong
        error=next((tag.error for tag in tags if tag.error and tag.number is not None), ""),
    )


_SENSITIVE: Final = {Order.ACCELERATOR, Order.TORCH}


@functools.lru_cache(maxsize=4096)
def _of(told: tuple[tuple[int, tuple[Segment, ...], tuple[Segment, ...]], ...]) -> Expected:
    """Return what number, platlib and purelib segments of each stack come to."""
    orders = {segment.order for _, platlib, _ in told for segment in platlib}
    return Expected(
        number=max(number for number, _, _ in told),
        platlib=frozenset(BuildTag.of(number, platlib) for number, platlib, _ in told),
        purelib=frozenset(BuildTag.of(number, purelib) for number, _, purelib in told),
        sensitive=not orders.isdisjoint(_SENSITIVE),
        purelib_tells=any(purelib for _, _, purelib in told),
    )
