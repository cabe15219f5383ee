"""BT2: rules about a change of settings, and what it does to the names of wheels."""

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
    title="a name changed on a variant that shares its index with another accelerator",
    severity=Severity.WARNING,
)
EVERYTHING_REBUILT: Final = Rule(
    code="BT204",
    title="one entry rebuilds everything of a variant",
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
TOLD_NO_MORE: Final = Rule(
    code="BT209",
    title="the suffix of a tag is not known, so that it cannot be compared",
    severity=Severity.WARNING,
)
STALE_LOCK: Final = Rule(
    code="BT208",
    title="the lock is not what the settings give",
    severity=Severity.ERROR,
)
WITHOUT_SETTINGS: Final = Rule(
    code="BT210",
    title="one side has no settings where they are looked for, so everything is new or gone",
    severity=Severity.WARNING,
)
BROKEN_SIDE: Final = Rule(
    code="BT207",
    title="one side of the review cannot be read, so a part of it is not compared",
    severity=Severity.ERROR,
)
