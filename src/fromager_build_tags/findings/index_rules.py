"""BT4: rules about the wheels of an index, and missing wheels."""

from __future__ import annotations

from .finding import ERROR, NOTE, WARNING, Rule

STALE_WHEEL = Rule(
    "BT401", ERROR, "stale wheel: the settings give another build tag, and no wheel has it"
)
SHADOWED_WHEEL = Rule(
    "BT402", ERROR, "shadowed wheel: installers select another wheel than the settings give"
)
MISSING_WHEEL = Rule("BT403", ERROR, "required version without a wheel")
OBSOLETE_WHEEL = Rule("BT404", NOTE, "obsolete wheel: current wheels replace it")
MIXED_ACCELERATORS_IN_PROJECT = Rule(
    "BT405", ERROR, "wheels of one version for several accelerators"
)
MIXED_ACCELERATORS = Rule("BT406", ERROR, "wheels for several accelerators in one index")
MIXED_DISTRIBUTIONS = Rule("BT407", WARNING, "wheels for several distributions in one index")
MIXED_TORCH = Rule("BT408", WARNING, "wheels for several versions of Torch in one index")
ORPHAN_TORCH = Rule("BT409", WARNING, "wheels for a version of Torch that is not in the index")
UNTAGGED_PLATLIB = Rule("BT410", ERROR, "accelerator or Torch is missing in a build tag")
TAGGED_PURELIB = Rule("BT411", WARNING, "purelib wheel with a suffix")
FOREIGN_BUILD_NUMBER = Rule("BT412", ERROR, "build number above the one that the settings give")
DIFFERENT_CONTENT = Rule("BT413", ERROR, "different files with one name")
SDIST_ONLY = Rule("BT414", NOTE, "source distribution without a wheel")
INVALID_NAME = Rule("BT415", WARNING, "invalid wheel name")
EMPTY_INDEX = Rule("BT416", WARNING, "index without wheels")
UNREADABLE_PAGE = Rule("BT417", ERROR, "page of a project cannot be read")
NO_CHANGELOG_ENTRY = Rule("BT418", NOTE, "no changelog entry: the status of wheels is unknown")
UNKNOWN_TAGS = Rule(
    "BT419", ERROR, "build tags cannot be computed: the status of wheels is unknown"
)
UNREADABLE_INDEX = Rule("BT420", ERROR, "index cannot be audited")
