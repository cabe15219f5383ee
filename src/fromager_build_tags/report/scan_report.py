"""What packages of indexes depend on, against the settings: a table, Markdown or JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ..index.scan.comparing import ScanRow, ScanStatus, missing_expressions
from ..tag.expression import Need, simple_expression
from ..text import counted
from .sections import Renderers, Section, renderers

#: What to do about a status, where it is not written for the user.
_REMEDIES: Final = {
    ScanStatus.TOO_LITTLE: "their wheels get wrong names: edit the annotation or override, or "
    "replace a shipped one with `add PACKAGE --depends-on EXPRESSION`",
    ScanStatus.NO_STACK: "no stack has the accelerator of the wheel, so a declaration for it was "
    "not compared: add the stack to a variant file, or read the declaration",
    ScanStatus.TOO_MUCH: "a build for another accelerator may need it; if none does, edit the "
    "annotation or override",
    ScanStatus.NOT_READ: "declare what they depend on with `add PACKAGE --depends-on EXPRESSION`",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class ScanReport:
    """The measured packages.

    Attributes:
        rows: sorted by package, then by version.
        counts: of wheels: ``read``, ``known`` and ``pure``.
        every: whether rows that agree are shown, too.
    """

    rows: Sequence[ScanRow]
    counts: Mapping[str, int]
    every: bool = False

    @property
    def headline(self) -> str:
        """How many packages have each status."""
        found = Counter(each.status for each in self.rows)
        numbers = [f"{found[status]:,} {status}" for status in ScanStatus if found[status]]
        packages = len({each.package for each in self.rows})
        return f"{counted(packages, 'package')}: {', '.join(numbers) or 'none with code'}"

    @property
    def remarks(self) -> Iterator[str]:
        """What was read, and what to do."""
        wheels = f"{counted(self.counts.get('read', 0), 'wheel')} read"
        yield (
            f"{wheels}, {self.counts.get('known', 0):,} from the cache, "
            f"{self.counts.get('pure', 0):,} pure"
        )
        present = {each.status for each in self.rows}
        yield from (
            f"{status}: {remedy}" for status, remedy in _REMEDIES.items() if status in present
        )


def _sections(report: ScanReport) -> Iterator[Section]:
    shown = [
        each
        for each in report.rows
        if report.every or each.status not in {ScanStatus.AGREES, ScanStatus.PRE_BUILT}
    ]
    yield Section(
        heading=["STATUS", "PACKAGE", "VERSION", "SETTINGS", "WHEELS", "EVIDENCE"],
        rows=[
            [
                each.status.value,
                each.package,
                str(each.measured.version),
                _words(each.given),
                _words(each.needs if each.measured.wheels else None),
                each.reason or next(iter(each.measured.evidence), ""),
            ]
            for each in sorted(shown, key=lambda row: [*ScanStatus].index(row.status))
        ],
        summary=report.headline,
        remarks=[*report.remarks],
    )


def _words(needs: frozenset[Need] | None) -> str:
    return "?" if needs is None else simple_expression(needs)


def _record(report: ScanReport) -> Mapping[str, Any]:
    return {
        "format_version": "1.0",
        "headline": report.headline,
        "wheels": dict(report.counts),
        "annotations": missing_expressions(report.rows),
        "packages": [
            {
                "package": each.package,
                "version": str(each.measured.version),
                "status": each.status.value,
                "settings": None if each.given is None else _words(each.given),
                "source": each.source,
                "wheels": _words(each.needs) if each.measured.wheels else None,
                "accelerators": sorted(each.measured.accelerators),
                "evidence": list(each.measured.evidence),
                "reason": each.reason,
                "read": sorted(each.measured.wheels),
                "unreadable": [
                    {"location": it.location, "reason": it.reason}
                    for it in each.measured.unreadable
                ],
            }
            for each in report.rows
        ],
    }


SCAN: Final[Renderers[ScanReport]] = renderers(_sections, _record)
