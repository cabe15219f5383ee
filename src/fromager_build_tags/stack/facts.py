"""A fact of the stack, who said it, and who else was heard."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .versions import Precision


@dataclass(frozen=True, kw_only=True, slots=True)
class Fact[T]:
    """A fact that is known.

    Attributes:
        value: the fact, a text or a version.
        source: who said it: a variable, ``file:line``, or another place.
        unused: what was heard and not used, each with the reason.
    """

    value: T
    source: str
    unused: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.value} ({self.source})"


@dataclass(frozen=True, kw_only=True, slots=True)
class Missing:
    """A fact that nothing tells.

    Attributes:
        message: what is missing, and what to do about it.
    """

    message: str
    unused: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class DeclaredStack:
    """One stack of a variant file.

    Attributes:
        place: ``file:line`` of the stack.
        facts: what it declares, by the file's keys.
    """

    place: str
    facts: Mapping[str, Fact[Any]]

    @property
    def precision(self) -> Precision:
        """What a Torch segment shows."""
        declared = self.facts.get("torch_precision")
        return Precision.MINOR if declared and declared.value == "minor" else Precision.PATCH


@dataclass(frozen=True, kw_only=True, slots=True)
class Declaration:
    """All that is declared for a variant.

    Attributes:
        variant: fromager's word.
        file: where the variant's settings stand, or would stand.
        stacks: the stacks of the file; a file that does not exist declares one empty stack.
        is_family: the file has a list of stacks, of which one has to be chosen.
        explicit: what ``WHEEL_BUILD_TAG_…`` variables say, by the file's keys.
    """

    variant: str
    file: pathlib.Path
    stacks: tuple[DeclaredStack, ...]
    is_family: bool = False
    explicit: Mapping[str, Fact[Any]]
