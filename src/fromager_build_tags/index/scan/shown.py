"""What one wheel shows of its dependencies, small enough to keep for thousands of wheels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from packaging.version import Version

from ...add.shown_needs import evidence_in, loads_of, unread_in
from ...tag.contents import is_excluded, needs_of
from ...tag.expression import Need
from ...text import plain
from ...wheel.facts import WheelFacts

#: Lines of evidence that are kept, and characters of a line.
_LINES: Final = 3
_LONGEST: Final = 300


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """What a wheel shows.

    Attributes:
        needs: what it depends on, whatever Torch the settings declare.
        accelerators: the words of the accelerators that it uses.
        is_stable: whether all that it imports of Torch belongs to the stable ABI.
        minimum: the lowest Torch that it loads with, if it is stable; None if unknown.
        evidence: what shows it, a line each.
        unread: why it may depend on more; "" if it was read completely.
    """

    needs: frozenset[Need]
    accelerators: Sequence[str] = ()
    is_stable: bool = False
    minimum: Version | None = None
    evidence: Sequence[str] = ()
    unread: str = ""

    @classmethod
    def of(cls, facts: WheelFacts) -> Self:
        """Return what a wheel shows by its contents."""
        loads, needs = loads_of(facts), needs_of(facts)
        return cls(
            needs=needs,
            accelerators=[use.accelerator.value for use in facts.uses],
            is_stable=facts.torch.is_stable and loads is not None,
            minimum=loads.minimum if loads else None,
            evidence=[plain(line, _LONGEST) for line in evidence_in(facts)][:_LINES],
            unread=plain(unread_in(facts, needs), _LONGEST),
        )

    def depends_on(self, lowest: Version | None) -> frozenset[Need]:
        """Return what it depends on where *lowest* is the lowest Torch that settings declare."""
        if is_excluded(self.minimum, lowest) and self.is_stable:
            return self.needs | {Need.TORCH}
        return self.needs

    def record(self) -> Mapping[str, Any]:
        """Return it for JSON."""
        return {
            "needs": sorted(need.value for need in self.needs),
            "accelerators": list(self.accelerators),
            "stable": self.is_stable,
            "minimum": None if self.minimum is None else str(self.minimum),
            "evidence": list(self.evidence),
            "unread": self.unread,
        }

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Self:
        """Return what :meth:`record` returned.

        Raises:
            KeyError: it is something else.
            TypeError: as KeyError.
            ValueError: as KeyError.
        """
        minimum = record["minimum"]
        return cls(
            needs=frozenset(map(Need, record["needs"])),
            accelerators=[str(each) for each in record["accelerators"]],
            is_stable=bool(record["stable"]),
            minimum=None if minimum is None else Version(minimum),
            evidence=[str(each) for each in record["evidence"]],
            unread=str(record["unread"]),
        )
