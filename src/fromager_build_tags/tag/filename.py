"""File names of wheels: what stands in them, and what stands before the tags.

Source: the binary distribution format, packaging.python.org, "File name convention".
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

from packaging.utils import NormalizedName, is_normalized_name, parse_wheel_filename

from ..errors import InputError, SegmentError
from .segment import Order, split

if TYPE_CHECKING:
    from packaging.tags import Tag
    from packaging.version import Version


class WheelName(NamedTuple):
    """A wheel's file name, taken apart: a tuple, since there are a million of them.

    Attributes:
        filename: as it was given, without folders.
        number: of the build tag; None for a wheel without a build tag.
        suffix: what follows the number, such as ``_el9.6_cuda13.0``.
        segments: the texts of the suffix; () where it is not made of segments.
    """

    filename: str
    name: NormalizedName
    version: Version
    number: int | None
    suffix: str
    segments: tuple[str, ...]
    tags: frozenset[Tag]

    @property
    def build_tag(self) -> str:
        """``8_el9.6_cuda13.0``, or "" for a wheel without a build tag."""
        return "" if self.number is None else f"{self.number}{self.suffix}"

    @property
    def is_platlib(self) -> bool:
        """Whether it is for a platform, and not for any."""
        return any(tag.platform != "any" for tag in self.tags)

    def segment(self, order: Order) -> str | None:
        """Return the first segment of one of the three kinds, if there is one."""
        return next((text for text in self.segments if classify(text) is order), None)


def parse_wheel_name(filename: str) -> WheelName:
    """Take a wheel's file name apart.

    Raises:
        InputError: it is none, such as one with a variant label (PEP 825).
    """
    try:
        name, version, build, tags = parse_wheel_filename(filename)
    except ValueError as err:  # InvalidWheelFilename, or a number that is too long for int()
        raise InputError(
            f"{filename[:300]!r} is not the file name of a wheel ({str(err)[:300]})"
        ) from None
    if not is_normalized_name(name):  # packaging lets letters of any script pass, and "_" in front
        raise InputError(
            f"{filename[:300]!r} is not the file name of a wheel (no project can be named {name!r})"
        )
    number, suffix = build or (None, "")
    try:
        segments = split(suffix)
    except SegmentError:
        segments = ()
    return WheelName(
        filename=filename,
        name=name,
        version=version,
        number=number,
        suffix=suffix,
        segments=segments,
        tags=tags,
    )


def classify(text: str) -> Order | None:
    """Tell by its spelling what a segment speaks of; None for one that users made up.

    >>> [classify(text) for text in ("el9.6", "cuda13.0", "torch2.10.0", "abi3")]
    [<Order.DISTRIBUTION: 1>, <Order.ACCELERATOR: 2>, <Order.TORCH: 3>, None]
    """
    return next((order for order, spelled in _SPELLINGS.items() if spelled.fullmatch(text)), None)


@functools.lru_cache(maxsize=4096)
def told(suffix: str) -> Mapping[Order, str]:
    """Return what a suffix tells: ``{Order.ACCELERATOR: "cuda13.0", …}``."""
    texts = {classify(text): text for text in reversed(suffix.split("_"))}
    return {order: text for order, text in texts.items() if order is not None}


def accelerator_word(text: str) -> str:
    """Return an accelerator segment without its version: ``cuda`` of ``cuda13.0``."""
    return re.split(r"\d", text, maxsplit=1)[0]


# Distributions are spelled as `distro` spells them: two families, else os-release's ID without
# what cannot stand in a segment.
_SPELLINGS: Final = {
    Order.DISTRIBUTION: re.compile(
        r"(el|fc|ubuntu|debian|sle[sd]?|opensuse\w*|amzn|alpine|azurelinux|mariner|photon|mageia"
        r"|openeuler|anolis|alinux|tencentos|kylin|nobara|ultramarine|linuxmint|pop|clearlinux"
        r"|wolfi|chainguard|gentoo|slackware|nixos|raspbian|devuan|kali)[\d.]*"
        r"|arch|manjaro|void|endeavouros"
    ),
    Order.ACCELERATOR: re.compile(
        r"cpu|(cuda|rocm|xpu|gaudi|hpu|tpu|neuron|spyre|npu|cann|mps|metal|musa|maca|vulkan"
        r"|opencl|openvino)(\d[\w.]*)?"
    ),
    Order.TORCH: re.compile(r"torch\d[\w.]*"),
}


def stem(name: NormalizedName, version: Version | str, build_tag: str) -> str:
    """Return ``flash_attn-2.8.3-8_el9.6``: a wheel's file name up to its tags.

    Args:
        name: the package.
        version: its version; a text is taken as it is.
        build_tag: number and suffix, or "" for a wheel without a build tag.
    """
    name_and_version = f"{name.replace('-', '_')}-{version}"
    return f"{name_and_version}-{build_tag}" if build_tag else name_and_version
