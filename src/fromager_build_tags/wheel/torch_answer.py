"""Whether a wheel loads with a release of Torch, in one word."""

from __future__ import annotations

import enum
from collections.abc import Iterable

from packaging.version import Version

from .torch_abi import TorchLoads


class TorchAnswer(enum.StrEnum):
    """Whether a wheel loads with a release of Torch, by symbols alone.

    PART: some of its libraries do; the wheel has a library for each Torch.
    UNKNOWN: there is no build of the release to compare with.
    """

    YES = "yes"
    NO = "no"
    PART = "part"
    UNKNOWN = "unknown"


def answer(loads: TorchLoads | None, releases: Iterable[Version]) -> TorchAnswer:
    """Return the best answer for any of the releases; a wheel without imports loads with each."""
    if loads is None:
        return TorchAnswer.YES
    found = {_answer(loads, release) for release in releases}
    return next((each for each in TorchAnswer if each in found), TorchAnswer.UNKNOWN)


def _answer(loads: TorchLoads, release: Version) -> TorchAnswer:
    missing = loads.missing.get(release)
    if missing is None:
        return TorchAnswer.UNKNOWN
    if not missing:
        return TorchAnswer.YES
    members = frozenset().union(*loads.missing.values())
    is_part = loads.has_one_for_each and missing.keys() < members
    return TorchAnswer.PART if is_part else TorchAnswer.NO
