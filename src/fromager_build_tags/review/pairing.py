"""Pair the stacks of base and head whose wheels are on one index."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from ..plan.locked_tags import ANY, Lock, LockedStack
from ..stack.key import StackKey, most_similar, pair

#: The index of each variant that names one.
type Indexes = Mapping[str, str]
#: A stack in base and head; None where there is no such stack.
type StackPair = tuple[LockedStack | None, LockedStack | None]


def pair_stacks(
    base: Lock, head: Lock, variants: Collection[str], indexes: tuple[Indexes, Indexes]
) -> list[StackPair]:
    """Pair the stacks of each variant, then the others by the index of their variants.

    A renamed, divided or merged variant publishes beside the wheels of the old one. A stack of the
    head without a partner is compared with the stack of the base that has the same accelerator and
    version.

    Args:
        base: the build tags of the base.
        head: the build tags of the head.
        variants: the variants to compare.
        indexes: the indexes in base and head.
    """
    pairs: list[StackPair] = []
    for variant in variants:
        pairs += _pair(base.of_variant(variant), head.of_variant(variant))
    gone = [old for old, new in pairs if old and not new]
    partners: dict[tuple[str, StackKey], LockedStack] = {}
    for variant in variants:
        added = {new.key: new for old, new in pairs if new and not old and new.variant == variant}
        index = indexes[1].get(variant)
        others = {name for name in variants if index and indexes[0].get(name) == index} - {variant}
        beside = _highest(each for each in base.stacks if each.variant in others)
        candidates = beside | base.of_variant(variant)
        for old, new in _pair(_highest(each for each in gone if each.variant in others), added):
            similar = most_similar(new.key, candidates) if new and not old else None
            if new and (partner := candidates[similar] if similar else old):
                partners[variant, new.key] = partner
                gone = [each for each in gone if each is not partner]
    return [
        (old or (partners.get((new.variant, new.key)) if new else None), new)
        for old, new in pairs
        if new or any(each is old for each in gone)
    ]


def _pair(
    base: Mapping[StackKey, LockedStack], head: Mapping[StackKey, LockedStack]
) -> list[StackPair]:
    return [
        (base[old] if old else None, head[new] if new else None) for old, new in pair(base, head)
    ]


def _highest(stacks: Iterable[LockedStack]) -> dict[StackKey, LockedStack]:
    """Return stacks by key; of equal ones that with the highest number, which new wheels exceed."""
    return {each.key: each for each in sorted(stacks, key=_number)}


def _number(stack: LockedStack) -> int:
    return stack.tag(ANY, ANY).number or 0
