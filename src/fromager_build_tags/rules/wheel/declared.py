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
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from ...errors import SettingsError
from ..catalogue import wheel as rules
from ..finding import Finding
from ..rule import Rule

_FACTS: Final[Mapping[str, tuple[str, ...]]] = {
    "accelerator": (rules.NO_ACCELERATOR_INSIDE.code,),
    "torch": (rules.NO_TORCH_INSIDE.code, rules.STABLE_TORCH.code),
}
_CODES: Final = {rule.code for rule in vars(rules).values() if isinstance(rule, Rule)} - {
    rules.UNREADABLE_WHEEL.code
}


@dataclass(frozen=True, slots=True)
class Declared:
    """Why findings of a rule are ignored, by its code."""

    reasons: Mapping[str, str] = field(default_factory=dict)

    def applied_to(self, finding: Finding) -> Finding:
        """Return the finding, as ignored where a reason is declared."""
        reason = self.reasons.get(finding.code)
        return dataclasses.replace(finding, ignored=reason) if reason else finding


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
    if not reasons:
        raise SettingsError(f"{where} is empty; write 'accelerator: REASON', or remove it")
    return Declared(reasons)
