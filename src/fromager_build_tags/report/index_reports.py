"""The results of ``which`` and ``prune`` as a table, Markdown or JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ..index.place import IndexPlace
from ..index.pruning import Decision
from ..index.selected import Selected
from ..text import counted, size_text
from .sections import Renderers, Section, renderers


def _selection(selected: Sequence[Selected]) -> Iterable[Section]:
    rows = [
        (
            each.file.project,
            str(each.version),
            str(each.target),
            _selected_by(each),
            each.index,
            each.file.filename
            + ("" if each.file.filename.endswith(".whl") else " (sdist, to be built)"),
        )
        for each in selected
    ]
    heading = ("PROJECT", "VERSION", "PYTHON", "SELECTED BY", "INDEX", "WHEEL")
    return [Section(heading=heading, rows=rows, summary="" if rows else "nothing is selected")]


def _selected_by(each: Selected) -> str:
    if each.driver:
        return f"uv with preview on {each.driver}"
    return ", ".join(each.installers)


def _selection_record(selected: Sequence[Selected]) -> Mapping[str, Any]:
    records = [
        {
            "index": each.index,
            "project": each.file.project,
            "version": str(each.version),
            "abi": each.target.abi,
            "platform": each.target.platform,
            "installers": list(each.installers),
            "machine": str(each.driver or ""),
            "kind": "wheel" if each.file.filename.endswith(".whl") else "sdist",
            "filename": each.file.filename,
            "location": each.file.location,
        }
        for each in selected
    ]
    return {"format_version": "1.2", "winners": records}


@dataclass(frozen=True, kw_only=True, slots=True)
class PruneReport:
    """The decisions about the wheels of one index.

    Attributes:
        wheels: the number of wheels in the index.
        unknown: how many of them have an unknown status, so that nothing is decided about them.
        unread: the number of projects that cannot be read.
        done: whether the obsolete wheels are deleted.
    """

    place: IndexPlace
    decisions: Sequence[Decision]
    wheels: int
    unknown: int
    unread: int
    done: bool = False

    @property
    def deleted(self) -> Sequence[Decision]:
        """The obsolete wheels."""
        return [each for each in self.decisions if each.delete]


def _pruned(report: PruneReport) -> Section:
    decisions = sorted(report.decisions, key=lambda each: not each.delete)
    verb = "deleted" if report.done else "delete"
    rows = [
        (
            verb if each.delete else "keep",
            each.wheel.file.filename,
            size_text(each.size),
            each.reason,
        )
        for each in decisions
    ]
    summary = f"{report.place} for {report.place.label}: {_did(report)}"
    if report.unread:
        summary += f"; not read: {counted(report.unread, 'project')}"
    return Section(heading=("", "WHEEL", "SIZE", "REASON"), rows=rows, summary=summary)


def _did(report: PruneReport) -> str:
    """Return how many of the wheels are obsolete, in one line."""
    if not report.wheels:
        return "no wheels"
    delete = report.deleted
    known = [each.size for each in delete if each.size is not None]
    size = size_text(sum(known))
    if len(known) < len(delete):
        size = f"at least {size}" if known else "size unknown"
    return (
        f"{counted(len(delete), 'wheel')} {'deleted' if report.done else 'to delete'} ({size}), "
        f"{len(report.decisions) - len(delete):,} kept, of {counted(report.wheels, 'wheel')}"
        + (f"; {report.unknown:,} of unknown status" if report.unknown else "")
    )


def _pruned_record(reports: Iterable[PruneReport]) -> Mapping[str, Any]:
    indexes = [
        {
            **place_record(report.place),
            "done": report.done,
            "wheels": report.wheels,
            "unknown": report.unknown,
            "unread": report.unread,
            "bytes": sum(each.size or 0 for each in report.deleted),
            "delete": [_decision(each) for each in report.deleted],
            "keep": [_decision(each) for each in report.decisions if not each.delete],
        }
        for report in reports
    ]
    return {"format_version": "2.1", "indexes": indexes}


def place_record(place: IndexPlace) -> Mapping[str, str]:
    """Return the place of an index in JSON; the stack is "" for all stacks of the variant."""
    key = "" if place.key is None else str(place.key)
    return {"index": str(place), "variant": place.variant, "stack": key}


def _decision(each: Decision) -> Mapping[str, Any]:
    return {
        "filename": each.wheel.file.filename,
        "location": each.wheel.file.location,
        "reason": each.reason,
        "bytes": each.size,
    }


SELECTION: Final[Renderers[Sequence[Selected]]] = renderers(_selection, _selection_record)
PRUNED: Final[Renderers[Sequence[PruneReport]]] = renderers(
    lambda reports: map(_pruned, reports), _pruned_record
)
