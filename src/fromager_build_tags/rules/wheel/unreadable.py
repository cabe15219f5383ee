"""A wheel that cannot be read is a finding, too: it never hides the next one."""

from __future__ import annotations

from ..catalogue import wheel as rules
from ..finding import Finding, Place


def unreadable(source: str, reason: str) -> Finding:
    """BT341: what keeps a wheel from being read."""
    return rules.UNREADABLE_WHEEL.finding(
        reason,
        subject=source.rpartition("/")[2] or source,
        remedy="build it or fetch it again; nothing is known of it",
        place=Place(file=source),
    )
