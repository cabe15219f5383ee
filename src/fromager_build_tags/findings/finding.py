"""A rule, and a finding of a rule: what is wrong, where it is, and how to fix it."""

from __future__ import annotations

import enum
from dataclasses import dataclass


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
        severity: error, warning or note.
        subject: the package, variant or file that it is about.
        message: what is wrong, with the values; one sentence without a full stop.
        remedy: how to fix it, as an imperative.
        place: where.
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
