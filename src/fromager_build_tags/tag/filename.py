"""The file names of wheels, and their part before the tags.

Source: the binary distribution format, packaging.python.org, "File name convention".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from packaging.utils import NormalizedName, is_normalized_name, parse_wheel_filename

from ..errors import InputError
from .build_tag import NO_BUILD_TAG, BuildTag
from .platform import is_platlib
from .segment import Order, classify

if TYPE_CHECKING:
    from packaging.tags import Tag
    from packaging.version import Version


class WheelName(NamedTuple):
    """A wheel's file name without folders, as a tuple, since an index has a million of them."""

    filename: str
    name: NormalizedName
    version: Version
    build_tag: BuildTag
    tags: frozenset[Tag]

    @property
    def number(self) -> int | None:
        """The build number; None for a wheel without a build tag."""
        return self.build_tag.number

    @property
    def suffix(self) -> str:
        """The text behind the build number, such as ``_el9.6_cuda13.0``."""
        return self.build_tag.suffix or ""

    @property
    def segments(self) -> tuple[str, ...]:
        """The texts of the suffix; () for a suffix that is not made of segments."""
        return self.build_tag.segments

    @property
    def is_platlib(self) -> bool:
        """Whether the wheel is for a platform."""
        return is_platlib(self.tags)

    def segment(self, order: Order) -> str | None:
        """Return the segment for *order*: 1 distribution, 2 accelerator, 3 Torch.

        A wheel for any platform has only segments of plugins, whose place has no meaning.
        """
        text = self.build_tag.by_order.get(order)
        is_known = text is None or classify(text) is order or self.is_platlib
        return text if is_known else None


def parse_wheel_name(filename: str) -> WheelName:
    """Return the parts of a wheel's file name.

    Raises:
        InputError: *filename* is not a wheel's, such as a name with a variant label (PEP 825).
    """
    try:
        name, version, build, tags = parse_wheel_filename(filename)
        if not is_normalized_name(name):  # packaging also accepts a "_" in front, and any script
            raise ValueError(f"no project can be named {name!r}")
    except ValueError as err:  # InvalidWheelFilename, or a number that is too long for int()
        raise InputError(
            f"{filename[:300]!r} is not the file name of a wheel ({str(err)[:300]})"
        ) from None
    return WheelName(
        filename=filename,
        name=name,
        version=version,
        build_tag=BuildTag(*build) if build else NO_BUILD_TAG,
        tags=tags,
    )


def stem(name: NormalizedName, version: Version | str, build: BuildTag) -> str:
    """Return ``flash_attn-2.8.3-8_el9.6``: a wheel's file name up to its tags.

    A version that is a text is taken as it is.
    """
    name_and_version = f"{name.replace('-', '_')}-{version}"
    return name_and_version if build.is_none else f"{name_and_version}-{build}"
