"""BT1: rules about a settings tree, its variant files, and the overrides that are installed."""

from __future__ import annotations

from .finding import ERROR, NOTE, WARNING, Rule

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
