"""The project and the version that a wheel's METADATA names."""

from __future__ import annotations

from pathlib import Path

from packaging.metadata import RawMetadata
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from .archive import WheelError


def identity(path: Path | str, metadata: RawMetadata) -> tuple[NormalizedName, Version]:
    """Return the name and the version that a METADATA gives.

    Raises:
        WheelError: one of them is missing or not valid.
    """
    if not (name := metadata.get("name")):
        raise WheelError(path, "its METADATA has no Name")
    try:
        return canonicalize_name(name), Version(metadata.get("version", ""))
    except ValueError as err:  # InvalidVersion, or a number that is too long for int()
        raise WheelError(path, f"its METADATA has no valid Version ({str(err)[:300]})") from None
