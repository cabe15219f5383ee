"""The accelerators, and the settings key of each one's version."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from ..tag.vocabulary import KNOWN_ACCELERATORS

_CPU: Final = "cpu"
_VERSION_KEYS: Final[Mapping[str, str]] = {"cuda": "cuda_version", "rocm": "rocm_version"}
_OTHER_VERSION_KEY: Final = "accelerator_version"
_ALL_VERSION_KEYS: Final = {*_VERSION_KEYS.values(), _OTHER_VERSION_KEY}


def version_key(accelerator: str) -> str | None:
    """Return the settings key of the accelerator's version; None for ``cpu``, which has none."""
    return None if accelerator == _CPU else _VERSION_KEYS.get(accelerator, _OTHER_VERSION_KEY)


def must_have_version(accelerator: str) -> bool:
    """Return whether a segment of this accelerator has a version: ``cuda13.0``, yet ``tpu``."""
    return accelerator in _VERSION_KEYS


def in_variant_name(variant: str) -> str | None:
    """Return the accelerator in a variant's name: ``cuda`` for ``cuda-ubi9``.

    It is the name up to the first digit, ``-``, ``_`` or ``.``, if that is ``cpu``, ``cuda``
    or ``rocm``.
    """
    word = re.split(r"[\d._-]", variant, maxsplit=1)[0]
    return word if word in KNOWN_ACCELERATORS else None


def of_version_key(keys: Iterable[str]) -> tuple[str, str] | None:
    """Return the accelerator whose version key, such as ``cuda_version``, is the only one."""
    keys = set(keys)
    found = [(word, key) for word, key in _VERSION_KEYS.items() if key in keys]
    return found[0] if len(found) == 1 else None


def misplaced_version_key(accelerator: str, keys: Iterable[str]) -> str | None:
    """Return a version key that belongs to another accelerator, if there is one."""
    own = version_key(accelerator)
    return next((key for key in keys if key in _ALL_VERSION_KEYS and key != own), None)
