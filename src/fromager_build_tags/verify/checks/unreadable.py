"""A wheel that cannot be read is a finding, too: it never hides the next one."""

from __future__ import annotations

from typing import Final

from ...findings import wheel_rules as rules
from ...findings.finding import Finding, Place

_AGAIN: Final = "build it or fetch it again; nothing is known of it"
_REPORT: Final = (
    "report it to fromager-build-tags, with the wheel; what is said of it may not be all"
)


def unreadable(source: str, reason: str, *, remedy: str = _AGAIN) -> Finding:
    """BT341: what keeps a wheel from being read."""
    return rules.UNREADABLE_WHEEL.finding(
        reason,
        subject=source.rpartition("/")[2] or source,
        remedy=remedy,
        place=Place(file=source),
    )


def unexpected(source: str, err: Exception) -> Finding:
    """BT341: an error that is none of ours, told by its kind."""
    text = " ".join(str(err).split())[:300]
    reason = f"it cannot be read: {type(err).__name__}" + (f": {text}" if text else "")
    return unreadable(source, reason, remedy=_REPORT)
