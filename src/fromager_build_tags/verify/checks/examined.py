"""An examined wheel: its name, the facts from its contents, and its findings."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ...findings.finding import Finding, Place, Rule, Severity
from ...stack.fact import named_accelerator
from ...tag.contents import needs_of
from ...tag.expression import Need, simple_expression
from ...tag.segment import Order, accelerator_word
from ...text import first_few
from ...wheel.libraries import Accelerator
from ...wheel.torch.torch_abi import compare
from ...wheel.torch.torch_loads import TorchLoads
from ...wheel.torch.torch_table import TorchTable, shipped_table
from ..exemptions import NO_EXEMPTIONS, Exemptions

if TYPE_CHECKING:
    from packaging.version import Version

    from ...stack.gpu_arch import GpuArch
    from ...tag.filename import WheelName
    from ...wheel.facts import WheelFacts

#: The accelerators that the contents of a wheel can show, by their words.
ACCELERATORS: Final = {each.value: each for each in Accelerator}

#: Returns how to change the settings so that a wheel gets the segments of an expression.
type RemedyFor = Callable[[WheelName, str], str]


def set_depends_on(name: WheelName, expression: str) -> str:
    """Return the remedy if the settings are unknown."""
    return f"set build-tags.depends-on of {name.name} to {expression!r}, or change its override"


def accelerator_in(name: WheelName) -> str:
    """Return the accelerator segment, or the accelerator of the local version; "" for none."""
    return name.segment(Order.ACCELERATOR) or named_accelerator(name.version)


@dataclass(frozen=True, kw_only=True)
class ExaminedWheel:
    """A wheel that could be read.

    Attributes:
        source: its path or URL, as reports show it.
        remedy_for: returns how to change the settings.
        exemptions: what the settings declare, and the contents do not show.
        torch_table: the builds of Torch that it is compared with; None for the shipped table.
        variant: the variant that it is for; "" if that is unknown.
        variant_torch: the Torch of each of its stacks that the wheel is for; none if unknown.
        gpu_archs: the architectures that these stacks declare.
    """

    source: str
    name: WheelName
    facts: WheelFacts
    remedy_for: RemedyFor = set_depends_on
    exemptions: Exemptions = NO_EXEMPTIONS
    torch_table: TorchTable | None = None
    variant: str = ""
    variant_torch: Sequence[Version] = ()
    gpu_archs: Sequence[GpuArch] = ()

    @functools.cached_property
    def loads(self) -> TorchLoads | None:
        """With which Torch it loads; None if it imports nothing of Torch.

        Raises:
            InputError: the shipped table is damaged.
        """
        if not (imports := self.facts.torch_imports):
            return None  # without reading the shipped table
        return compare(imports, self.torch_table or shipped_table())

    @property
    def accelerator(self) -> str | None:
        """The accelerator segment, or the accelerator of the local version, as in a segment."""
        return accelerator_in(self.name) or None

    @property
    def accelerator_version(self) -> tuple[str, Sequence[int]] | None:
        """The word and the version of the accelerator segment; None if it has no version."""
        numbers = re.search(r"\d{1,9}(\.\d{1,9})*", self.accelerator or "")
        if self.accelerator is None or numbers is None:
            return None
        return accelerator_word(self.accelerator), [int(each) for each in numbers[0].split(".")]

    @property
    def torch(self) -> str | None:
        """The Torch segment."""
        return self.name.segment(Order.TORCH)

    @property
    def unread(self) -> Sequence[str]:
        """The members that may contain more than the facts show."""
        return [each.member for each in self.facts.unread]

    def finding(
        self,
        rule: Rule,
        message: str,
        *,
        remedy: str,
        inside: str = "",
        severity: Severity | None = None,
    ) -> Finding:
        """Return a finding about this wheel."""
        return rule.finding(
            message,
            subject=self.name.name,
            remedy=remedy,
            place=Place(file=self.source, inside=inside),
            severity=severity,
        )

    def missing_segment(self, rule: Rule, what: str, reason: str) -> Finding:
        """Return the finding that the name lacks the segment of a declared dependency."""
        remedy = f"{self.set_depends_on()}, or declare it only for the variants that need it"
        if not self.name.is_platlib:
            remedy = "build a platform wheel (Root-Is-Purelib: false), whose name has the segment"
        return self.finding(
            rule,
            f"the settings declare a dependency on {what} ({reason}), but the name has no "
            f"{what.removeprefix('an ')} segment",
            remedy=remedy,
            severity=None if self.name.is_platlib else Severity.WARNING,
        )

    def depends_on(self, *others: Need) -> str:
        """Return the value of ``build-tags.depends-on`` that fits contents and declarations.

        An accelerator that contents cannot show, or that the wheel does not use, stays as it is in
        the name.

        Args:
            others: needs that a check knows of.
        """
        lowest = self.exemptions.lowest_torch() if self.facts.torch.is_stable else None
        needs = {*others, *needs_of(self.facts, self.loads, lowest.version if lowest else None)}
        needs |= {need for need in Need if need in self.exemptions.dependencies}
        if word := accelerator_word(self.accelerator or ""):
            is_open = self.facts.is_incidental or word not in ACCELERATORS
            needs |= {Need.ACCELERATOR} if is_open else set()
        return simple_expression(needs)

    def set_depends_on(self, *others: Need) -> str:
        """Return how to change the settings so that the wheel gets the segments that fit."""
        return self.remedy_for(self.name, self.depends_on(*others))


def listed(things: Iterable[object]) -> str:
    """Return the first three things, and the number of the others."""
    return first_few(things, separator="; ")
