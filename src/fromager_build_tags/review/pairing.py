"""Pair the stacks of a variant before and after a change, in whatever order they are declared."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Protocol

from ..stack.key import StackKey


class Keyed(Protocol):
    """A stack, as a lock or a variant file has it."""

    @property
    def key(self) -> StackKey:
        """Its facts."""
        ...


def pair[T: Keyed](old: Iterable[T], new: Iterable[T]) -> list[tuple[T | None, T | None]]:
    """Pair stacks by what they are, the most alike first; None for one that comes or goes.

    Among equally similar old stacks, take the one that sorts last: the new tag has to sort
    above it.
    """
    base = sorted(old, key=_text, reverse=True)
    left, right = list(base), sorted(new, key=_text)
    pairs: list[tuple[T | None, T | None]] = []
    while candidates := [each for each in itertools.product(left, right) if _may_pair(*each, base)]:
        one, other = max(candidates, key=_likeness)
        pairs.append((one, other))
        left.remove(one)
        right.remove(other)
    return [*pairs, *((one, None) for one in left), *((None, one) for one in right)]


def twin[T: Keyed](stack: T, others: Iterable[T]) -> T | None:
    """Return the one that is most alike of those with the same accelerator and version."""
    text = stack.key.accelerator
    alike = [(one, stack) for one in others if text and one.key.accelerator == text]
    return max(alike, key=_likeness)[0] if alike else None


def _text(stack: Keyed) -> str:
    return str(stack.key)


def _may_pair(one: Keyed, other: Keyed, base: Iterable[Keyed]) -> bool:
    """No other accelerator takes the place of one that the old side has."""
    text = other.key.accelerator
    return one.key.accelerator == text or all(each.key.accelerator != text for each in base)


def _likeness(both: tuple[Keyed, Keyed]) -> tuple[bool, bool, bool, int]:
    """The accelerator and its version weigh more than distribution and Torch."""
    one, other = (each.key for each in both)
    return (
        one == other,
        one.accelerator == other.accelerator,
        one.accelerator_word == other.accelerator_word,
        len(one.by_order.items() & other.by_order.items()),
    )
