"""The file names of wheels, and their part before the tags.

Sources: the binary distribution format, packaging.python.org, "File name convention"; PEP 825 for
a variant label, which is one more part in front of ``.whl``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from packaging.utils import NormalizedName, is_normalized_name, parse_wheel_filename

from ..errors import InputError
from .build_tag import NO_BUILD_TAG, BuildTag
from .platform import is_platlib
from .segment import Order, classify, variant_label

if TYPE_CHECKING:
    from packaging.tags import Tag
    from packaging.version import Version

#: The characters of a variant label, and how many it can have.
LABEL: Final = re.compile(r"[0-9a-z._]{1,16}")
#: A tag set of Pythons, such as ``py2.py3``.
_PYTHON: Final = re.compile(r"[a-zA-Z_]\w*(\.[a-zA-Z_]\w*)*", re.ASCII)
_DASHES: Final = (5, 6)
_END: Final = ".whl"
_LABEL_END: Final = re.compile(LABEL.pattern + re.escape(_END))


class WheelName(NamedTuple):
    """A wheel's file name without folders, as a tuple, since an index has a million of them.

    The label is that of a wheel variant, such as ``cuda13.0``; "" for a plain wheel.
    """

    filename: str
    name: NormalizedName
    version: Version
    build_tag: BuildTag
    tags: frozenset[Tag]
    label: str = ""

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

    @property
    def expected_label(self) -> str:
        """The label of the wheel's accelerator; "" for a wheel that stays plain."""
        return variant_label(self.segment(Order.ACCELERATOR))


def split_label(filename: str) -> tuple[str, str]:
    """Return a wheel's file name without its variant label, and the label; "" if it has none.

    The part four before the end is a Python tag in a name with a label, and a build tag, which
    begins with a digit, or the version in others.

    >>> split_label("a-1.0-py3-none-any-cuda13.0.whl")
    ('a-1.0-py3-none-any.whl', 'cuda13.0')
    """
    if filename.count("-") not in _DASHES:
        return filename, ""
    _, python, _, _, last = filename.rsplit("-", 4)
    # the first test is for speed
    if python[:1].isdigit() or not (_PYTHON.fullmatch(python) and _LABEL_END.fullmatch(last)):
        return filename, ""
    label = last.removesuffix(_END)
    return filename.removesuffix(f"-{last}") + _END, label


def parse_wheel_name(filename: str) -> WheelName:
    """Return the parts of a wheel's file name.

    Raises:
        InputError: *filename* is not a wheel's.
    """
    plain, label = split_label(filename)
    try:
        name, version, build, tags = parse_wheel_filename(plain)
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
        label=label,
    )


def stem(name: NormalizedName, version: Version | str, build: BuildTag) -> str:
    """Return ``flash_attn-2.8.3-8_el9.6``: a wheel's file name up to its tags.

    A version that is a text is taken as it is.
    """
    name_and_version = f"{name.replace('-', '_')}-{version}"
    return name_and_version if build.is_none else f"{name_and_version}-{build}"
