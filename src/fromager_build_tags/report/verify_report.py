"""The findings of wheels, and with which Torch each of them loads."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from packaging.version import Version

from ..findings.finding import Verdict
from ..text import dump_json, markdown_code, markdown_text, plain
from ..verify.run import Verified
from ..wheel.torch.torch_loads import TorchLoads
from . import findings_report
from .block import Block, chained, titled
from .table import Part, Rendered

#: Of the JSON report: a minor number adds, a major number breaks.
FORMAT_VERSION: Final = "1.2"
LIMITS: Final = (
    "by symbols alone: a wheel that lacks none may still fail, since layouts of types can differ"
)
"""What the comparison with releases of Torch does not prove, for reports."""
_NOUN: Final = "wheel"
#: The missing symbols of a release, and the unknown ones, that the JSON of a wheel lists.
_SYMBOLS: Final = 1_000


@dataclass(frozen=True, kw_only=True, slots=True)
class VerifyReport:
    """The result of ``verify``.

    Attributes:
        wheels: those that import something of Torch, in the order of the arguments.
    """

    verdict: Verdict
    wheels: Sequence[tuple[Verified, TorchLoads]]


def render_table(report: VerifyReport) -> list[Part]:
    """Return a line for each wheel that uses Torch, then the findings: the end is what one sees."""
    lines: list[Part] = [
        f"{plain(wheel.source)}: {plain(f'{loads}{wheel.note}', 2_000)}"
        for wheel, loads in report.wheels
    ]
    return [
        *lines,
        *([LIMITS, ""] if lines else []),
        *findings_report.render_table(report.verdict),
    ]


def render_markdown(report: VerifyReport) -> str:
    """Return the verdict, a section for each rule, and one for Torch."""
    rows = [
        f"- {markdown_code(wheel.source)}: {markdown_text(f'{loads}{wheel.note}')}\n"
        for wheel, loads in report.wheels
    ]
    torch = titled("Torch", [Block(parts=rows, noun=_NOUN, foot=f"\n{LIMITS}\n")], _NOUN)
    findings = findings_report.sections(report.verdict)
    blocks = [*findings, torch] if rows else findings
    return chained(blocks, "row", f"**{report.verdict}**\n").within()


def render_json(report: VerifyReport) -> str:
    """Return the findings as for any other command, and ``torch``."""
    wheels = [_record(wheel, loads) for wheel, loads in report.wheels]
    own = {"format_version": FORMAT_VERSION, "torch": wheels}
    return dump_json(findings_report.as_json(report.verdict) | own)


def _record(wheel: Verified, loads: TorchLoads) -> Mapping[str, Any]:
    return {
        "file": wheel.source,
        "summary": f"{loads}{wheel.note}",
        "stable_abi": loads.stable,
        "minimum": None if loads.minimum is None else str(loads.minimum),
        "releases": {str(version): _release(loads, version) for version in loads.missing},
        "unknown_symbols": _symbols(loads.unknown),
        "not_compared": sorted(loads.not_compared)[:_SYMBOLS],
    }


def _release(loads: TorchLoads, version: Version) -> Mapping[str, Any]:
    missing = loads.missing[version]
    return {
        "loads": not missing,
        "missing": len({*itertools.chain.from_iterable(missing.values())}),
        "symbols": _symbols(missing),
    }


def _symbols(by_member: Mapping[str, Sequence[str]]) -> Mapping[str, Sequence[str]]:
    """Return the first mangled names, by library."""
    return {member: list(symbols[:_SYMBOLS]) for member, symbols in by_member.items()}


def _of_findings(format_: str) -> Callable[[VerifyReport], Rendered]:
    return lambda report: findings_report.FINDINGS[format_](report.verdict)


VERIFY: Final[Mapping[str, Callable[[VerifyReport], Rendered]]] = {
    "table": render_table,
    "markdown": render_markdown,
    "json": render_json,
    **{each: _of_findings(each) for each in ("github", "gitlab", "sarif")},
}
