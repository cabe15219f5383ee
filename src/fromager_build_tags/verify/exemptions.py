"""Exemptions: what the settings of a package declare about its wheels, and suppress.

The annotation ``build-tags.verify`` holds lines ``WHAT: REASON``::

    build-tags.verify: |
      accelerator: nvcc compiles the kernels at first use
      BT332: the library is loaded into another process

``accelerator`` and ``torch`` declare that the package depends on them, though the content of its
wheels does not show it; the code of a rule suppresses the findings of the rule.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ..errors import SettingsError
from ..findings import rules
from ..findings.finding import Finding
from ..settings.context import lowest_torch_of
from ..settings.layout import VERIFY, suppressions

if TYPE_CHECKING:
    from packaging.requirements import Requirement

    from ..settings.tree import WorkContext
    from ..stack.stack import DeclaredTorch

ACCELERATOR: Final = "accelerator"
TORCH: Final = "torch"
_PURE: Final = rules.PLATFORM_WITHOUT_BINARY.code
_DEPENDENCIES: Final[Mapping[str, tuple[str, ...]]] = {
    ACCELERATOR: (rules.NO_ACCELERATOR_INSIDE.code, _PURE),
    TORCH: (rules.NO_TORCH_INSIDE.code, rules.STABLE_TORCH.code, _PURE),
}
_CODES: Final = {each for each in rules.RULES if each.startswith("BT3")} - {
    rules.UNREADABLE_WHEEL.code
}


def _no_torch() -> None:
    """Return the lowest declared Torch if there are no settings."""


@dataclass(frozen=True, slots=True)
class Exemptions:
    """What the settings of a package exempt from ``verify``.

    Attributes:
        reasons: the reason for which findings of a rule are suppressed, by the rule's code.
        dependencies: the reason for which a wheel depends on ``accelerator`` or ``torch``.
        elsewhere: other variants whose settings suppress findings of a rule, by the rule's code.
        lowest_torch: returns the lowest Torch that the settings declare. It reads files, so only a
            rule that needs it calls it.
    """

    reasons: Mapping[str, str] = field(default_factory=dict)
    dependencies: Mapping[str, str] = field(default_factory=dict)
    elsewhere: Mapping[str, Sequence[str]] = field(default_factory=dict)
    lowest_torch: Callable[[], DeclaredTorch | None] = field(default=_no_torch, compare=False)

    def applied_to(self, finding: Finding) -> Finding:
        """Return the finding, suppressed if the settings declare a reason."""
        if reason := self.reasons.get(finding.code):
            return dataclasses.replace(finding, suppression=reason)
        if variants := " or ".join(self.elsewhere.get(finding.code, ())):
            hint = f"for a wheel of {variants}, whose settings suppress it: --variant {variants}"
            return dataclasses.replace(finding, remedy=f"{finding.remedy}; {hint}")
        return finding


NO_EXEMPTIONS: Final = Exemptions()


def parse_exemptions(text: str, where: str) -> Exemptions:
    """Parse the value of an annotation; *where* names it and its package in errors.

    Raises:
        SettingsError: a line has no reason, or names neither a dependency nor a rule.
    """
    reasons: dict[str, str] = {}
    dependencies: dict[str, str] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        what, _, reason = (part.strip() for part in line.partition(":"))
        codes = _DEPENDENCIES.get(what) or ((what,) if what in _CODES else ())
        if not codes:
            raise SettingsError(
                f"{where}: unknown exemption {what!r}; use accelerator, torch or the code of a "
                "rule, such as 'accelerator: nvcc compiles the kernels at first use'"
            )
        if not reason:
            raise SettingsError(f"{where}: {what!r} has no reason; write '{what}: REASON'")
        reasons |= dict.fromkeys(codes, reason)
        if what in _DEPENDENCIES:
            dependencies[what] = reason
    if not reasons:
        raise SettingsError(f"{where} is empty; write 'accelerator: REASON', or remove it")
    return Exemptions(reasons, dependencies)


def exemptions_of(ctx: WorkContext, req: Requirement, *, others: bool = False) -> Exemptions:
    """Return the exemptions of a package for the variant of *ctx*.

    With *others*, ``elsewhere`` lists the variants that exempt it from further rules: the user of
    ``verify`` may have named the wrong variant, or none.

    Raises:
        SettingsError: the annotation for the variant of *ctx* is invalid.
    """
    info = ctx.package_build_info(req)
    elsewhere: dict[str, list[str]] = {}
    for variant, other in info.variants.items() if others else ():
        with contextlib.suppress(SettingsError):  # reported when that variant is verified
            for code in _exemptions(other.annotations or {}, info.package, variant).reasons:
                elsewhere.setdefault(code, []).append(str(variant))
    found = _exemptions(info.annotations, info.package, info.variant)
    lowest = functools.partial(lowest_torch_of, ctx)
    return dataclasses.replace(found, elsewhere=elsewhere, lowest_torch=lowest)


def _exemptions(annotations: Mapping[str, str], package: str, variant: str) -> Exemptions:
    where = f"annotation {VERIFY} of {package} for variant {variant!r}"
    found = parse_exemptions(annotations[VERIFY], where) if VERIFY in annotations else NO_EXEMPTIONS
    return dataclasses.replace(found, reasons={**suppressions(annotations), **found.reasons})
