"""File names of wheels: what stands in them, and what stands before the tags.

Source: the binary distribution format, packaging.python.org, "File name convention".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from packaging.utils import NormalizedName, is_normalized_name, parse_wheel_filename

from ..errors import InputError
from .build_tag import BuildTag
from .segment import Order
from .vocabulary import classify

if TYPE_CHECKING:
    from packaging.tags import Tag
    from packaging.version import Version


class WheelName(NamedTuple):
    """A parsed wheel file name: a tuple, since an index has up to a million.

    Attributes:
        filename: as given, without folders.
    """

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
        """The text after the build number, such as ``_el9.6_cuda13.0``; "" for none."""
        return self.build_tag.suffix or ""

    @property
    def segments(self) -> tuple[str, ...]:
        """The texts of the suffix; () where it is not made of segments."""
        return self.build_tag.segments

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
    return WheelName(
        filename=filename,
        name=name,
        version=version,
        build_tag=BuildTag(number, suffix),
        tags=tags,
    )


def stem(name: NormalizedName, version: Version | str, build_tag: str) -> str:
    """Return ``flash_attn-2.8.3-8_el9.6``: a wheel's file name up to its tags.

    Args:
        name: the package.
        version: its version; a text is taken as it is.
        build_tag: number and suffix, or "" for a wheel without a build tag.
    """
    name_and_version = f"{name.replace('-', '_')}-{version}"
    return f"{name_and_version}-{build_tag}" if build_tag else name_and_version
