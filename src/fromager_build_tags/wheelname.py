"""File names of wheels: what stands before the tags, and what each part of a build tag says.

Source: the binary distribution format, packaging.python.org, "File name convention".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from .segment import Order

if TYPE_CHECKING:
    from packaging.tags import Tag
    from packaging.utils import NormalizedName
    from packaging.version import Version


@dataclass(frozen=True, kw_only=True, slots=True)
class WheelName:
    """What a wheel's file name says.

    Attributes:
        number: the build number; None without a build tag.
        suffix: what follows the number, as installers compare it: ``_el9.6_cuda13.0``.
        tags: each tag of a compressed set.
    """

    name: NormalizedName
    version: Version
    number: int | None
    suffix: str
    tags: frozenset[Tag]

    @property
    def segments(self) -> tuple[str, ...]:
        """The texts of the suffix, such as ``("el9.6", "cuda13.0")``."""
        return tuple(text for text in self.suffix.split("_") if text)

    @property
    def is_platlib(self) -> bool:
        """Whether it is for one platform."""
        return any(tag.platform != "any" for tag in self.tags)


def parse_wheel_name(filename: str) -> WheelName:
    """Return what a file name says.

    Raises:
        packaging.utils.InvalidWheelFilename: it is not the name of a wheel (a ValueError).
    """
    from packaging.utils import parse_wheel_filename

    name, version, build, tags = parse_wheel_filename(filename)
    number, suffix = build or (None, "")
    return WheelName(name=name, version=version, number=number, suffix=suffix, tags=tags)


def classify(text: str) -> Order | None:
    """Tell by its spelling what a segment's text is; None for one that is none of ours."""
    return next((order for order, pattern in _SPELLINGS if pattern.fullmatch(text)), None)


_DISTRIBUTIONS: Final = (
    "el|fc|ubuntu|debian|amzn|sles|sled|opensuse[a-z]*|mageia|alpine|arch|azurelinux|mariner|"
    "photon|gentoo|nixos|alt|openeuler|anolis|nobara|linuxmint|raspbian"
)
_ACCELERATORS: Final = "cuda|rocm|gaudi|hpu|tpu|neuron|spyre|xpu|npu|musa|metal|vulkan"
_VERSION: Final = r"(\d[a-z\d.]*)"
_SPELLINGS: Final = (
    (Order.TORCH, re.compile(f"torch{_VERSION}")),
    (Order.ACCELERATOR, re.compile(f"cpu|({_ACCELERATORS}){_VERSION}?")),
    (Order.DISTRIBUTION, re.compile(f"({_DISTRIBUTIONS}){_VERSION}?")),
)


def stem(name: NormalizedName, version: Version | str, build_tag: str) -> str:
    """Return ``flash_attn-2.8.3-8_el9.6``: a wheel's file name up to its tags.

    Args:
        name: the package.
        version: its version; a text is taken as it is.
        build_tag: number and suffix, or "" for a wheel without a build tag.
    """
    parts = [name.replace("-", "_"), str(version), build_tag]
    return "-".join(part for part in parts if part)
