"""Verify published wheels under right and under wrong names.

A wheel is fetched, renamed, verified as by ``fromager-build-tags verify``, and deleted. The right
name comes from ``verified.yaml``. Wrong names are derived from it, each with the rules of which one
has to detect it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict

from fromager_build_tags.findings.finding import Severity
from fromager_build_tags.findings.rules import RULES
from fromager_build_tags.tag.filename import parse_wheel_name
from fromager_build_tags.tag.segment import Order, segment_texts
from fromager_build_tags.verify.exemptions import NO_EXEMPTIONS, parse_exemptions
from fromager_build_tags.verify.run import WheelSource, verify_wheel

from . import loads
from .catalogue import HERE
from .loads import LinkerRecord

FILE = HERE / "verified.yaml"
RESULTS = HERE / "verified.json"
DISTRIBUTION = "el9.6"


class Candidate(BaseModel):
    """A published wheel."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    right: str
    """The segments behind the distribution."""
    toolkit: str | None = None
    """A segment of another major version, if a soname or METADATA contains the right one."""
    declared: str | None = None
    """The annotation ``build-tags.verify``."""
    requires: bool = False
    """Whether METADATA excludes Torch 2.0.0."""


class WrongName(BaseModel):
    """A wrong name for a wheel."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    suffix: str
    tags: str | None = None
    """Compatibility tags, if these are wrong."""
    rules: tuple[str, ...]
    """One of these rules has to detect it."""


class Result(BaseModel):
    """The findings of one wheel under all its names."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    wheel: str
    megabytes: float
    right: str
    findings: tuple[str, ...]
    """Findings under the right name that are not suppressed, such as ``BT321 warning``."""
    suppressed: tuple[str, ...]
    wrong: int
    missed: tuple[str, ...]
    """``suffix: rules`` of the wrong names that were not detected."""
    rules: tuple[str, ...]
    """The rules that detected the others."""

    @property
    def errors(self) -> list[str]:
        """The errors under the right name."""
        return [each for each in self.findings if each.endswith(" error")]


def candidates() -> dict[str, Candidate]:
    """Read ``verified.yaml``."""
    data = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return {wheel: Candidate.model_validate(each) for wheel, each in data.items()}


def verified(requirement: str, candidate: Candidate, wheel: Path) -> Result:
    """Verify one wheel under its right name and under wrong ones."""
    platlib = parse_wheel_name(wheel.name).is_platlib
    right = "_".join(part for part in (DISTRIBUTION if platlib else "", candidate.right) if part)
    declared = candidate.declared
    found = _findings(wheel, right, declared=declared)
    linked = loads.records().get(requirement, LinkerRecord())
    wrong = list(_wrong_names(right, candidate, platlib=platlib, refused=linked.refused))
    detected = {
        each: _detected_by(each, _findings(wheel, each.suffix, tags=each.tags)) for each in wrong
    }
    missed = [each for each in wrong if not detected[each]]
    return Result(
        wheel=requirement,
        megabytes=round(wheel.stat().st_size / 1e6, 1),
        right=right,
        findings=tuple(text for text, is_suppressed in found if not is_suppressed),
        suppressed=tuple(text for text, is_suppressed in found if is_suppressed),
        wrong=len(wrong),
        missed=tuple(f"{each.suffix}: {' or '.join(each.rules)}" for each in missed),
        rules=tuple(sorted({rule for rules in detected.values() for rule in rules})),
    )


def _wrong_names(
    right: str, candidate: Candidate, *, platlib: bool, refused: Sequence[str] = ()
) -> Iterator[WrongName]:
    segments = [part for part in right.split("_") if part]
    source = segment_texts(right)
    accelerator, torch = source.get(Order.ACCELERATOR), source.get(Order.TORCH)

    def without(segment: str) -> str:
        return "_".join(each for each in segments if each != segment)

    def instead(segment: str, other: str) -> str:
        return "_".join(other if each == segment else each for each in segments)

    if torch and candidate.requires:
        yield WrongName(suffix=instead(torch, "torch2.0.0"), rules=("BT304",))
    if torch:
        yield WrongName(suffix=without(torch), rules=("BT301",))
    else:
        # for the stable ABI, BT302 warns that it is not needed, or BT306 that it is too low
        yield WrongName(
            suffix="_".join([*segments, "torch2.10.0"]), rules=("BT302", "BT303", "BT306")
        )
    for version in refused[-1:]:
        rest = [each for each in segments if each != torch]
        suffix = "_".join([*rest, f"torch{version}"])
        yield WrongName(suffix=suffix, rules=("BT305", "BT306", "BT307"))
    if accelerator and accelerator != "cpu" and candidate.declared is None:
        yield WrongName(suffix=without(accelerator), rules=("BT311",))
        other = "cuda13.0" if accelerator.startswith("rocm") else "rocm7.1"
        yield WrongName(suffix=instead(accelerator, other), rules=("BT313", "BT315"))
        yield WrongName(suffix=instead(accelerator, "cpu"), rules=("BT313",))
    elif accelerator is None or accelerator == "cpu":
        rest = [each for each in segments if each not in {accelerator, torch}]
        for claimed in ("cuda13.0", "rocm7.1"):
            tags = "_".join([*rest, claimed, *([torch] if torch else [])])
            yield WrongName(suffix=tags, rules=("BT312",))
    if candidate.toolkit and accelerator:
        yield WrongName(suffix=instead(accelerator, candidate.toolkit), rules=("BT314", "BT316"))
    if platlib:
        yield WrongName(suffix="", tags="py3-none-any", rules=("BT332",))
        yield WrongName(suffix=right, tags="cp312-cp312-linux_aarch64", rules=("BT334",))
    else:
        yield WrongName(suffix="", tags="cp312-cp312-linux_x86_64", rules=("BT331",))
        yield WrongName(suffix=DISTRIBUTION, rules=("BT333",))


def _findings(
    wheel: Path, suffix: str, *, tags: str | None = None, declared: str | None = None
) -> list[tuple[str, bool]]:
    name, version, *_, python, abi, platform = wheel.name.removesuffix(".whl").split("-")
    build = f"8_{suffix}" if suffix else "8"
    renamed = wheel.with_name(
        f"{name}-{version}-{build}-{tags or f'{python}-{abi}-{platform}'}.whl"
    )
    wheel.rename(renamed)
    known = parse_exemptions(declared, FILE.name) if declared else NO_EXEMPTIONS
    try:
        findings = list(verify_wheel(WheelSource(text=str(renamed)), lambda _: known))
    finally:
        renamed.rename(wheel)
    return [(f"{each.code} {each.severity.value}", bool(each.suppression)) for each in findings]


def _detected_by(wrong: WrongName, findings: list[tuple[str, bool]]) -> list[str]:
    """Return the expected rules that detect a wrong name; rules for errors have to report one."""
    codes = [text.partition(" ") for text, _ in findings]
    return [
        code
        for code, _, severity in codes
        if code in wrong.rules
        and (severity == "error" or RULES[code].severity is not Severity.ERROR)
    ]


_INTRO = """\
# Published wheels under right and wrong names

**{verdict}**

Generated by `python -m evidence verify`, which downloads each wheel with pip, renames it to the
right name and to wrong ones, verifies it under each name, and deletes it. The right names are in
`evidence/verified.yaml`. A wrong name lacks a segment, has one too many, contains another
accelerator, major version or machine, a Torch beside which the dynamic linker refuses the wheel
(`evidence/loads.yaml`), or is for any platform. For each wrong name the rule that has
to detect it is known.

- **Findings under the right name**: every wheel has the warning BT321, because a renamed wheel has
  no `Build` in WHEEL; it is not listed. BT315 is for wheels with libraries
  of several accelerators.
- **Wrong names**: how many were detected, and the rules that detected them.

| Wheel | MB | Right name | Findings under the right name | Wrong names | Rules |
|---|---|---|---|---|---|
"""


def render(results: dict[str, Result]) -> str:
    """Return docs/verified-wheels.md."""
    rows = [results[wheel] for wheel in sorted(results)]
    tried, missed = sum(row.wrong for row in rows), sum(len(row.missed) for row in rows)
    false = sum(len(row.errors) for row in rows)
    verdict = (
        f"{len(rows)} wheels. Under the right name: {false} errors. Under {tried} wrong names: "
        f"{missed} missed."
    )
    return _INTRO.format(verdict=verdict) + "".join(map(_line, rows))


def _line(row: Result) -> str:
    found = [each for each in row.findings if each != "BT321 warning"]
    found += [f"{each.partition(' ')[0]} suppressed" for each in row.suppressed]
    missed = f" **missed {', '.join(row.missed)}**" if row.missed else ""
    cells = [
        row.wheel.replace("==", " "),
        f"{row.megabytes:.1f}",
        f"`{row.right}`" if row.right else "no segment",
        ", ".join(found) or "nothing",
        f"{row.wrong - len(row.missed)} of {row.wrong}{missed}",
        " ".join(row.rules),
    ]
    return f"| {' | '.join(cells)} |\n"
