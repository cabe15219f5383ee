"""A rule, its findings, and the verdict on a run: the findings that count, and their number."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ..text import counted


class Severity(enum.StrEnum):
    """How bad a finding is. An error fails the command, unless its options change that."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return list(Severity).index(self)


ERROR, WARNING, NOTE = Severity


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Place:
    """Where a finding is.

    Attributes:
        file: a file, as the user named it or found relative to that; a URL; or "".
        line: from 1; 0 for no line in particular.
        inside: what inside the file, such as a member of a wheel.
    """

    file: str = ""
    line: int = 0
    inside: str = ""

    def __str__(self) -> str:
        text = f"{self.file}:{self.line}" if self.line else self.file
        return f"{text}!{self.inside}" if self.inside else text


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One violation of a rule.

    Attributes:
        code: of the rule, such as ``BT101``.
        subject: the package, variant or file that it is about.
        message: what is wrong, with the values; one sentence without a full stop.
        remedy: how to fix it, as an imperative.
        suppression: the reason for which the settings suppress it; "" if they do not.
    """

    code: str
    severity: Severity
    subject: str
    message: str
    remedy: str
    place: Place = Place()
    suppression: str = ""

    @property
    def label(self) -> str:
        """The severity; ``suppressed`` for a suppressed finding."""
        return "suppressed" if self.suppression else self.severity.value

    @property
    def advice(self) -> str:
        """The remedy; ``suppressed (REASON)`` for a suppressed finding."""
        return f"suppressed ({self.suppression})" if self.suppression else self.remedy

    @property
    def sort_key(self) -> tuple[object, ...]:
        """Worst first, then by rule, place and subject."""
        return (self.severity.rank, self.code, self.place, self.subject, self.message)


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that settings, wheels or indexes can violate. ``docs/rules/CODE.md`` explains it.

    Attributes:
        code: ``BT`` and three digits, the first of which is the family's.
        severity: how bad it is, unless a finding has its own severity.
        title: what is wrong, in one line.
    """

    code: str
    severity: Severity
    title: str

    def finding(
        self,
        message: str,
        *,
        subject: str,
        remedy: str,
        place: Place | None = None,
        severity: Severity | None = None,
    ) -> Finding:
        """Return a finding of this rule."""
        return Finding(
            code=self.code,
            severity=severity or self.severity,
            subject=subject,
            message=message,
            remedy=remedy,
            place=place or Place(),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """The findings of a run, worst first, and the suppressed ones apart.

    Attributes:
        findings: what counts.
        suppressed: what the settings suppress, with the reason.
        about: the file that the run checks, for formats that need a place for each finding;
            "" if there is no such file.
        checked: how many of each kind of thing the run checked, such as 3 of ``variant``.
        unchecked: what the run could not check, such as ``the settings``; "" for nothing.
    """

    findings: Sequence[Finding]
    suppressed: Sequence[Finding]
    about: str = ""
    checked: Mapping[str, int] = field(default_factory=dict)
    unchecked: str = ""

    @classmethod
    def of(
        cls,
        findings: Iterable[Finding],
        *,
        about: str = "",
        checked: Mapping[str, int] | None = None,
        unchecked: str = "",
    ) -> Verdict:
        """Sort findings, and drop exact repeats."""
        ordered = sorted(dict.fromkeys(findings), key=lambda each: each.sort_key)
        return cls(
            findings=[each for each in ordered if not each.suppression],
            suppressed=[each for each in ordered if each.suppression],
            about=about,
            checked=checked or {},
            unchecked=unchecked,
        )

    @property
    def passed(self) -> bool:
        """Whether something was checked, nothing is left to check, and there is no finding."""
        return not (self.findings or self.unchecked) and any(self.checked.values())

    def count(self, severity: Severity) -> int:
        """Return how many findings are of one severity."""
        return sum(each.severity is severity for each in self.findings)

    def fails(self, fail_on: Severity) -> bool:
        """Return whether a finding is at least as bad as *fail_on*."""
        return any(each.severity.rank <= fail_on.rank for each in self.findings)

    def __str__(self) -> str:
        counts = [(self.count(severity), severity.value) for severity in Severity]
        text = ", ".join(counted(number, word) for number, word in counts if number)
        text = text or ("no findings" if self.unchecked else self._checked())
        if self.suppressed:
            text += f" ({len(self.suppressed):,} suppressed)"
        return f"{text}; not checked: {self.unchecked}" if self.unchecked else text

    def _checked(self) -> str:
        """Return the text for no finding, which is a success only where something was checked."""
        if not self.checked:
            return "no findings"
        checked = ", ".join(counted(number, word) for word, number in self.checked.items())
        return f"{'All checks passed' if self.passed else 'Nothing to check'}: {checked}"
