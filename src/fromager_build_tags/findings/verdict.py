"""What a list of findings comes to: counts, and an exit status."""

from __future__ import annotations

import collections
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .finding import Finding, Severity


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """Findings, worst first, and the ones that somebody ignores with a reason.

    Attributes:
        about: the file that is judged: where formats that need a place for each finding put
            those that have none; "" where there is no such file.
    """

    findings: Sequence[Finding]
    ignored: Sequence[Finding]
    about: str = ""

    @classmethod
    def of(cls, findings: Iterable[Finding], *, about: str = "") -> Verdict:
        """Sort findings; exact repeats show once."""
        ordered = sorted(dict.fromkeys(findings), key=lambda each: each.sort_key)
        return cls(
            findings=[each for each in ordered if not each.ignored],
            ignored=[each for each in ordered if each.ignored],
            about=about,
        )

    def count(self, severity: Severity) -> int:
        """Return how many findings are of one severity."""
        return sum(each.severity is severity for each in self.findings)

    def fails(self, fail_on: Severity) -> bool:
        """Tell whether a finding is at least as bad as *fail_on*."""
        return any(each.severity.rank <= fail_on.rank for each in self.findings)

    def __str__(self) -> str:
        counts = collections.Counter(each.severity for each in self.findings)
        parts = [_plural(counts[severity], severity.value) for severity in Severity]
        text = ", ".join(part for part in parts if part) or "no findings"
        return f"{text}, {len(self.ignored)} ignored" if self.ignored else text


def _plural(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}" if count else ""
