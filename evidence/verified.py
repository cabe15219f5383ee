"""Verify published wheels under right and under wrong names.

A wheel is fetched, renamed, verified as ``fromager-build-tags verify`` does it, and deleted. What
a right name is comes from ``verified.yaml``; wrong names are made from it, each with the rule
that has to see it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict

from fromager_build_tags.findings.catalogue import RULES
from fromager_build_tags.findings.finding import Severity
from fromager_build_tags.tag.filename import parse_wheel_name
from fromager_build_tags.tag.segment import Order
from fromager_build_tags.tag.vocabulary import segment_texts
from fromager_build_tags.verify.checks import NOTHING
from fromager_build_tags.verify.checks.exempted import parse_declared
from fromager_build_tags.verify.run import WheelSource, verify_wheel

from .catalogue import HERE

FILE = HERE / "verified.yaml"
RESULTS = HERE / "verified.json"
DISTRIBUTION = "el9.6"


class Candidate(BaseModel):
    """A published wheel."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    right: str
    """The segments behind the distribution."""
    toolkit: str | None = None
    """A segment of another major, where a soname tells the true one."""
    declared: str | None = None
    """The annotation ``build-tags.verify``."""
    requires: bool = False
    """Whether METADATA excludes Torch 2.0.0."""


class WrongName(BaseModel):
    """A name that is wrong."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    suffix: str
    tags: str | None = None
    """Compatibility tags, where these are wrong."""
    rules: tuple[str, ...]
    """One of them has to see it."""


class Result(BaseModel):
    """What was found in one wheel under all its names."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    wheel: str
    megabytes: float
    right: str
    findings: tuple[str, ...]
    """``BT321 warning`` under the right name, without what is ignored."""
    ignored: tuple[str, ...]
    wrong: int
    missed: tuple[str, ...]
    """``suffix: rules`` of the wrong names that were not seen."""
    rules: tuple[str, ...]
    """The rules that saw the others."""

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
    wrong = list(_wrong_names(right, candidate, platlib=platlib))
    seen = {each: _seen(each, _findings(wheel, each.suffix, tags=each.tags)) for each in wrong}
    missed = [each for each in wrong if not seen[each]]
    return Result(
        wheel=requirement,
        megabytes=round(wheel.stat().st_size / 1e6, 1),
        right=right,
        findings=tuple(text for text, ignored in found if not ignored),
        ignored=tuple(text for text, ignored in found if ignored),
        wrong=len(wrong),
        missed=tuple(f"{each.suffix}: {' or '.join(each.rules)}" for each in missed),
        rules=tuple(sorted({rule for rules in seen.values() for rule in rules})),
    )


def _wrong_names(right: str, candidate: Candidate, *, platlib: bool) -> Iterator[WrongName]:
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
        # on the stable ABI, a warning says that it is too tight
        yield WrongName(suffix="_".join([*segments, "torch2.10.0"]), rules=("BT303", "BT302"))
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
        yield WrongName(suffix=instead(accelerator, candidate.toolkit), rules=("BT314",))
    if len(segments) > 1:
        yield WrongName(suffix="_".join(reversed(segments)), rules=("BT323",))
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
    known = parse_declared(declared, FILE.name) if declared else NOTHING
    try:
        findings = list(verify_wheel(WheelSource(text=str(renamed)), lambda _: known))
    finally:
        renamed.rename(wheel)
    return [(f"{each.code} {each.severity.value}", bool(each.ignored)) for each in findings]


def _seen(wrong: WrongName, findings: list[tuple[str, bool]]) -> list[str]:
    """Return the rules that see a wrong name: by an error, where the rule is one for errors."""
    codes = [text.partition(" ") for text, _ in findings]
    return [
        code
        for code, _, severity in codes
        if code in wrong.rules
        and (severity == "error" or RULES[code].severity is not Severity.ERROR)
    ]


def load() -> dict[str, Result]:
    """Read the results; a missing file has none."""
    if not RESULTS.exists():
        return {}
    rows = json.loads(RESULTS.read_text(encoding="utf-8"))
    return {row["wheel"]: Result.model_validate(row) for row in rows}


def save(results: dict[str, Result]) -> None:
    """Write the results, one wheel after the other."""
    rows = [results[wheel].model_dump(mode="json") for wheel in sorted(results)]
    RESULTS.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


_INTRO = """\
# Published wheels, verified

**{verdict}**

Made by `python -m evidence verify`, which fetches each wheel with pip, renames it to the right tag
and to wrong ones, verifies it under each name, and deletes it. What is right stands in
`evidence/verified.yaml`. Wrong names leave a segment out, add one, name another accelerator,
another major or another machine, disorder the segments, or say `any`; for each it is known which
rule has to see it.

- **Found when right**: every one has the warning BT321, since a renamed wheel has no `Build` in its
  WHEEL file; it is not listed. BT315 is for wheels with libraries for several accelerators, BT326
  for those that their publishers renamed to manylinux without a change in WHEEL.
- **Wrong names**: seen, of those tried, and the rules that saw them.

| Wheel | MB | Right | Found when right | Wrong names | Rules |
|---|---|---|---|---|---|
"""


def render(results: dict[str, Result]) -> str:
    """Return docs/verify.md."""
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
    found += [f"{each.partition(' ')[0]} ignored, with the reason" for each in row.ignored]
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
