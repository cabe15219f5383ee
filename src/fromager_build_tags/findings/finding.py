"""A finding: one thing that a rule has to say, where, and what to do about it."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Self


class Severity(enum.StrEnum):
    """How bad a finding is. An error fails the command, unless it is told otherwise."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return list(Severity).index(self)


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Place:
    """Where a finding is.

    Attributes:
        file: a file, as the user named it or found relative to that; a URL; or "".
        line: from 1; 0 for the whole file.
        inside: what inside the file, such as a member of a wheel.
    """

    file: str = ""
    line: int = 0
    inside: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the place that ``file:line`` or ``file`` tells."""
        file, colon, line = text.rpartition(":")
        return cls(file=file, line=int(line)) if colon and line.isdigit() else cls(file=text)

    def __str__(self) -> str:
        text = f"{self.file}:{self.line}" if self.line else self.file
        return f"{text}!{self.inside}" if self.inside else text


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that a rule has to say.

    Attributes:
        code: of the rule, such as ``BT101``.
        severity: error, warning or note.
        subject: the package, variant or file that it is about.
        message: what is wrong, with the values; one sentence without a full stop.
        remedy: what to do about it.
        place: where.
        ignored: why it is ignored, in the words of whoever ignores it; "" if it is not.
    """

    code: str
    severity: Severity
    subject: str
    message: str
    remedy: str
    place: Place = Place()
    ignored: str = ""

    @property
    def sort_key(self) -> tuple[object, ...]:
        """Worst first, then by rule, place and subject."""
        return (self.severity.rank, self.code, self.place, self.subject, self.message)
