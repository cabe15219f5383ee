"""The build tags that the settings give for the wheels of an index, by version, on every stack."""

from __future__ import annotations

import collections
import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from packaging.utils import NormalizedName
from packaging.version import Version

from ..errors import BuildTagError, SettingsError
from ..plan.model import PlannedTag, Wanted
from ..plan.planner import plan
from ..settings.layout import variant_file
from ..settings.tree import SettingsTree
from ..stack.gpu_arch import GpuArch
from ..stack.key import StackKey, matching, short_name
from ..stack.stack import DeclaredTorch, Stack
from ..tag.build_tag import BuildTag
from ..tag.filename import WheelName
from ..tag.platform import is_platlib
from ..tag.segment import Order, Segment
from ..verify.declared_archs import archs_for
from .place import IndexPlace

#: The segments of wheels that one stack alone can use.
SENSITIVE: Final = {Order.ACCELERATOR, Order.TORCH}


@dataclass(frozen=True, kw_only=True, slots=True)
class Expected:
    """The build tags that the settings give for one version of a package.

    Attributes:
        number: fromager's build number; None where the settings give none, or the tags cannot be
            computed.
        platlib: the build tag of a platlib wheel on each stack.
        purelib: the build tag of a purelib wheel on each stack.
        sensitive: whether a platlib wheel depends on the accelerator or Torch.
        purelib_suffix: whether a purelib wheel may have a suffix.
        pre_built: whether fromager takes a wheel unchanged, with its own build tag.
        error: why the tags cannot be computed; "" if they can.
    """

    number: int | None = None
    platlib: frozenset[BuildTag] = frozenset()
    purelib: frozenset[BuildTag] = frozenset()
    sensitive: bool = False
    purelib_suffix: bool = True
    pre_built: bool = False
    error: str = ""

    def given(self, name: WheelName) -> frozenset[BuildTag]:
        """Return the build tags of a wheel's kind, platlib or purelib."""
        return self.platlib if _is_platlib(name.tags) else self.purelib

    def replacing(self, name: WheelName) -> frozenset[BuildTag]:
        """Return the build tags that must all exist before a wheel is obsolete.

        They are those of its kind with its suffix, or else with its accelerator and Torch, or else
        with its accelerator. If no declared stack has these, the stack that replaced it is unknown:
        the tags of all stacks.
        """
        return _of_stack(self.given(name), name.build_tag)


_is_platlib = functools.lru_cache(maxsize=4096)(is_platlib)


@functools.lru_cache(maxsize=4096)
def _of_stack(tags: frozenset[BuildTag], like: BuildTag) -> frozenset[BuildTag]:
    own = like.by_order
    found = frozenset(tag for tag in tags if tag.suffix == like.suffix)
    for orders in (SENSITIVE, own.keys() & {Order.ACCELERATOR}):
        found = found or frozenset(
            tag
            for tag in tags
            if orders and all(tag.by_order.get(order) == own.get(order) for order in orders)
        )
    return found or tags


@dataclass(frozen=True, slots=True)
class Expectations:
    """The build tags of a settings tree, planned project by project.

    Attributes:
        errors: why tags cannot be computed, each with the number of packages.
    """

    tree: SettingsTree
    here: bool = False
    errors: collections.Counter[str] = field(default_factory=collections.Counter)
    _stacks: dict[str, Sequence[Stack]] = field(default_factory=dict)

    def load(self, place: IndexPlace) -> IndexPlace:
        """Read the stacks of a variant, and return the place with its stack, if it names one.

        Raises:
            BuildTagError: the variant is unknown; its declaration is wrong, or contradicts this
                machine; or the place names no stack of it, or several.
        """
        variant = place.variant
        if variant not in self._stacks:
            known = self.tree.variants()
            if known and variant not in known:
                raise SettingsError(
                    f"unknown variant {variant!r}: neither the settings nor a file in "
                    f"{self.tree.variants_dir()} declares it; use {', '.join(known)}"
                )
            self._stacks[variant] = self.tree.on(variant).stacks(here=self.here)
        if not place.stack:
            return place
        keys = self.keys(variant)
        found = matching(place.stack, keys)
        if len(found) != 1:
            names = [f"{variant}:{short_name(key, keys)}" for key in keys if key.by_order]
            file = variant_file(variant, self.tree.variants_dir())
            raise SettingsError(
                f"{place.label!r} names {len(found) or 'no'} stack{'s' * bool(found)} of {file}: "
                f"use {' or '.join(names) or variant}"
            )
        return self.narrow(place, found[0])

    def keys(self, variant: str) -> Sequence[StackKey]:
        """Return the stacks of a loaded variant, each once."""
        return [*dict.fromkeys(stack.key for stack in self._stacks[variant])]

    def narrow(self, place: IndexPlace, key: StackKey) -> IndexPlace:
        """Return a place for one stack of its loaded variant."""
        return replace(place, stack=short_name(key, self.keys(place.variant)), key=key)

    def stacks_of(self, place: IndexPlace) -> Sequence[Stack]:
        """Return the stacks of a loaded place."""
        stacks, key = self._stacks[place.variant], place.key
        return stacks if key is None else [each for each in stacks if each.key == key]

    def accelerators(self, place: IndexPlace, spelled: Callable[[Stack], str]) -> frozenset[str]:
        """Return the accelerators of the stacks; none if one of them has none."""
        try:
            return frozenset(map(spelled, self.stacks_of(place)))
        except BuildTagError:
            return frozenset()

    def archs(self, place: IndexPlace, name: WheelName) -> Sequence[GpuArch]:
        """Return the GPU architectures that the stacks of a wheel declare."""
        return archs_for(name, lambda: self.stacks_of(place))

    def torch(self, place: IndexPlace, *segments: str) -> Sequence[Version]:
        """Return the Torch of the stacks that have these segments, or else of all; ascending.

        It is none if that of one stack is unknown.
        """
        stacks = self.stacks_of(place)
        for text in filter(None, segments):
            fitting = [each for each in stacks if text in each.key.by_order.values()]
            stacks = fitting or stacks
        found = [*map(DeclaredTorch.of, stacks)]
        known = {each.version for each in found if each}
        return sorted(known) if all(found) else []

    def of(
        self, place: IndexPlace, package: NormalizedName, versions: Iterable[Version]
    ) -> Mapping[Version, Expected]:
        """Return the expectation for each of *versions* on the stacks of a loaded place."""
        wanted = Wanted(package=package, versions=tuple(dict.fromkeys(versions)))
        by_version: dict[Version, list[PlannedTag]] = {}
        tree = self.tree.on(place.variant)
        for tag in plan(tree, self.stacks_of(place), [wanted], unnumbered=True):
            if tag.version is not None:
                by_version.setdefault(tag.version, []).append(tag)
        expected = {version: _expected(each) for version, each in by_version.items()}
        self.errors.update({each.error for each in expected.values() if each.error})
        return expected


def _expected(tags: Sequence[PlannedTag]) -> Expected:
    known = [
        (tag.number, tag.platlib, tag.purelib)
        for tag in tags
        if tag.number is not None and tag.platlib is not None and tag.purelib is not None
    ]
    return _numbered(tuple(known)) if len(known) == len(tags) else _unnumbered(tags)


def _unnumbered(tags: Sequence[PlannedTag]) -> Expected:
    """Return the expectation where there is no build number, or a tag cannot be computed."""
    orders = {segment.order for tag in tags for segment in tag.platlib or ()}
    return Expected(
        sensitive=any(tag.needs for tag in tags) or not orders.isdisjoint(SENSITIVE),
        purelib_suffix=any(tag.purelib or tag.purelib is None for tag in tags),
        pre_built=any(tag.pre_built for tag in tags),
        # without a number, fromager calls no hook, so that no hook can fail
        error=next((tag.reason for tag in tags if tag.reason and tag.number is not None), ""),
    )


@functools.lru_cache(maxsize=4096)
def _numbered(
    stacks: tuple[tuple[int, tuple[Segment, ...], tuple[Segment, ...]], ...],
) -> Expected:
    """Return the expectation from the number and the platlib and purelib segments of each stack."""
    orders = {segment.order for _, platlib, _ in stacks for segment in platlib}
    return Expected(
        number=max(number for number, _, _ in stacks),
        platlib=frozenset(BuildTag.of(number, platlib) for number, platlib, _ in stacks),
        purelib=frozenset(BuildTag.of(number, purelib) for number, _, purelib in stacks),
        sensitive=not orders.isdisjoint(SENSITIVE),
        purelib_suffix=any(purelib for _, _, purelib in stacks),
    )
