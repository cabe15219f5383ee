"""Attribute a change of a build tag to the causes that can have made it.

The parts of a build tag that differ point to their causes: its number, its distribution, its
accelerator, its Torch. A cause explains only the parts that it can change.
"""

from __future__ import annotations

import collections
import functools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..findings.finding import Place
from ..plan.locked_tags import public_version
from ..stack.key import StackKey, StackKeys
from ..tag.build_tag import NO_BUILD_TAG, BuildTag
from ..tag.segment import Order, accelerator_word, classify
from .causes import Cause


@dataclass(frozen=True, kw_only=True, slots=True)
class StackCauses:
    """The causes that can have changed the build tags of one stack.

    Attributes:
        keys: the stack in base and head; None where there is no such stack.
        general: the causes that do not concern one package.
        of_package: the others, by package.
    """

    keys: StackKeys
    general: Sequence[Cause]
    of_package: Mapping[str, Sequence[Cause]]

    @classmethod
    def of(
        cls,
        variant: str,
        keys: StackKeys,
        stacks: Collection[StackKey],
        causes: Iterable[Cause],
    ) -> StackCauses:
        """Return those of *causes* that can have changed the stack.

        Args:
            variant: the variant of the stack.
            keys: the stack in base and head.
            stacks: every stack of the variant, in base and head. A cause that concerns none of
                them, as where explicit variables override the file, can have changed any.
            causes: everything that changed.
        """
        general: list[Cause] = []
        of_package: dict[str, list[Cause]] = collections.defaultdict(list)
        for cause in causes:
            if cause.variant in {"", variant} and _concerns(cause, keys, stacks):
                (of_package[cause.package] if cause.package else general).append(cause)
        return cls(keys=keys, general=general, of_package=of_package)

    def of_change(
        self, package: str, version: str, before: BuildTag | None, after: BuildTag | None
    ) -> tuple[Cause, ...]:
        """Return the causes that can have changed the build tag of a package."""
        own = [
            cause
            for cause in self.of_package.get(package, ())
            if not cause.version or public_version(cause.version) == public_version(version)
        ]
        if None in self.keys:
            found = [cause for cause in self.general if cause.stacks] or _by_file(
                [cause for cause in self.general if cause.variant] or [*own, *self.general]
            )
        else:
            tags = (before or NO_BUILD_TAG, after or NO_BUILD_TAG)
            found = _of_tags([*own, *self.general], *tags, self.keys)
        return tuple({str(cause): cause for cause in found}.values())


def _concerns(cause: Cause, keys: StackKeys, stacks: Collection[StackKey]) -> bool:
    if cause.stacks is None:
        return True
    before, after = cause.stacks
    key, mine = (after, keys[1]) if after and keys[1] else (before, keys[0])
    return key == mine or (after or before) not in stacks


def _of_tags(
    causes: Sequence[Cause], before: BuildTag, after: BuildTag, keys: StackKeys
) -> list[Cause]:
    numbers = [cause for cause in causes if cause.of_number]
    others = [cause for cause in causes if not cause.of_number]
    if before.is_none or after.is_none:  # there is a build tag where there is a number
        return numbers or _by_file(others)
    found = numbers if before.number != after.number else []
    if not (before.is_known and after.is_known):
        return [*found, *_by_file(others)]
    if before.suffix != after.suffix:
        found += _of_segments(others, _texts(before, keys[0]), _texts(after, keys[1]))
    return found


type _Texts = Mapping[Order | None, Sequence[str]]


def _of_segments(causes: Sequence[Cause], before: _Texts, after: _Texts) -> Iterator[Cause]:
    """Yield the causes of each segment that differs; all, if no cause explains one of them."""
    found: list[Cause] = []
    for order in before.keys() | after.keys():
        if before.get(order) == after.get(order):
            continue
        is_in_both = order in before and order in after
        able = [cause for cause in causes if _can_change(cause, order, is_in_both=is_in_both)]
        if not able:
            yield from _by_file(causes)
            return
        found += able
    yield from (cause for cause in causes if cause in found)


def _can_change(cause: Cause, order: Order | None, *, is_in_both: bool) -> bool:
    if not cause.segments:
        return True
    # the dependencies of a package add and remove a segment, the stack changes its text
    return order in cause.segments and is_in_both is not bool(cause.package)


@functools.lru_cache(maxsize=4096)
def _texts(tag: BuildTag, stack: StackKey | None) -> _Texts:
    """Return the segments of a build tag by their order; None for those of the user."""
    facts = stack.by_order if stack else {}
    texts: dict[Order | None, list[str]] = collections.defaultdict(list)
    for text in tag.segments:
        texts[_order(text, facts)].append(text)
    return texts


def _order(text: str, facts: Mapping[Order, str]) -> Order | None:
    if classify(text) is Order.TORCH:  # an override can add it to a stack without Torch
        return Order.TORCH
    word = accelerator_word(text)
    return next((order for order, fact in facts.items() if accelerator_word(fact) == word), None)


def _by_file(causes: Sequence[Cause]) -> list[Cause]:
    """Return causes that are all possible as one cause for each file."""
    files: dict[str, list[Cause]] = {}
    for cause in causes:
        files.setdefault(cause.place.file, []).append(cause)
    return [
        found[0]
        if len({str(cause) for cause in found}) == 1
        else Cause(what=f"{len(found)} changes", place=Place(file=file), variant=found[0].variant)
        for file, found in files.items()
    ]
