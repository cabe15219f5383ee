"""Hold what a wheel needs against what our override says of it."""

from __future__ import annotations

import importlib.util
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from packaging.version import Version

from fromager_build_tags.needs import Need, parse_expression

from .catalogue import Package, Reading
from .measurements import Measurement

OVERRIDES = "fromager_build_tags_overrides"


class Verdict(StrEnum):
    """How an override compares with the evidence."""

    AGREES = "agrees"
    MORE = "more"
    """A segment that this wheel could do without: true, not minimal."""
    LESS = "less"
    """A segment missing: a lie."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """One version of a package, judged."""

    needed: frozenset[Need]
    given: frozenset[Need]
    pure: bool
    reason: str | None
    """Why the override gives more, from the catalogue."""

    @property
    def verdict(self) -> Verdict:
        """Compare; a pure wheel needs nothing and is given nothing."""
        if self.needed - self.given:
            return Verdict.LESS
        return Verdict.MORE if self.given - self.needed else Verdict.AGREES


def judge_measured(row: Measurement, package: Package) -> Judgement:
    """Judge a measured wheel."""
    needed = needs(row.accelerators, row.torch)
    return _judge(row.package, row.version, needed, package, pure=row.purelib)


def judge_read(name: str, reading: Reading, package: Package) -> Judgement:
    """Judge a source that was read."""
    return _judge(name, reading.version, needs(reading.accelerators, reading.torch), package)


def needs(accelerators: Collection[str], torch: str) -> frozenset[Need]:
    """Apply law 4: a segment for device code or its libraries, one for Torch's C++ symbols."""
    found = {Need.ACCELERATOR} if accelerators else set()
    return frozenset(found | ({Need.TORCH} if torch == "unstable" else set()))


def given(name: str, version: str) -> frozenset[Need]:
    """Return what our override says; nothing where there is none."""
    text = expression(name)
    return frozenset() if text is None else parse_expression(text).of(Version(version))


def expression(name: str) -> str | None:
    """Return the expression of the override of a package, None without one."""
    module = f"{OVERRIDES}.{name.replace('-', '_')}"
    if importlib.util.find_spec(module) is None:
        return None
    text: str = importlib.import_module(module).wheel_build_tag.expression
    return text


def _judge(
    name: str, version: str, needed: frozenset[Need], package: Package, *, pure: bool = False
) -> Judgement:
    # A pure wheel is shared by every index (law 4): whatever it carries goes with any stack.
    return Judgement(
        needed=frozenset() if pure else needed,
        given=frozenset() if pure else given(name, version),
        pure=pure,
        reason=package.differs.get(version),
    )
