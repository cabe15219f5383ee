"""The releases of Torch that wheels load with, as a table, Markdown or JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from packaging.version import Version

from ..index.torch_matrix import TorchColumn, TorchMatrix, TorchRow
from ..text import counted, first_few
from ..wheel.torch.torch_loads import TorchAnswer
from .sections import Renderers, Section, renderers
from .verify_report import LIMITS

_OTHERS: Final = {
    TorchAnswer.NO: "cannot",
    TorchAnswer.PART: "in part",
    TorchAnswer.UNKNOWN: "unknown",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class TorchReport:
    """The wheels of indexes that import Torch, by the releases that they load with.

    Attributes:
        columns: those of the table; ascending, or as they were asked for.
        releases: the known releases, ascending.
        is_asked: whether the columns were asked for.
    """

    matrix: TorchMatrix
    columns: Sequence[TorchColumn]
    releases: Sequence[Version]
    is_asked: bool = False

    @property
    def headlines(self) -> Sequence[str]:
        """How many wheels load with the newest release, or with each that was asked for."""
        rows = self.matrix.rows
        if not rows:
            return [f"{counted(self.matrix.read, 'wheel')} read: none imports Torch"]
        if self.is_asked:
            return [_headline(rows, each, each.name) for each in self.columns]
        return [_headline(rows, self.columns[-1], str(self.releases[-1]))]

    @property
    def remarks(self) -> Iterator[str]:
        """What the columns do not show."""
        if unknown := [each.file.filename for each in self.matrix.rows if each.unknown]:
            verb = "imports" if len(unknown) == 1 else "import"
            yield (
                f"{counted(len(unknown), 'wheel')} {verb} symbols that no Torch from "
                f"{self.releases[0]} to {self.releases[-1]} exports; another Torch may export "
                f"them: {first_few(unknown)}"
            )
        if self.matrix.foreign:
            yield (
                f"not read: {counted(self.matrix.foreign, 'wheel')} for other systems than Linux "
                "with glibc"
            )
        if self.matrix.rows:
            yield LIMITS


def _headline(rows: Sequence[TorchRow], column: TorchColumn, name: str) -> str:
    number = column.count(rows, TorchAnswer.YES)
    verb = "loads" if number == 1 else "load"
    others = [
        f"{count:,} {word}"
        for loads, word in _OTHERS.items()
        if (count := column.count(rows, loads))
    ]
    text = f"{number:,} of {counted(len(rows), 'wheel')} {verb} with Torch {name}"
    return "; ".join(filter(None, [text, ", ".join(others)]))


def _sections(report: TorchReport) -> Iterator[Section]:
    rows = report.matrix.rows
    with_index = len({each.index for each in rows}) > 1
    heading = [each.name for each in report.columns] + ["INDEX"] * with_index + ["WHEEL"]
    cells = [
        [
            *(_cell(each.answer(column.releases[-1])) for column in report.columns),
            *([each.index] if with_index else []),
            each.file.filename,
        ]
        for each in rows
    ]
    summary, *others = report.headlines
    yield Section(heading=heading, rows=cells, summary=summary, remarks=[*others, *report.remarks])


def _cell(answer: TorchAnswer) -> str:
    return "?" if answer is TorchAnswer.UNKNOWN else answer.value


def _record(report: TorchReport) -> Mapping[str, Any]:
    matrix = report.matrix
    asked = [release for each in report.columns for release in each.releases]
    return {
        "format_version": "1.0",
        "headlines": list(report.headlines),
        "limits": LIMITS,
        "torch": [
            {
                "releases": [str(each) for each in column.releases],
                **{each.value: column.count(matrix.rows, each) for each in TorchAnswer},
            }
            for column in report.columns
        ],
        "wheels": [_wheel(each, asked) for each in matrix.rows],
        "read": matrix.read,
        "not_read": matrix.foreign,
    }


def _wheel(row: TorchRow, releases: Sequence[Version]) -> Mapping[str, Any]:
    return {
        "index": row.index,
        "project": row.file.project,
        "version": str(row.version),
        "filename": row.file.filename,
        "location": row.file.location,
        "summary": row.summary,
        "stable_abi": row.stable,
        "minimum": None if row.minimum is None else str(row.minimum),
        "unknown_symbols": row.unknown,
        "torch": {str(release): _release(row, release) for release in releases},
    }


def _release(row: TorchRow, release: Version) -> Mapping[str, Any]:
    missing, symbols = row.missing.get(release, (0, ()))
    return {"loads": row.answer(release).value, "missing": missing, "symbols": list(symbols)}


MATRIX: Final[Renderers[TorchReport]] = renderers(_sections, _record)
