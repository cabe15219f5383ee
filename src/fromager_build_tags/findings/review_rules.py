"""BT2: rules for a change of settings, and its effect on wheel names."""

from __future__ import annotations

from typing import Final

from .finding import Rule, Severity

SORTS_BELOW: Final = Rule(
    code="BT201",
    title="a renamed wheel sorts below the one it replaces, so installers keep the old one",
    severity=Severity.ERROR,
)
CHANGELOG_SHRANK: Final = Rule(
    code="BT202",
    title="a build number went down",
    severity=Severity.ERROR,
)
SHARED_INDEX: Final = Rule(
    code="BT203",
    title="wheel names change on a variant that shares its index with another accelerator",
    severity=Severity.WARNING,
)
EVERYTHING_REBUILT: Final = Rule(
    code="BT204",
    title="one changelog entry rebuilds every wheel of a variant",
    severity=Severity.WARNING,
)
LOST_SEGMENT: Final = Rule(
    code="BT205",
    title="a package lost a segment",
    severity=Severity.WARNING,
)
NEW_WITHOUT_NUMBER: Final = Rule(
    code="BT206",
    title="a new package has no build number",
    severity=Severity.WARNING,
)
UNKNOWN_SUFFIX: Final = Rule(
    code="BT209",
    title="the suffix of a build tag is unknown, so it cannot be compared",
    severity=Severity.WARNING,
)
STALE_LOCK: Final = Rule(
    code="BT208",
    title="the lock file is out of date",
    severity=Severity.ERROR,
)
WITHOUT_SETTINGS: Final = Rule(
    code="BT210",
    title="base or head has no settings at the given places, so everything is new or gone",
    severity=Severity.WARNING,
)
UNREADABLE_SETTINGS: Final = Rule(
    code="BT207",
    title="settings of base or head are unreadable, so some wheels are not compared",
    severity=Severity.ERROR,
)
