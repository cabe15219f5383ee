"""The label of a stack: its facts as segments spell them, such as ``el9.6 rocm7.1 torch2.10.0``.

A lock has it above the tags of each stack. A fact that is not known is not in it.
"""

from __future__ import annotations

from typing import Final

from ..tag.segment import Order
from ..tag.vocabulary import KNOWN_ACCELERATORS

#: What the version of a fact is made of, at the end of its word.
VERSION: Final = "0123456789."
#: What a label begins with that has no facts.
_NO_FACT: Final = "("


def label_words(label: str) -> dict[Order, str]:
    """Return the facts of a label by their place: ``el9.6 rocm7.1 torch2.10.0`` has all three."""
    words: dict[Order, str] = {}
    for word in () if label.startswith(_NO_FACT) else label.split():
        if word.startswith("torch"):
            words[Order.TORCH] = word
        elif Order.DISTRIBUTION in words or word.rstrip(VERSION) in KNOWN_ACCELERATORS:
            words[Order.ACCELERATOR] = word
        else:
            words[Order.DISTRIBUTION] = word
    return words


def accelerator_text(label: str) -> str:
    """Return the accelerator with its version: ``rocm7.1``; "" if it is not known."""
    return label_words(label).get(Order.ACCELERATOR, "")
