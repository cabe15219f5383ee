"""Hold what a wheel needs against what our override says of it."""

from __future__ import annotations

import functools
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
    return _judge(row.package, row, package, pure=row.purelib)


def judge_read(name: str, reading: Reading, package: Package) -> Judgement:
    """Judge a source that was read."""
    return _judge(name, reading, package)


def needs(accelerators: Collection[str], torch: str) -> frozenset[Need]:
    """Apply law 4: a segment for device code or its libraries, one for Torch's C++ symbols."""
    found = {Need.ACCELERATOR} if accelerators else set()
    return frozenset(found | ({Need.TORCH} if torch == "unstable" else set()))


def given(name: str, version: str, accelerators: Collection[str] = ("cuda",)) -> frozenset[Need]:
    """Return what our override says of a build for these accelerators; nothing without one.

    A wheel that uses no accelerator is one for the CPU.
    """
    text = expression(name)
    if text is None:
        return frozenset()
    says = parse_expression(text)
    return frozenset().union(
        *(
            says.of(Version(version), functools.partial(str, word))
            for word in accelerators or ("cpu",)
        )
    )


def expression(name: str) -> str | None:
    """Return the expression of the override of a package, None without one."""
    module = f"{OVERRIDES}.{name.replace('-', '_')}"
    if importlib.util.find_spec(module) is None:
        return None
    text: str = importlib.import_module(module).wheel_build_tag.expression
    return text


def _judge(
    name: str, seen: Measurement | Reading, package: Package, *, pure: bool = False
) -> Judgement:
    # A pure wheel is shared by every index (law 4): whatever it carries goes with any stack.
    return Judgement(
        needed=frozenset() if pure else needs(seen.accelerators, seen.torch),
        given=frozenset() if pure else given(name, seen.version, seen.accelerators),
        pure=pure,
        reason=package.differs.get(seen.version),
    )
