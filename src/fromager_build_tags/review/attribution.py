"""Which of the known causes can have made a change.

A tag tells by itself what differs in it: its number, its distribution, its accelerator, its
Torch. A cause is blamed for what it can change of that, and for nothing else.
"""

from __future__ import annotations

import collections
import functools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..plan.lockfile import NO_TAG, is_told, public_version, split_tag
from ..stack.key import StackKey
from ..tag.segment import Order
from ..tag.vocabulary import accelerator_word
from .causes import Cause, StackKeys


@dataclass(frozen=True, kw_only=True, slots=True)
class Suspects:
    """The causes that can have changed the tags of one stack.

    Attributes:
        keys: the stack's key before and after; None where there is no such stack.
        general: the causes that are not about one package.
        of_package: those that are.
    """

    keys: StackKeys
    general: Sequence[Cause]
    of_package: Mapping[str, Sequence[Cause]]

    @classmethod
    def of(
        cls,
        variant: str,
        keys: StackKeys,
        others: Collection[StackKey],
        known: Iterable[Cause],
    ) -> Suspects:
        """Return the suspects among the *known* causes.

        Args:
            variant: the stack's variant.
            keys: the stack's key before and after.
            others: every stack of the variant, on either side. What happened to a stack that
                is none of them can have changed any.
            known: everything that changed.
        """
        general: list[Cause] = []
        of_package: dict[str, list[Cause]] = collections.defaultdict(list)
        for cause in known:
            if cause.variant in {"", variant} and _is_of_stack(cause, keys, others):
                (of_package[cause.package] if cause.package else general).append(cause)
        return cls(keys=keys, general=general, of_package=of_package)

    def of_change(self, package: str, version: str, before: str, after: str) -> tuple[Cause, ...]:
        """Return the causes that can have made the tag of a package *after* from *before*."""
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
            found = _of_tag([*own, *self.general], before, after, self.keys)
        return tuple({str(cause): cause for cause in found}.values())


def _is_of_stack(cause: Cause, keys: StackKeys, others: Collection[StackKey]) -> bool:
    if cause.stacks is None:
        return True
    before, after = cause.stacks
    key, mine = (after, keys[1]) if after and keys[1] else (before, keys[0])
    return key == mine or (after or before) not in others


def _of_tag(known: Sequence[Cause], before: str, after: str, keys: StackKeys) -> list[Cause]:
    numbers = [cause for cause in known if cause.of_number]
    if NO_TAG in {before, after} and numbers:
        return numbers  # there is a tag where there is a number
    old, new = split_tag(before), split_tag(after)
    if old is None or new is None:
        return [*numbers, *_by_file([cause for cause in known if not cause.of_number])]
    found = numbers if old[0] != new[0] else []
    if not (is_told(before) and is_told(after)):
        return [*found, *_by_file([cause for cause in known if not cause.of_number])]
    if old[1] != new[1]:
        texts = _texts(old[1], keys[0]), _texts(new[1], keys[1])
        found += _of_segments([cause for cause in known if not cause.of_number], *texts)
    return found


type _Texts = Mapping[Order | None, Sequence[str]]


def _of_segments(known: Sequence[Cause], before: _Texts, after: _Texts) -> Iterator[Cause]:
    """Yield the causes of each segment that differs; all, if there is one that none can change."""
    blamed: list[Cause] = []
    for order in before.keys() | after.keys():
        if before.get(order) == after.get(order):
            continue
        is_in_both = order in before and order in after
        able = [cause for cause in known if _can_change(cause, order, is_in_both=is_in_both)]
        if not able:
            yield from _by_file(known)
            return
        blamed += able
    yield from (cause for cause in known if cause in blamed)


def _can_change(cause: Cause, order: Order | None, *, is_in_both: bool) -> bool:
    if not cause.segments:
        return True
    # what a package depends on says whether it has a segment, the stack says what is in it
    return order in cause.segments and is_in_both is not bool(cause.package)


@functools.lru_cache(maxsize=4096)
def _texts(suffix: str, stack: StackKey | None) -> _Texts:
    """Return the segments of a suffix by what they tell; None for what a stack does not know."""
    facts = stack.by_order if stack else {}
    texts: dict[Order | None, list[str]] = collections.defaultdict(list)
    for text in suffix.split("_")[1:]:
        texts[_order(text, facts)].append(text)
    return texts


def _order(text: str, facts: Mapping[Order, str]) -> Order | None:
    if text.startswith("torch"):
        return Order.TORCH
    kind = accelerator_word(text)
    return next((order for order, fact in facts.items() if accelerator_word(fact) == kind), None)


def _by_file(known: Sequence[Cause]) -> list[Cause]:
    """Return causes among which nothing tells, as one for each file."""
    files: dict[str, list[Cause]] = {}
    for cause in known:
        files.setdefault(cause.place.rpartition(":")[0] or cause.place, []).append(cause)
    return [
        causes[0]
        if len({str(cause) for cause in causes}) == 1
        else Cause(what=f"{len(causes)} changes", place=file, variant=causes[0].variant)
        for file, causes in files.items()
    ]
