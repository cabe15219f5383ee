"""Compare what a wheel needs with what our override provides."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, cast

from packaging.requirements import Requirement
from packaging.tags import Tag
from packaging.version import Version

from fromager_build_tags.findings.finding import Place
from fromager_build_tags.needs import DependsOn, Need, WheelBuildTag
from fromager_build_tags.plan.plugins import load_shipped_override
from fromager_build_tags.settings.context import BuildContext, bind
from fromager_build_tags.stack.fact import Fact, Missing
from fromager_build_tags.stack.stack import Stack
from fromager_build_tags.tag.segment import Order

from .catalogue import Package, Reading
from .measurements import Measurement


class Verdict(StrEnum):
    """How an override compares with the evidence."""

    AGREES = "agrees"
    MORE = "more"
    """A segment that this wheel does not need: true, and not minimal."""
    LESS = "less"
    """A segment is missing: the name is false."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """The needs of one version of a package, and what its override provides."""

    needed: frozenset[Need]
    given: frozenset[Need]
    pure: bool
    reason: str | None
    """Why the override provides more, from the catalogue."""

    @property
    def verdict(self) -> Verdict:
        """Compare both; a pure wheel needs nothing and gets nothing."""
        if self.needed - self.given:
            return Verdict.LESS
        return Verdict.MORE if self.given - self.needed else Verdict.AGREES


def compare_measured(row: Measurement, package: Package) -> Comparison:
    """Compare a measured wheel with its override."""
    return _compare(row.package, row, package, pure=row.purelib)


def compare_read(name: str, reading: Reading, package: Package) -> Comparison:
    """Compare a source that was read with its override."""
    return _compare(name, reading, package, torch_version=reading.torch_version)


def needs(accelerators: Collection[str], torch: str) -> frozenset[Need]:
    """Return the needs that ``tag.contents`` found in a wheel when it was measured (law 4)."""
    found = {Need.ACCELERATOR} if accelerators else set()
    return frozenset(found | ({Need.TORCH} if torch == "unstable" else set()))


def given(
    name: str, version: str, accelerators: Collection[str] = ("cuda",), torch_version: str = ""
) -> frozenset[Need]:
    """Return what our override provides for builds with these accelerators; nothing without one.

    Without an accelerator, the build is one for the CPU.
    """
    function = override(name)
    if function is None:
        return frozenset()
    stacks = [_stack(word, torch_version or "2.10.0") for word in accelerators or ("cpu",)]
    return frozenset().union(*(_provided(function, name, version, stack) for stack in stacks))


def override(name: str) -> WheelBuildTag | None:
    """Return the function of the override that is installed for a package, None without one."""
    module = load_shipped_override(name)
    return None if module is None else cast(WheelBuildTag, module.wheel_build_tag)


def expression(name: str) -> str | None:
    """Return the expression of the override of a package, None without one."""
    function = override(name)
    return function.expression if isinstance(function, DependsOn) else None


class _Settings:
    variant = ""


class _Context:
    settings = _Settings()


def _provided(function: WheelBuildTag, name: str, version: str, stack: Stack) -> frozenset[Need]:
    ctx = cast(BuildContext, _Context())
    bind(ctx, stack)
    wheel = {"req": Requirement(name), "version": Version(version), "wheel_tags": _PLATLIB}
    found: Any = function(ctx=ctx, **cast(Any, wheel))
    return frozenset(_NEEDS[order] for order, _ in found)


def _stack(accelerator: str, torch_version: str) -> Stack:
    return Stack(
        variant="",
        place=Place(),
        distro=Missing(message=""),
        accelerator=Fact(value=accelerator, source=""),
        accelerator_version=None,
        torch_version=Fact(value=Version(torch_version), source=""),
    )


_PLATLIB: Final = frozenset({Tag("cp312", "cp312", "linux_x86_64")})
_NEEDS: Final = {Order.ACCELERATOR: Need.ACCELERATOR, Order.TORCH: Need.TORCH}


def _compare(
    name: str,
    seen: Measurement | Reading,
    package: Package,
    *,
    pure: bool = False,
    torch_version: str = "",
) -> Comparison:
    # All indexes share a pure wheel (law 4): whatever it contains works with any stack.
    if pure:
        needed = provided = frozenset[Need]()
    else:
        needed = needs(seen.accelerators, seen.torch)
        provided = given(name, seen.version, seen.accelerators, torch_version)
    return Comparison(
        needed=needed,
        given=provided,
        pure=pure,
        reason=package.differs.get(seen.version),
    )
