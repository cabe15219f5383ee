"""BT4: rules about the wheels of an index, and missing wheels."""

from __future__ import annotations

from typing import Final

from .finding import Rule, Severity

STALE_WHEEL: Final = Rule(
    code="BT401",
    title="stale wheel: the settings give another build tag, and no wheel has it",
    severity=Severity.ERROR,
)
SHADOWED_WHEEL: Final = Rule(
    code="BT402",
    title="shadowed wheel: installers select another wheel than the settings give",
    severity=Severity.ERROR,
)
MISSING_WHEEL: Final = Rule(
    code="BT403",
    title="required version without a wheel",
    severity=Severity.ERROR,
)
OBSOLETE_WHEEL: Final = Rule(
    code="BT404",
    title="obsolete wheel: current wheels replace it",
    severity=Severity.NOTE,
)
MIXED_ACCELERATORS_IN_PROJECT: Final = Rule(
    code="BT405",
    title="wheels of one version for several accelerators",
    severity=Severity.ERROR,
)
MIXED_ACCELERATORS: Final = Rule(
    code="BT406",
    title="wheels for several accelerators in one index",
    severity=Severity.ERROR,
)
MIXED_DISTRIBUTIONS: Final = Rule(
    code="BT407",
    title="wheels for several distributions in one index",
    severity=Severity.WARNING,
)
MIXED_TORCH: Final = Rule(
    code="BT408",
    title="wheels for several versions of Torch in one index",
    severity=Severity.WARNING,
)
ORPHAN_TORCH: Final = Rule(
    code="BT409",
    title="wheels for a version of Torch that is not in the index",
    severity=Severity.WARNING,
)
UNTAGGED_PLATLIB: Final = Rule(
    code="BT410",
    title="accelerator or Torch is missing in a build tag",
    severity=Severity.ERROR,
)
TAGGED_PURELIB: Final = Rule(
    code="BT411",
    title="purelib wheel with a suffix",
    severity=Severity.WARNING,
)
FOREIGN_BUILD_NUMBER: Final = Rule(
    code="BT412",
    title="build number above the one that the settings give",
    severity=Severity.ERROR,
)
DIFFERENT_CONTENT: Final = Rule(
    code="BT413",
    title="different files with one name",
    severity=Severity.ERROR,
)
SDIST_ONLY: Final = Rule(
    code="BT414",
    title="source distribution without a wheel",
    severity=Severity.NOTE,
)
INVALID_NAME: Final = Rule(
    code="BT415",
    title="invalid wheel name",
    severity=Severity.WARNING,
)
EMPTY_INDEX: Final = Rule(
    code="BT416",
    title="index without wheels",
    severity=Severity.WARNING,
)
UNREADABLE_PAGE: Final = Rule(
    code="BT417",
    title="page of a project cannot be read",
    severity=Severity.ERROR,
)
NO_CHANGELOG_ENTRY: Final = Rule(
    code="BT418",
    title="no changelog entry: the status of wheels is unknown",
    severity=Severity.NOTE,
)
UNKNOWN_TAGS: Final = Rule(
    code="BT419",
    title="build tags cannot be computed: the status of wheels is unknown",
    severity=Severity.ERROR,
)
UNREADABLE_INDEX: Final = Rule(
    code="BT420",
    title="index cannot be audited",
    severity=Severity.ERROR,
)
