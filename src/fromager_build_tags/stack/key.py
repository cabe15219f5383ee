"""The key of a stack: its known facts as segments spell them, ``el9.6 rocm7.1 torch2.10.0``.

A lock file has the key above the tags of each stack. It is a text there only.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Final, Self

from ..tag.segment import Order, accelerator_word, classify

_NO_FACTS: Final = "(nothing is known)"
#: Stands for an unknown fact in a key that would otherwise be ambiguous.
_UNKNOWN: Final = "?"
#: Between the segments of a stack on the command line; a segment has no such character.
_BETWEEN: Final = re.compile("[ _-]+")
#: The segments by which a stack of a family is named first.
_BY_USE: Final = (Order.ACCELERATOR, Order.TORCH, Order.DISTRIBUTION)


@dataclass(frozen=True, kw_only=True, slots=True)
class StackKey:
    """The facts of a stack as segments spell them, each "" where it is unknown.

    Attributes:
        distro: the distribution, such as ``el9.6``.
        accelerator: the accelerator with its version, such as ``rocm7.1``, or ``cpu``.
        torch: the Torch, such as ``torch2.10.0``.
    """

    distro: str = ""
    accelerator: str = ""
    torch: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the key that :meth:`__str__` printed.

        Raises:
            ValueError: *text* has more words than a key has facts.
        """
        words = [] if text == _NO_FACTS else text.split()
        if _UNKNOWN not in words:
            words = _padded(words)
        if len(words) != len(fields(cls)):
            raise ValueError(f"{text!r} is not a stack, such as 'el9.6 rocm7.1 torch2.10.0'")
        distro, accelerator, torch = ("" if word == _UNKNOWN else word for word in words)
        return cls(distro=distro, accelerator=accelerator, torch=torch)

    def __str__(self) -> str:
        facts = (self.distro, self.accelerator, self.torch)
        short = " ".join(filter(None, facts)) or _NO_FACTS
        # an accelerator outside the vocabulary, alone, reads like a distribution
        is_clear = short == _NO_FACTS or _padded(short.split()) == list(facts)
        return short if is_clear else " ".join(fact or _UNKNOWN for fact in facts)

    @property
    def accelerator_word(self) -> str:
        """The accelerator without its version: ``rocm`` of ``rocm7.1``."""
        return accelerator_word(self.accelerator)

    @property
    def by_order(self) -> Mapping[Order, str]:
        """The known facts, by the order of their segment."""
        facts = {
            Order.DISTRIBUTION: self.distro,
            Order.ACCELERATOR: self.accelerator,
            Order.TORCH: self.torch,
        }
        return {order: text for order, text in facts.items() if text}


def _padded(words: list[str]) -> list[str]:
    """Return words as distribution, accelerator and Torch, "" for each that is missing."""
    torch = words[-1:] if words and classify(words[-1]) is Order.TORCH else [""]
    rest = words[:-1] if any(torch) else words
    if len(rest) == 1 and classify(rest[0]) is Order.ACCELERATOR:
        rest = ["", *rest]
    return [*rest, *[""] * (2 - len(rest)), *torch]


def matching(text: str, keys: Iterable[StackKey]) -> list[StackKey]:
    """Return the stacks that have all segments of *text*, such as ``cuda13.0_torch2.13.0``."""
    words = set(_BETWEEN.split(text))
    return [key for key in keys if words <= {*key.by_order.values()}]


def short_name(key: StackKey, keys: Iterable[StackKey]) -> str:
    """Return the fewest segments that *key* alone has among *keys*; all of them if none suffice."""
    keys, segments = [*keys], key.by_order
    by_use = [order for order in _BY_USE if order in segments]
    subsets = (itertools.combinations(by_use, count) for count in range(1, len(by_use) + 1))
    texts = (
        "_".join(segments[order] for order in sorted(orders))
        for orders in itertools.chain.from_iterable(subsets)
    )
    alone = (text for text in texts if matching(text, keys) == [key])
    return next(alone, "_".join(segments.values()))


#: A stack in base and head; None where there is no such stack.
type StackKeys = tuple[StackKey | None, StackKey | None]


def pair(base: Iterable[StackKey], head: Iterable[StackKey]) -> list[StackKeys]:
    """Pair the most similar stacks of a variant first, in whatever order they are declared.

    Among equally similar old stacks, take the one that sorts last: the new build tag has to sort
    above it.
    """
    old = sorted(base, key=str, reverse=True)
    words = {each.accelerator for each in old}
    left, right = list(old), sorted(head, key=str)
    pairs: list[StackKeys] = []
    while candidates := [
        (one, other)  # the accelerator is the same, or new
        for one, other in itertools.product(left, right)
        if one.accelerator == other.accelerator or other.accelerator not in words
    ]:
        one, other = max(candidates, key=_similarity)
        pairs.append((one, other))
        left.remove(one)
        right.remove(other)
    return [*pairs, *((one, None) for one in left), *((None, one) for one in right)]


def most_similar(key: StackKey, others: Iterable[StackKey]) -> StackKey | None:
    """Return the most similar of the stacks with the same accelerator and version."""
    text = key.accelerator
    similar = [(one, key) for one in others if text and one.accelerator == text]
    return max(similar, key=_similarity)[0] if similar else None


def _similarity(both: tuple[StackKey, StackKey]) -> tuple[bool, bool, bool, int]:
    """Weigh the accelerator and its version more than the distribution and Torch."""
    one, other = both
    return (
        one == other,
        one.accelerator == other.accelerator,
        one.accelerator_word == other.accelerator_word,
        len(one.by_order.items() & other.by_order.items()),
    )
