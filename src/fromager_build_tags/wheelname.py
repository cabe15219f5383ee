"""File names of wheels: what stands before the tags.

Source: the binary distribution format, packaging.python.org, "File name convention".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packaging.utils import NormalizedName
    from packaging.version import Version


def stem(name: NormalizedName, version: Version | str, build_tag: str) -> str:
    """Return ``flash_attn-2.8.3-8_el9.6``: a wheel's file name up to its tags.

    Args:
        name: the package.
        version: its version; a text is taken as it is.
        build_tag: number and suffix, or "" for a wheel without a build tag.
    """
    parts = [name.replace("-", "_"), str(version), build_tag]
    return "-".join(part for part in parts if part)
