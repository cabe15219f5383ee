"""Every rule: BT1 of settings, BT2 of a change, BT3 of a wheel, BT4 of an index."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping
from typing import Final

from .finding import ERROR, NOTE, WARNING, Rule

# BT1: a settings tree, its variant files, and the overrides that are installed.
VARIANT_WITHOUT_FILE = Rule(
    "BT101", WARNING, "a variant has no file, so its stack is known only on the build machine"
)
UNKNOWN_VARIANT = Rule("BT102", ERROR, "unknown variant")
UNUSED_VARIANT_FILE = Rule(
    "BT103", WARNING, "a variant file is unused: no changelog and no package names its variant"
)
NO_BUILD_NUMBER = Rule(
    "BT104", ERROR, "a package that depends on the stack has no build number, and so no build tag"
)
PRE_BUILT = Rule("BT105", NOTE, "packages depend on a pre-built Torch")
BAD_ANNOTATION = Rule("BT106", ERROR, "an annotation is invalid")
REDUNDANT_ANNOTATION = Rule("BT107", NOTE, "an annotation repeats the shipped override")
OVERRIDE_REGISTERED_TWICE = Rule(
    "BT108", ERROR, "two distributions register an override of the same package"
)
OVERRIDE_SIGNATURE = Rule("BT109", ERROR, "an override does not accept the arguments of fromager")
OVERRIDE_WITHOUT_TAG = Rule("BT110", NOTE, "an override of a known package has no wheel_build_tag")
PIN_CONTRADICTS_VARIANT = Rule(
    "BT111", ERROR, "the constraints exclude the Torch version of the variant"
)
EQUAL_STACKS = Rule("BT112", WARNING, "two stacks of a variant give the same tags")
HOOK_NOT_CONFIGURED = Rule("BT113", ERROR, "the hook is not configured")
UNPINNED_DISTRIBUTION = Rule(
    "BT114", WARNING, "a variant does not declare its distribution, so its tags cannot be planned"
)
BAD_VARIANT_FILE = Rule("BT115", ERROR, "a variant file is invalid")
BAD_SUPPRESSION = Rule(
    "BT116",
    ERROR,
    "a suppression has no effect: it has no reason, an unknown rule or the wrong place",
)
DUPLICATE_KEY = Rule(
    "BT117", ERROR, "a settings file contains a key twice, and fromager uses only the last one"
)
UNKNOWN_TAG = Rule("BT118", ERROR, "a tag cannot be computed")
TWO_FILES = Rule(
    "BT119", ERROR, "a package has two settings files, and fromager uses only the last one"
)
OVERRIDE_DOES_NOT_LOAD = Rule(
    "BT120", ERROR, "an override module cannot be imported, so fromager fails"
)
UNRESOLVED_STACK = Rule("BT121", ERROR, "the selected variant cannot be built on this machine")
OLD_FROMAGER = Rule("BT122", ERROR, "the installed fromager does not support the hook")
NEVER_READ = Rule("BT123", ERROR, "a part of the settings is never read")
OVERRIDE_NAME = Rule(
    "BT124", ERROR, "an override is registered under a name that fromager never looks up"
)
TORCH_TARGET = Rule(
    "BT125",
    WARNING,
    "wheels of Torch's stable ABI have one name for several Torch releases, and may need the newer",
)

# BT2: a change of settings, and its effect on wheel names.
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
HOOK_REPLACED = Rule("BT211", ERROR, "the hook was removed or replaced")
UNREADABLE_SETTINGS = Rule(
    "BT207", ERROR, "settings of base or head are unreadable, so some wheels are not compared"
)

# BT3: a wheel: its name, its contents and its metadata.
HIDDEN_TORCH = Rule(
    "BT301", ERROR, "a wheel uses Torch's C++ ABI, but its name has no Torch segment"
)
STABLE_TORCH = Rule(
    "BT302", WARNING, "a wheel has a Torch segment, but uses only Torch's stable ABI"
)
NO_TORCH_INSIDE = Rule("BT303", ERROR, "a wheel has a Torch segment, but nothing in it uses Torch")
OTHER_TORCH_REQUIRED = Rule(
    "BT304", ERROR, "the Torch segment of a wheel differs from the Torch that it requires"
)
LACKING_TORCH = Rule("BT305", ERROR, "the Torch of a wheel lacks symbols that the wheel imports")
TORCH_BELOW_MINIMUM = Rule(
    "BT306", ERROR, "a stable-ABI wheel needs a newer Torch than the one that it is for"
)
UNKNOWN_TORCH_SYMBOLS = Rule(
    "BT307", ERROR, "a wheel imports symbols of Torch that no known Torch exports"
)
LACKING_REQUIRED_TORCH = Rule(
    "BT308", ERROR, "the Torch that a wheel requires lacks symbols that the wheel imports"
)
HIDDEN_ACCELERATOR = Rule(
    "BT311", ERROR, "a wheel uses an accelerator, but its name has no accelerator segment"
)
NO_ACCELERATOR_INSIDE = Rule(
    "BT312", ERROR, "a wheel has an accelerator segment, but nothing in it uses the accelerator"
)
OTHER_ACCELERATOR = Rule(
    "BT313", ERROR, "a wheel uses another accelerator than its accelerator segment"
)
OTHER_MAJOR = Rule(
    "BT314", ERROR, "a wheel needs libraries of another CUDA or ROCm than its accelerator segment"
)
SEVERAL_ACCELERATORS = Rule("BT315", WARNING, "a wheel uses more than one accelerator")
OTHER_MAJOR_REQUIRED = Rule(
    "BT316", ERROR, "the METADATA of a wheel is for another CUDA or ROCm than its segment"
)
MISSING_ARCH = Rule(
    "BT317", WARNING, "a library has no code for a GPU architecture that the stack declares"
)
OTHER_LABEL = Rule(
    "BT318", ERROR, "the variant label of a wheel differs from its accelerator segment"
)
BUILD_MISMATCH = Rule("BT321", ERROR, "the build tag in WHEEL differs from the file name")
METADATA_MISMATCH = Rule(
    "BT322", ERROR, "the name or version of METADATA or its folder differs from the file name"
)
STALE_ELF_REQUIRES = Rule(
    "BT325", WARNING, "the libraries that fromager recorded differ from what the wheel needs"
)
PLATFORM_WITHOUT_BINARY = Rule(
    "BT331", WARNING, "a wheel is for a platform, but contains no binary"
)
BINARY_WITHOUT_PLATFORM = Rule("BT332", ERROR, "a wheel is for any platform, but contains a binary")
DISTRIBUTION_ON_PURELIB = Rule(
    "BT333",
    WARNING,
    "a wheel for any platform has a distribution segment, so that indexes cannot share it",
)
OTHER_MACHINE = Rule(
    "BT334", ERROR, "a wheel contains binaries for another machine than its platform tag"
)
UNREADABLE_WHEEL = Rule("BT341", ERROR, "a wheel cannot be read")
UNREADABLE_BINARY = Rule("BT342", WARNING, "a binary in a wheel cannot be read")

# BT4: the wheels of an index, and missing wheels.
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
FOREIGN_ACCELERATOR = Rule("BT421", ERROR, "wheel for another accelerator than the variant")

# The index of all accelerators that `merge --variants` writes.
MIXED_UNDER_LABEL = Rule(
    "BT431", ERROR, "wheels of one project under one label for several distributions or Torch"
)
MISSING_LABEL = Rule("BT432", ERROR, "project without a label that other projects have")
NO_PLAIN_WHEEL = Rule("BT433", WARNING, "accelerated wheels without a plain wheel")
UNSELECTED_LABEL = Rule("BT434", NOTE, "labels that no released installer selects")
UNLABELLED_WHEEL = Rule("BT435", WARNING, "wheel that cannot get a label")

RULES: Final[Mapping[str, Rule]] = {
    each.code: each for each in globals().values() if isinstance(each, Rule)
}

#: The name of each rule, by its code: that of its constant, such as ``variant-without-file``.
NAMES: Final[Mapping[str, str]] = {
    each.code: constant.lower().replace("_", "-")
    for constant, each in globals().items()
    if isinstance(each, Rule)
}

#: Codes of former rules, and why each is gone. A code is never used again: settings and reports
#: of users name it.
RETIRED: Final = {
    "BT323": "order of segments",
    "BT324": "unknown segment",
    "BT326": "compatibility tags of WHEEL",
}


def page(code: str) -> str:
    """Return the page of a rule, as Markdown."""
    return (pathlib.Path(__file__).parent / "docs" / f"{code}.md").read_text(encoding="utf-8")
