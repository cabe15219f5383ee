"""Segments: the parts of a build tag's suffix.

In ``8_el9.6_rocm7.1_torch2.10.0`` fromager gives the number; the suffix is three segments,
joined with ``_``. fromager accepts the texts that match ``[a-zA-Z0-9.]+``
(``fromager/wheels.py``, ``_validate_build_tag_segments``).
"""

from __future__ import annotations

import enum
import functools
import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from packaging.version import Version

from ..errors import SegmentError

_TEXT: Final = re.compile(r"[a-zA-Z0-9.]+")
#: The accelerators with rules of their own; any other word can name an accelerator, too.
KNOWN_ACCELERATORS: Final = ("cpu", "cuda", "rocm")
_CPU: Final = "cpu"
#: The characters of an accelerator's word.
ACCELERATOR_WORD: Final = "[a-z]+"
#: The text of a distribution: os-release's ID and version, such as ``el9.6`` or ``4mlinux48.0``.
DISTRIBUTION_TEXT: Final = r"[0-9]{0,9}[a-z][a-z0-9.]{0,63}"


class Order(enum.IntEnum):
    """The places that have a meaning of their own; all other integers are free for users."""

    DISTRIBUTION = 1
    ACCELERATOR = 2
    TORCH = 3

    __repr__ = int.__repr__  # fromager logs what an override returns


class Segment(NamedTuple):
    """One part of the suffix: its place, and its text (``[a-zA-Z0-9.]+``).

    It is a tuple, so a list of segments is what a ``wheel_build_tag`` plugin may return.
    """

    order: int
    text: str


def parse_segments(value: object) -> tuple[Segment, ...]:
    """Return what a plugin or an override answered as segments, in the order given.

    Raises:
        SegmentError: *value* is not a sequence of ``(int, str)`` pairs with valid texts.
    """
    if isinstance(value, str | bytes) or not isinstance(value, Sequence):
        raise SegmentError(
            f"{_shown(value)} is not a sequence of (order, text) pairs, such as [(4, 'abi3')]"
        )
    return tuple(_parse_pair(pair) for pair in value)


def _parse_pair(pair: object) -> Segment:
    # not a match statement: CPython 3.12 takes 8 µs for its class patterns, this a tenth
    order, text = pair if isinstance(pair, tuple | list) and len(pair) == 2 else (None, None)
    if isinstance(order, bool) or not (isinstance(order, int) and isinstance(text, str)):
        raise SegmentError(f"{_shown(pair)} is not a pair of an int and a str, such as (4, 'abi3')")
    if not _TEXT.fullmatch(text):
        raise SegmentError(f"the text of {(order, text)!r} has to match [a-zA-Z0-9.]+")
    return Segment(int(order), text)


def _shown(value: object) -> str:
    """Return what *value* is, the same in every run: without its address in memory."""
    return re.sub(r" at 0x[0-9A-Fa-f]+", "", repr(value))


def arrange(given: Iterable[tuple[object, Segment]]) -> tuple[Segment, ...]:
    """Sort segments by order, ties by text, and drop exact repeats.

    Load order of plugins never shows. A wheel has one distribution, one accelerator and
    one Torch: two texts for one of these places are refused.

    Each segment is behind its provider, whose ``str`` is in the message.

    Raises:
        SegmentError: two different texts of the order 1, 2 or 3.
    """
    providers: dict[Segment, object] = {}
    for provider, segment in given:
        providers.setdefault(segment, provider)
    arranged = sorted(providers)
    for one, other in itertools.pairwise(arranged):
        if one.order == other.order and one.order in _ONE_TEXT_ONLY:
            raise SegmentError(
                f"a wheel has one {_ONE_TEXT_ONLY[one.order]}, yet order {one.order} is given "
                f"as {one.text!r} by {providers[one]} and as {other.text!r} by {providers[other]}"
            )
    return tuple(arranged)


_ONE_TEXT_ONLY: Final = {1: "distribution", 2: "accelerator", 3: "Torch"}


def join(segments: Iterable[Segment]) -> str:
    """Return the suffix of a build tag: ``"_el9.6_rocm7.1"``, or ``""`` for no segment."""
    return "".join([f"_{segment.text}" for segment in segments])


@functools.lru_cache(maxsize=4096)  # many wheels have the same one
def split(suffix: str) -> tuple[str, ...]:
    """Return the texts that :func:`join` made *suffix* from.

    Raises:
        SegmentError: *suffix* is not one that :func:`join` makes.
    """
    if not suffix:
        return ()
    first, *texts = suffix.split("_")
    if first or not all(_TEXT.fullmatch(text) for text in texts):
        raise SegmentError(f"{suffix!r} is not a suffix of segments, such as '_el9.6_cuda13.0'")
    return tuple(texts)


@functools.lru_cache(maxsize=4096)
def classify(text: str) -> Order | None:
    """Return which of the three kinds of segments *text* is, by its spelling; None for others.

    >>> [classify(text) for text in ("el9.6", "cuda13.0", "torch2.10.0", "abi3")]
    [<Order.DISTRIBUTION: 1>, <Order.ACCELERATOR: 2>, <Order.TORCH: 3>, None]
    """
    return next((order for order, spelled in _SPELLINGS.items() if spelled.fullmatch(text)), None)


@functools.lru_cache(maxsize=4096)
def segment_texts(suffix: str) -> Mapping[Order, str]:
    """Return the segments of a suffix by kind: ``{Order.ACCELERATOR: "cuda13.0", …}``.

    os-release(5) allows any ID, and a variant file any accelerator. A text outside the vocabulary
    is the distribution if it is the first one, and the accelerator between distribution and Torch.
    """
    first, *texts = suffix.split("_")
    kinds = [classify(text) for text in (first, *texts)]
    if not first and Order.DISTRIBUTION not in kinds and texts and kinds[1] is None:
        kinds[1] = Order.DISTRIBUTION if re.fullmatch(DISTRIBUTION_TEXT, texts[0]) else None
    if Order.ACCELERATOR not in kinds and kinds[1:4:2] == [Order.DISTRIBUTION, Order.TORCH]:
        kinds[2] = Order.ACCELERATOR
    found = [*zip(kinds, (first, *texts), strict=True)]
    return {order: text for order, text in reversed(found) if order is not None}


def accelerator_word(text: str) -> str:
    """Return an accelerator segment without its version: ``cuda`` of ``cuda13.0``."""
    return re.split(r"\d", text, maxsplit=1)[0]


def variant_label(accelerator: str | None) -> str:
    """Return the label that a wheel with an accelerator segment has as a wheel variant (PEP 825).

    A wheel without accelerator, or for ``cpu``, is the plain one, "". The rule is here, as plans
    and reports use it; `index.wheel_variants` contains the rest of the draft.

    >>> [variant_label(text) for text in ("cuda13.0", "cpu", None)]
    ['cuda13.0', '', '']
    """
    return "" if accelerator is None or accelerator == _CPU else accelerator


def torch_version(text: str) -> Version | None:
    """Return the version of a Torch segment; None if it has none that is valid.

    >>> torch_version("torch2.10.0")
    <Version('2.10.0')>
    """
    try:
        return Version(text.removeprefix("torch"))
    except ValueError:  # no version, or a number that is too long for int()
        return None


# Distributions as `stack.machine` spells them: two families, else os-release's ID without the
# characters that a segment cannot contain.
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
