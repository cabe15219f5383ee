"""What is declared of a package where the content of its wheels cannot tell.

The annotation ``build-tags.verify`` holds ``WHAT: REASON`` lines::

    build-tags.verify: |
      accelerator: nvcc compiles the kernels at first use
      BT332: the library is loaded into another process

``accelerator`` and ``torch`` say that the package depends on them, though its wheels do not show
it; the code of a rule says that what the rule finds is meant.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ...errors import SettingsError
from ...findings import wheel_rules as rules
from ...findings.finding import Finding
from ...findings.rule import Rule

ACCELERATOR: Final = "accelerator"
TORCH: Final = "torch"
_PURE: Final = rules.PLATFORM_WITHOUT_BINARY.code
_FACTS: Final[Mapping[str, tuple[str, ...]]] = {
    ACCELERATOR: (rules.NO_ACCELERATOR_INSIDE.code, _PURE),
    TORCH: (rules.NO_TORCH_INSIDE.code, rules.STABLE_TORCH.code, _PURE),
}
_CODES: Final = {rule.code for rule in vars(rules).values() if isinstance(rule, Rule)} - {
    rules.UNREADABLE_WHEEL.code
}


@dataclass(frozen=True, slots=True)
class Declared:
    """What is declared of the wheels of a package.

    Attributes:
        reasons: why findings of a rule are ignored, by its code.
        facts: why a wheel depends on ``accelerator`` or ``torch``.
        elsewhere: other variants for which findings of a rule are ignored, by its code.
    """

    reasons: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    elsewhere: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def applied_to(self, finding: Finding) -> Finding:
        """Return the finding, as ignored where a reason is declared."""
        if reason := self.reasons.get(finding.code):
            return dataclasses.replace(finding, ignored=reason)
        if variants := " or ".join(self.elsewhere.get(finding.code, ())):
            hint = f"if it is a wheel of {variants}, for which it is declared: --variant {variants}"
            return dataclasses.replace(finding, remedy=f"{finding.remedy}; {hint}")
        return finding


NOTHING: Final = Declared()


def parse_declared(text: str, where: str) -> Declared:
    """Read an annotation.

    Args:
        text: its value.
        where: whose it is, for an error.

    Raises:
        SettingsError: a line has no reason, or says it of something unknown.
    """
    reasons: dict[str, str] = {}
    facts: dict[str, str] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        what, _, reason = (part.strip() for part in line.partition(":"))
        codes = _FACTS.get(what) or ((what,) if what in _CODES else ())
        if not codes:
            raise SettingsError(
                f"{where}: {what!r} is nothing to declare; use accelerator, torch, or the code of "
                "a rule, as in 'accelerator: nvcc compiles the kernels at first use'"
            )
        if not reason:
            raise SettingsError(f"{where}: {what!r} has no reason; write '{what}: REASON'")
        reasons |= dict.fromkeys(codes, reason)
        if what in _FACTS:
            facts[what] = reason
    if not reasons:
        raise SettingsError(f"{where} is empty; write 'accelerator: REASON', or remove it")
    return Declared(reasons, facts)
