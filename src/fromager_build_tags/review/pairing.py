"""Pair the stacks of a variant in base and head, in whatever order they are declared."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Protocol

from ..stack.key import StackKey


class Keyed(Protocol):
    """A stack of a lock or of a variant file."""

    @property
    def key(self) -> StackKey:
        """Its facts."""
        ...


def pair[T: Keyed](base: Iterable[T], head: Iterable[T]) -> list[tuple[T | None, T | None]]:
    """Pair the most similar stacks first; None stands for a stack that is new or gone.

    Among equally similar old stacks, take the one that sorts last: the new build tag has to sort
    above it.
    """
    old = sorted(base, key=_text, reverse=True)
    left, right = list(old), sorted(head, key=_text)
    pairs: list[tuple[T | None, T | None]] = []
    while candidates := [each for each in itertools.product(left, right) if _may_pair(*each, old)]:
        one, other = max(candidates, key=_similarity)
        pairs.append((one, other))
        left.remove(one)
        right.remove(other)
    return [*pairs, *((one, None) for one in left), *((None, one) for one in right)]


def most_similar[T: Keyed](stack: T, others: Iterable[T]) -> T | None:
    """Return the most similar of the stacks with the same accelerator and version."""
    text = stack.key.accelerator
    similar = [(one, stack) for one in others if text and one.key.accelerator == text]
    return max(similar, key=_similarity)[0] if similar else None


def _text(stack: Keyed) -> str:
    return str(stack.key)


def _may_pair(one: Keyed, other: Keyed, base: Iterable[Keyed]) -> bool:
    """Return whether *other* has the same accelerator, or an accelerator that is new."""
    text = other.key.accelerator
    return one.key.accelerator == text or all(each.key.accelerator != text for each in base)


def _similarity(both: tuple[Keyed, Keyed]) -> tuple[bool, bool, bool, int]:
    """Weigh the accelerator and its version more than the distribution and Torch."""
    one, other = (each.key for each in both)
    return (
        one == other,
        one.accelerator == other.accelerator,
        one.accelerator_word == other.accelerator_word,
        len(one.by_order.items() & other.by_order.items()),
    )
