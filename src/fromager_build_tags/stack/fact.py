"""The facts of a stack: their names, their values with a source, and their declarations."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..findings.finding import Place
from .versions import Precision

#: The facts of a stack: settings key, and English name.
FACTS: Final[Mapping[str, str]] = {
    "distro": "distribution",
    "accelerator": "accelerator",
    "accelerator_version": "accelerator version",
    "cuda_version": "CUDA version",
    "rocm_version": "ROCm version",
    "torch_version": "Torch version",
}
#: The variables that the base images of NVIDIA, AMD and others set, by settings key.
IMAGE_VARIABLES: Final[Mapping[str, str]] = {
    "cuda_version": "CUDA_VERSION",
    "rocm_version": "ROCM_VERSION",
    "torch_version": "TORCH_VERSION",
}
#: Not ``FROMAGER_``: that prefix is click's, for fromager's own options.
ENV_PREFIX: Final = "WHEEL_BUILD_TAG_"


def explicit_variable(key: str) -> str:
    """Return the explicit variable of a settings key, such as ``WHEEL_BUILD_TAG_DISTRO``."""
    return ENV_PREFIX + key.upper()


@dataclass(frozen=True, kw_only=True, slots=True)
class Fact[T]:
    """A known fact.

    Attributes:
        value: the fact, a text or a version.
        source: what it comes from: a place in a file, the name of a variable, or other words.
        unused: further values that were not used, each with the reason.
    """

    value: T
    source: Place | str
    unused: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.value} ({self.source})"


@dataclass(frozen=True, kw_only=True, slots=True)
class Missing:
    """An unknown fact.

    Attributes:
        message: which fact is unknown, and how to set it.
        unused: values that were not used, each with the reason.
    """

    message: str
    unused: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class DeclaredStack:
    """One stack of a variant file.

    Attributes:
        place: where the stack is declared.
        facts: the declared facts, and the precision of Torch, by settings key.
    """

    place: Place
    facts: Mapping[str, Fact[Any]]

    @property
    def precision(self) -> Precision:
        """The precision of a Torch segment."""
        declared = self.facts.get("torch_precision")
        return Precision.MINOR if declared and declared.value == "minor" else Precision.PATCH


@dataclass(frozen=True, kw_only=True, slots=True)
class Declaration:
    """All declared and explicit facts of a variant.

    Attributes:
        variant: fromager's name of the variant.
        file: the variant's file, which need not exist.
        stacks: the stacks of the file; a file that does not exist declares one empty stack.
        is_family: whether the file has a list of stacks, one of which fits a machine.
        explicit: the ``WHEEL_BUILD_TAG_…`` variables, by settings key.
    """

    variant: str
    file: pathlib.Path
    stacks: tuple[DeclaredStack, ...]
    is_family: bool = False
    explicit: Mapping[str, Fact[Any]]
