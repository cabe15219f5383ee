"""The vocabulary of segments: which texts name a distribution, an accelerator or Torch."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Final

from .segment import Order

#: The accelerators with rules of their own; any other word can name an accelerator, too.
KNOWN_ACCELERATORS: Final = ("cpu", "cuda", "rocm")
#: The characters of an accelerator's word.
ACCELERATOR_WORD: Final = "[a-z]+"


def classify(text: str) -> Order | None:
    """Return which of the three kinds of segments *text* is, by its spelling; None for others.

    >>> [classify(text) for text in ("el9.6", "cuda13.0", "torch2.10.0", "abi3")]
    [<Order.DISTRIBUTION: 1>, <Order.ACCELERATOR: 2>, <Order.TORCH: 3>, None]
    """
    return next((order for order, spelled in _SPELLINGS.items() if spelled.fullmatch(text)), None)


@functools.lru_cache(maxsize=4096)
def segment_texts(suffix: str) -> Mapping[Order, str]:
    """Return the segments of a suffix by kind: ``{Order.ACCELERATOR: "cuda13.0", …}``."""
    texts = {classify(text): text for text in reversed(suffix.split("_"))}
    return {order: text for order, text in texts.items() if order is not None}


def accelerator_word(text: str) -> str:
    """Return an accelerator segment without its version: ``cuda`` of ``cuda13.0``."""
    return re.split(r"\d", text, maxsplit=1)[0]


# Distributions as `stack.distro` spells them: two families, else os-release's ID without the
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
