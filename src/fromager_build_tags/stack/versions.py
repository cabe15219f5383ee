"""Versions of CUDA, ROCm and Torch, which can be known more or less precisely.

``13.0`` in a file and ``CUDA_VERSION=13.0.1`` of an image agree, since both make the segment
``cuda13.0``; ``TORCH_VERSION=2.11`` and a pin ``torch==2.11.0`` agree in the numbers of both.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

if TYPE_CHECKING:
    from packaging.specifiers import Specifier


class Precision(enum.IntEnum):
    """How many numbers of a version a segment contains."""

    MINOR = 2
    PATCH = 3


def parse_version(text: str) -> Version:
    """Return *text* as a PEP 440 version without an epoch.

    Raises:
        ValueError: *text* is none; the message follows the value.
    """
    try:
        version = Version(text)
    except InvalidVersion:
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
    if precision is Precision.MINOR:
        return f"{version.major}.{version.minor}"
    return version.public


def agree(one: Version, other: Version, precision: Precision) -> bool:
    """Return whether two versions make the same segment, as far as both are known."""
    text, other_text = segment_text(one, precision), segment_text(other, precision)
    if text is not None and other_text is not None:
        return text == other_text
    known = min(len(one.release), len(other.release))
    return one.release[:known] == other.release[:known]


def more_precise(one: Version, other: Version) -> Version:
    """Return the one with more release numbers; the first if both have as many."""
    return other if len(other.release) > len(one.release) else one


def exact_pin(specifiers: Iterable[Specifier]) -> Specifier | None:
    """Return the first exact ``==`` or ``===``."""
    return next((each for each in specifiers if is_exact(each)), None)


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
