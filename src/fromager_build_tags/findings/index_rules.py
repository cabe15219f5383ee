"""BT4: rules about an index: the wheels that are in it, and that are not."""

from __future__ import annotations

from typing import Final

from .finding import Rule, Severity

STALE_WHEEL: Final = Rule(
    code="BT401",
    name="stale-wheel",
    title="the settings give another build tag now, and no wheel has it",
    severity=Severity.ERROR,
)
SHADOWED_WHEEL: Final = Rule(
    code="BT402",
    name="shadowed-wheel",
    title="the wheel that the settings want is there, yet installers take another",
    severity=Severity.ERROR,
)
MISSING_WHEEL: Final = Rule(
    code="BT403",
    name="missing-wheel",
    title="a version that is wanted has no wheel",
    severity=Severity.ERROR,
)
SUPERSEDED_WHEEL: Final = Rule(
    code="BT404",
    name="superseded-wheel",
    title="a wheel is left over that nothing needs any more",
    severity=Severity.NOTE,
)
MIXED_ACCELERATORS_IN_PROJECT: Final = Rule(
    code="BT405",
    name="mixed-accelerators-in-project",
    title="one version has wheels for several accelerators, and the spelling decides between them",
    severity=Severity.ERROR,
)
MIXED_ACCELERATORS: Final = Rule(
    code="BT406",
    name="mixed-accelerators",
    title="an index holds wheels for several accelerators",
    severity=Severity.ERROR,
)
MIXED_DISTRIBUTIONS: Final = Rule(
    code="BT407",
    name="mixed-distributions",
    title="an index holds wheels for several distributions",
    severity=Severity.WARNING,
)
MIXED_TORCH: Final = Rule(
    code="BT408",
    name="mixed-torch",
    title="an index holds wheels for several versions of Torch",
    severity=Severity.WARNING,
)
ORPHAN_TORCH: Final = Rule(
    code="BT409",
    name="orphan-torch",
    title="wheels are built for a Torch that the index does not hold",
    severity=Severity.WARNING,
)
UNTAGGED_PLATLIB: Final = Rule(
    code="BT410",
    name="untagged-platlib",
    title="a wheel depends on accelerator or Torch, and its name does not tell which",
    severity=Severity.ERROR,
)
TAGGED_PURELIB: Final = Rule(
    code="BT411",
    name="tagged-purelib",
    title="a pure-Python wheel tells a stack, so it cannot be shared",
    severity=Severity.WARNING,
)
FOREIGN_BUILD_NUMBER: Final = Rule(
    code="BT412",
    name="foreign-build-number",
    title="a build number is higher than the one that the settings give",
    severity=Severity.ERROR,
)
DIFFERENT_CONTENT: Final = Rule(
    code="BT413",
    name="different-content",
    title="files of one name have different hashes",
    severity=Severity.ERROR,
)
SDIST_ONLY: Final = Rule(
    code="BT414",
    name="sdist-only",
    title="a version has a source distribution and no wheel",
    severity=Severity.NOTE,
)
UNREADABLE_NAME: Final = Rule(
    code="BT415",
    name="unreadable-name",
    title="a file ends in .whl and has no name that installers accept",
    severity=Severity.WARNING,
)
EMPTY_INDEX: Final = Rule(
    code="BT416",
    name="empty-index",
    title="an index holds no wheel",
    severity=Severity.WARNING,
)
UNREADABLE_PAGE: Final = Rule(
    code="BT417",
    name="unreadable-page",
    title="the page of a project cannot be read, so nothing is known of its wheels",
    severity=Severity.ERROR,
)
NOTHING_SAID: Final = Rule(
    code="BT418",
    name="nothing-said",
    title="the settings give wheels no build tag, so nothing can be said of them",
    severity=Severity.NOTE,
)
UNTOLD_TAGS: Final = Rule(
    code="BT419",
    name="untold-tags",
    title="the build tags of packages cannot be told, so nothing is known of their wheels",
    severity=Severity.ERROR,
)
UNREADABLE_INDEX: Final = Rule(
    code="BT420",
    name="unreadable-index",
    title="an index cannot be read, or its variant is not known, so nothing is known of it",
    severity=Severity.ERROR,
)
