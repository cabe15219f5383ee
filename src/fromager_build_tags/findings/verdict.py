"""The result of a run: findings, suppressed findings, counts, and whether the run fails."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..text import counted
from .finding import Finding, Severity


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """The findings of a run, worst first, and the suppressed ones apart.

    Attributes:
        findings: what counts.
        suppressed: what the settings suppress, with the reason.
        about: the file that the run checks, for formats that need a place for each finding;
            "" if there is no such file.
        checked: what the run checked, such as ``3 variants``.
    """

    findings: Sequence[Finding]
    suppressed: Sequence[Finding]
    about: str = ""
    checked: Sequence[str] = ()

    @classmethod
    def of(
        cls, findings: Iterable[Finding], *, about: str = "", checked: Sequence[str] = ()
    ) -> Verdict:
        """Sort findings, and drop exact repeats."""
        ordered = sorted(dict.fromkeys(findings), key=lambda each: each.sort_key)
        return cls(
            findings=[each for each in ordered if not each.suppression],
            suppressed=[each for each in ordered if each.suppression],
            about=about,
            checked=checked,
        )

    def count(self, severity: Severity) -> int:
        """Return how many findings are of one severity."""
        return sum(each.severity is severity for each in self.findings)

    def fails(self, fail_on: Severity) -> bool:
        """Return whether a finding is at least as bad as *fail_on*."""
        return any(each.severity.rank <= fail_on.rank for each in self.findings)

    def __str__(self) -> str:
        counts = [(self.count(severity), severity.value) for severity in Severity]
        text = ", ".join(counted(number, word) for number, word in counts if number)
        if not text:
            checked = ", ".join(self.checked)
            text = f"All checks passed: {checked}" if checked else "no findings"
        return f"{text} ({len(self.suppressed):,} suppressed)" if self.suppressed else text
