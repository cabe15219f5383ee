"""BT2: rules for a change of settings, and its effect on wheel names."""

from __future__ import annotations

from .finding import ERROR, WARNING, Rule

SORTS_BELOW = Rule(
    "BT201",
    ERROR,
    "a renamed wheel sorts below the one it replaces, so installers keep the old one",
)
CHANGELOG_SHRANK = Rule("BT202", ERROR, "a build number went down")
SHARED_INDEX = Rule(
    "BT203",
    WARNING,
    "wheel names change on a variant that shares its index with another accelerator",
)
EVERYTHING_REBUILT = Rule("BT204", WARNING, "one changelog entry rebuilds every wheel of a variant")
LOST_SEGMENT = Rule("BT205", WARNING, "a package lost a segment")
NEW_WITHOUT_NUMBER = Rule("BT206", WARNING, "a new package has no build number")
UNKNOWN_SUFFIX = Rule(
    "BT209", WARNING, "the suffix of a build tag is unknown, so it cannot be compared"
)
STALE_LOCK = Rule("BT208", ERROR, "the lock file is out of date")
WITHOUT_SETTINGS = Rule(
    "BT210",
    WARNING,
    "base or head has no settings at the given places, so everything is new or gone",
)
UNREADABLE_SETTINGS = Rule(
    "BT207", ERROR, "settings of base or head are unreadable, so some wheels are not compared"
)
