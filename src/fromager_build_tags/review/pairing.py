"""Pair the stacks of a variant before and after a change, in whatever order they are declared."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Protocol

from ..stack.key import VERSION, accelerator_text


class Labelled(Protocol):
    """A stack, as a lock or a variant file has it."""

    @property
    def label(self) -> str:
        """Its facts, as segments spell them."""
        ...


def pair[T: Labelled](old: Iterable[T], new: Iterable[T]) -> list[tuple[T | None, T | None]]:
    """Pair stacks by what they are, the most alike first; None for one that comes or goes.

    Of those that are as much alike, the old ones' last by label is taken, which is the hardest
    to win over.
    """
    base = sorted(old, key=_label, reverse=True)
    left, right = list(base), sorted(new, key=_label)
    pairs: list[tuple[T | None, T | None]] = []
    while candidates := [each for each in itertools.product(left, right) if _may_pair(*each, base)]:
        one, other = max(candidates, key=_likeness)
        pairs.append((one, other))
        left.remove(one)
        right.remove(other)
    return [*pairs, *((one, None) for one in left), *((None, one) for one in right)]


def twin[T: Labelled](stack: T, others: Iterable[T]) -> T | None:
    """Return the one that is most alike of those with the same accelerator and version."""
    text = accelerator_text(stack.label)
    alike = [(one, stack) for one in others if text and accelerator_text(one.label) == text]
    return max(alike, key=_likeness)[0] if alike else None


def _label(stack: Labelled) -> str:
    return stack.label


def _may_pair(one: Labelled, other: Labelled, base: Iterable[Labelled]) -> bool:
    """No other accelerator takes the place of one that the old side has."""
    text = accelerator_text(other.label)
    same = accelerator_text(one.label) == text
    return same or all(accelerator_text(each.label) != text for each in base)


def _likeness(both: tuple[Labelled, Labelled]) -> tuple[bool, bool, bool, int]:
    """The accelerator and its version weigh more than distribution and Torch."""
    one, other = (each.label for each in both)
    text, other_text = accelerator_text(one), accelerator_text(other)
    return (
        one == other,
        text == other_text,
        text.rstrip(VERSION) == other_text.rstrip(VERSION),
        len(set(one.split()) & set(other.split())),
    )
