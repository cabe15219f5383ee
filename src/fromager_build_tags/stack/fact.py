"""The facts of a stack: their names, their values with a source, and their declarations.

Versions can be known more or less precisely. ``13.0`` in a file and ``CUDA_VERSION=13.0.1`` of an
image agree, since both make the segment ``cuda13.0``; ``TORCH_VERSION=2.11`` and a pin
``torch==2.11.0`` agree in the numbers of both.
"""

from __future__ import annotations

import enum
import pathlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from packaging.version import Version

from ..findings.finding import Place
from .gpu_arch import GpuArch

if TYPE_CHECKING:
    from packaging.specifiers import Specifier

#: The facts of a stack: settings key, and English name.
FACTS: Final[Mapping[str, str]] = {
    "distro": "distribution",
    "accelerator": "accelerator",
    "accelerator_version": "accelerator version",
    "cuda_version": "CUDA version",
    "rocm_version": "ROCm version",
    "torch_version": "Torch version",
}
#: The settings keys of the accelerators whose segments have a version: ``cuda13.0``, yet ``tpu``.
VERSION_KEYS: Final[Mapping[str, str]] = {"cuda": "cuda_version", "rocm": "rocm_version"}
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


class Precision(enum.IntEnum):
    """How many numbers of a version a segment contains."""

    MINOR = 2
    PATCH = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Fact[T]:
    """A known fact: a text or a version, with its source and the values that were not used.

    The source is a place in a file, the name of a variable, or other words.
    """

    value: T
    source: Place | str
    unused: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.value} ({self.source})"


@dataclass(frozen=True, kw_only=True, slots=True)
class Missing:
    """An unknown fact: the message names it, and how to set it."""

    message: str
    unused: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class DeclaredStack:
    """One stack of a variant file: its place, and its facts and Torch's precision, by key.

    Attributes:
        gpu_archs: no fact, as no tag depends on them.
    """

    place: Place
    facts: Mapping[str, Fact[Any]]
    gpu_archs: tuple[GpuArch, ...] = ()

    @property
    def precision(self) -> Precision:
        """The precision of a Torch segment."""
        declared = self.facts.get("torch_precision")
        return Precision.MINOR if declared and declared.value == "minor" else Precision.PATCH

    def precision_of(self, key: str) -> Precision:
        """Return the precision of the segment of a version's settings key."""
        return self.precision if key == "torch_version" else Precision.MINOR


@dataclass(frozen=True, kw_only=True, slots=True)
class Declaration:
    """All declared and explicit facts of a variant.

    Attributes:
        stacks: the stacks of the file; a file that does not exist declares one empty stack.
        is_family: whether the file has a list of stacks, one of which fits a machine.
        explicit: the ``WHEEL_BUILD_TAG_…`` variables, by settings key.
    """

    variant: str
    file: pathlib.Path
    stacks: tuple[DeclaredStack, ...]
    is_family: bool = False
    explicit: Mapping[str, Fact[Any]]

    @property
    def named(self) -> Mapping[str, Fact[Version]]:
        """The versions in the variant's name, by settings key: two of ``cuda13.0-torch2.13``.

        Without a dot, ``cuda13`` and ``rocm7`` name a major version, ``cuda130`` names 13.0, and
        ``rocm71`` is not read: it could be 7.1 or 71.
        """
        source = f"the name of variant {self.variant!r}"
        text = re.sub(r"(?<![a-z])(cuda\d\d)(\d)(?![\d.])", r"\1.\2", self.variant)
        return {
            f"{word}_version": Fact(value=Version(number), source=source)
            for word, number in _NAMED.findall(text)
            if "." in number or len(number) == (2 if word == "cuda" else 1)
        }


_NAMED: Final = re.compile(r"(?<![a-z])(cuda|rocm|torch)(\d+(?:\.\d+)*)")
#: ``12-9`` is part of a package's name, ``13.0.1-1.el9`` a package's version with its release.
_PACKAGED: Final = re.compile(r"(\d+)-(\d+)|(\d+(?:\.\d+)*)-\d.*")


def unpackaged(text: str) -> str:
    """Return 12.9 for ``12-9``, and 13.0.1 for ``13.0.1-1``: to PEP 440 they are post-releases."""
    packaged = _PACKAGED.fullmatch(text.strip())
    if packaged is None:
        return text
    return packaged[3] or f"{packaged[1]}.{packaged[2]}"


def parse_version(text: str) -> Version:
    """Return *text* as a PEP 440 version without an epoch.

    Raises:
        ValueError: *text* is none; the message follows the value.
    """
    try:
        version = Version(text)
    except ValueError:  # InvalidVersion, or a number that is too long for int()
        raise ValueError("is not a PEP 440 version, such as 13.0 or 2.10.0") from None
    if version.epoch:
        raise ValueError("has an epoch, which cannot stand in a build tag")
    return version


def segment_text(version: Version, precision: Precision) -> str | None:
    """Return the text of *version* in a segment; None if it is not known that precisely.

    The text has no local part. At patch precision it marks pre-, post- and development releases:
    the ABI of a nightly is not that of the release.
    """
    if len(version.release) < precision:
        return None
    minor = f"{version.major}.{version.minor}"
    return minor if precision is Precision.MINOR else version.public


def agree(one: Version, other: Version, precision: Precision) -> bool:
    """Return whether two versions make the same segment, as far as both are known."""
    text, other_text = segment_text(one, precision), segment_text(other, precision)
    if text is not None and other_text is not None:
        return text == other_text
    known = min(len(one.release), len(other.release))
    return one.release[:known] == other.release[:known]


_LOCAL: Final = re.compile(r"cu(\d\d)(\d+)|(cpu|xpu|cuda|rocm)(\d+(?:\.\d+)*)?(?![a-z0-9])")


def accelerator_of(torch: Version) -> tuple[str, Version | None] | None:
    """Return what the local part of a Torch names: ``+cu130``, ``+rocm6.4``, ``+cpu``, ``+xpu``."""
    match = _LOCAL.match(torch.local or "")
    if match is None:
        return None
    major, minor, word, version = match.groups()
    if word is None:
        return "cuda", Version(f"{major}.{minor}")
    return word, Version(version) if version else None


def named_accelerator(version: Version) -> str:
    """Return the accelerator that a local part names, as in a segment; "" for none.

    It is ``cuda13.0`` for ``+cu130``, ``rocm6.4`` for ``+rocm6.4.1`` and ``cpu`` for ``+cpu``.
    """
    word, number = accelerator_of(version) or ("", None)
    if number is None:
        return word
    return word + (segment_text(number, Precision.MINOR) or str(number))


def exact_pin(specifiers: Iterable[Specifier]) -> Specifier | None:
    """Return the first exact ``==`` or ``===``."""
    return next(filter(is_exact, specifiers), None)


def is_exact(specifier: Specifier) -> bool:
    """Return whether a specifier names one version."""
    return specifier.operator in {"==", "==="} and not specifier.version.endswith(".*")


def allows(specifier: Specifier, version: Version) -> bool:
    """Return whether a specifier allows a version that may be known only as ``2.10``.

    Exact specifiers are for :func:`agree`: to it, ``2.11`` and ``2.11.0`` are the same.
    """
    known = [version]
    if len(version.release) < Precision.PATCH:
        known += [Version(f"{version.major}.{version.minor}.{patch}") for patch in range(1, 50)]
    return any(specifier.contains(each, prereleases=True) for each in known)
