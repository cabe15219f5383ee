"""A rule: its code, its title, how bad it is, and whether a package may ignore it."""

from __future__ import annotations

from dataclasses import dataclass

from .finding import Finding, Place, Severity


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """A thing that can be wrong. ``docs/rules/CODE.md`` says more.

    Attributes:
        code: ``BT`` and three digits, the first of which is the family's.
        name: the title in short, such as ``variant-without-file``.
        title: what is wrong, in one line.
        severity: how bad it is, unless a finding says otherwise.
    """

    code: str
    name: str
    title: str
    severity: Severity

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
