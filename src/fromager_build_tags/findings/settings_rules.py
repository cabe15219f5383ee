"""BT1: rules about a settings tree, its variant files, and the overrides that are installed."""

from __future__ import annotations

from typing import Final

from .finding import Severity
from .rule import Rule

VARIANT_WITHOUT_FILE: Final = Rule(
    code="BT101",
    name="variant-without-file",
    title="a variant has no file, so only the build machine tells its stack",
    severity=Severity.WARNING,
)
UNKNOWN_VARIANT: Final = Rule(
    code="BT102",
    name="unknown-variant",
    title="a variant is named that there is not",
    severity=Severity.ERROR,
)
UNUSED_VARIANT_FILE: Final = Rule(
    code="BT103",
    name="unused-variant-file",
    title="a variant has a file, yet no changelog or package names it",
    severity=Severity.WARNING,
)
NO_BUILD_NUMBER: Final = Rule(
    code="BT104",
    name="no-build-number",
    title="a package that depends on the stack has no build number, so the hook is never asked",
    severity=Severity.ERROR,
)
PRE_BUILT: Final = Rule(
    code="BT105",
    name="pre-built",
    title="packages are tied to one that is pre-built",
    severity=Severity.NOTE,
)
BAD_ANNOTATION: Final = Rule(
    code="BT106",
    name="bad-annotation",
    title="an annotation of ours cannot be read",
    severity=Severity.ERROR,
)
REDUNDANT_ANNOTATION: Final = Rule(
    code="BT107",
    name="redundant-annotation",
    title="an annotation says what the shipped override says already",
    severity=Severity.NOTE,
)
OVERRIDE_REGISTERED_TWICE: Final = Rule(
    code="BT108",
    name="override-registered-twice",
    title="two distributions register an override of one package",
    severity=Severity.ERROR,
)
OVERRIDE_SIGNATURE: Final = Rule(
    code="BT109",
    name="override-signature",
    title="an override does not take what fromager hands to it",
    severity=Severity.ERROR,
)
OVERRIDE_WITHOUT_TAG: Final = Rule(
    code="BT110",
    name="override-without-tag",
    title="an override of a known package says nothing of its build tag",
    severity=Severity.NOTE,
)
PIN_CONTRADICTS_VARIANT: Final = Rule(
    code="BT111",
    name="pin-contradicts-variant",
    title="the constraints ask for another Torch than the variant's",
    severity=Severity.ERROR,
)
EQUAL_STACKS: Final = Rule(
    code="BT112",
    name="equal-stacks",
    title="stacks of a variant give the same tags",
    severity=Severity.WARNING,
)
HOOK_NOT_CONFIGURED: Final = Rule(
    code="BT113",
    name="hook-not-configured",
    title="fromager is not told to ask this hook",
    severity=Severity.ERROR,
)
UNPINNED_DISTRIBUTION: Final = Rule(
    code="BT114",
    name="unpinned-distribution",
    title="a variant does not say its distribution, so its tags cannot be planned",
    severity=Severity.WARNING,
)
BAD_VARIANT_FILE: Final = Rule(
    code="BT115",
    name="bad-variant-file",
    title="a variant's settings cannot be used",
    severity=Severity.ERROR,
)
BAD_IGNORE: Final = Rule(
    code="BT116",
    name="bad-ignore",
    title="a rule is ignored without a reason, or is no rule",
    severity=Severity.ERROR,
)
DUPLICATE_KEY: Final = Rule(
    code="BT117",
    name="duplicate-key",
    title="a settings file gives one key twice, and fromager takes the last in silence",
    severity=Severity.ERROR,
)
UNTOLD_TAG: Final = Rule(
    code="BT118",
    name="untold-tag",
    title="a tag cannot be told",
    severity=Severity.ERROR,
)
TWO_FILES: Final = Rule(
    code="BT119",
    name="two-files",
    title="a package has two settings files, and fromager takes the last in silence",
    severity=Severity.ERROR,
)
OVERRIDE_DOES_NOT_LOAD: Final = Rule(
    code="BT120",
    name="override-does-not-load",
    title="an override module cannot be imported, so fromager stops",
    severity=Severity.ERROR,
)
UNRESOLVED_STACK: Final = Rule(
    code="BT121",
    name="unresolved-stack",
    title="this machine cannot build the variant",
    severity=Severity.ERROR,
)
OLD_FROMAGER: Final = Rule(
    code="BT122",
    name="old-fromager",
    title="this fromager does not know the hook",
    severity=Severity.ERROR,
)
NEVER_READ: Final = Rule(
    code="BT123",
    name="never-read",
    title="something in the settings is never read",
    severity=Severity.ERROR,
)
OVERRIDE_NAME: Final = Rule(
    code="BT124",
    name="override-name",
    title="an override is registered under a name that fromager never looks for",
    severity=Severity.ERROR,
)
