"""BT1: rules about a settings tree, its variant files, and the overrides that are installed."""

from __future__ import annotations

from typing import Final

from .finding import Rule, Severity

VARIANT_WITHOUT_FILE: Final = Rule(
    code="BT101",
    title="a variant has no file, so its stack is known only on the build machine",
    severity=Severity.WARNING,
)
UNKNOWN_VARIANT: Final = Rule(
    code="BT102",
    title="unknown variant",
    severity=Severity.ERROR,
)
UNUSED_VARIANT_FILE: Final = Rule(
    code="BT103",
    title="a variant file is unused: no changelog and no package names its variant",
    severity=Severity.WARNING,
)
NO_BUILD_NUMBER: Final = Rule(
    code="BT104",
    title="a package that depends on the stack has no build number, and so no build tag",
    severity=Severity.ERROR,
)
PRE_BUILT: Final = Rule(
    code="BT105",
    title="packages depend on a pre-built Torch",
    severity=Severity.NOTE,
)
BAD_ANNOTATION: Final = Rule(
    code="BT106",
    title="an annotation is invalid",
    severity=Severity.ERROR,
)
REDUNDANT_ANNOTATION: Final = Rule(
    code="BT107",
    title="an annotation repeats the shipped override",
    severity=Severity.NOTE,
)
OVERRIDE_REGISTERED_TWICE: Final = Rule(
    code="BT108",
    title="two distributions register an override of the same package",
    severity=Severity.ERROR,
)
OVERRIDE_SIGNATURE: Final = Rule(
    code="BT109",
    title="an override does not accept the arguments of fromager",
    severity=Severity.ERROR,
)
OVERRIDE_WITHOUT_TAG: Final = Rule(
    code="BT110",
    title="an override of a known package has no wheel_build_tag",
    severity=Severity.NOTE,
)
PIN_CONTRADICTS_VARIANT: Final = Rule(
    code="BT111",
    title="the constraints exclude the Torch version of the variant",
    severity=Severity.ERROR,
)
EQUAL_STACKS: Final = Rule(
    code="BT112",
    title="two stacks of a variant give the same tags",
    severity=Severity.WARNING,
)
HOOK_NOT_CONFIGURED: Final = Rule(
    code="BT113",
    title="the hook is not configured",
    severity=Severity.ERROR,
)
UNPINNED_DISTRIBUTION: Final = Rule(
    code="BT114",
    title="a variant does not declare its distribution, so its tags cannot be planned",
    severity=Severity.WARNING,
)
BAD_VARIANT_FILE: Final = Rule(
    code="BT115",
    title="a variant file is invalid",
    severity=Severity.ERROR,
)
BAD_SUPPRESSION: Final = Rule(
    code="BT116",
    title="a suppression has no effect: it has no reason, an unknown rule or the wrong place",
    severity=Severity.ERROR,
)
DUPLICATE_KEY: Final = Rule(
    code="BT117",
    title="a settings file contains a key twice, and fromager uses only the last one",
    severity=Severity.ERROR,
)
UNKNOWN_TAG: Final = Rule(
    code="BT118",
    title="a tag cannot be computed",
    severity=Severity.ERROR,
)
TWO_FILES: Final = Rule(
    code="BT119",
    title="a package has two settings files, and fromager uses only the last one",
    severity=Severity.ERROR,
)
OVERRIDE_DOES_NOT_LOAD: Final = Rule(
    code="BT120",
    title="an override module cannot be imported, so fromager fails",
    severity=Severity.ERROR,
)
UNRESOLVED_STACK: Final = Rule(
    code="BT121",
    title="the selected variant cannot be built on this machine",
    severity=Severity.ERROR,
)
OLD_FROMAGER: Final = Rule(
    code="BT122",
    title="the installed fromager does not support the hook",
    severity=Severity.ERROR,
)
NEVER_READ: Final = Rule(
    code="BT123",
    title="a part of the settings is never read",
    severity=Severity.ERROR,
)
OVERRIDE_NAME: Final = Rule(
    code="BT124",
    title="an override is registered under a name that fromager never looks up",
    severity=Severity.ERROR,
)
