"""An examined wheel: its name and what is inside, and how a finding speaks of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ...findings.finding import Finding, Place, Severity
from ...findings.rule import Rule
from ...tag.segment import Order
from ...tag.vocabulary import accelerator_word
from ...wheel import Accelerator, TorchAbi
from .exempted import ACCELERATOR, NOTHING, TORCH, Declared

if TYPE_CHECKING:
    from ...tag.filename import WheelName
    from ...wheel import AcceleratorUse, WheelFacts

#: How many pieces of evidence a finding shows.
MOST: Final = 3
#: The accelerators that content can show, by their words.
STACKS: Final = {stack.value: stack for stack in Accelerator}


#: Returns what to do so that the settings say the expression of a wheel's package.
type RemedyFor = Callable[[WheelName, str], str]


def set_depends_on(name: WheelName, expression: str) -> str:
    """Return what to do where nothing is known of the settings."""
    return f"set build-tags.depends-on of {name.name} to {expression!r}, or let its override say so"


@dataclass(frozen=True, kw_only=True, slots=True)
class Examined:
    """A wheel that could be read.

    Attributes:
        source: its path or URL, as the user is to see it.
        name: what its file name says.
        facts: what was seen inside.
        remedy_for: says what to change in the settings.
        declared: what the settings say of it that its content does not show.
    """

    source: str
    name: WheelName
    facts: WheelFacts
    remedy_for: RemedyFor = set_depends_on
    declared: Declared = NOTHING

    @property
    def accelerator(self) -> str | None:
        """The accelerator segment."""
        return self.name.segment(Order.ACCELERATOR)

    @property
    def torch(self) -> str | None:
        """The Torch segment."""
        return self.name.segment(Order.TORCH)

    @property
    def inside(self) -> Sequence[AcceleratorUse]:
        """The accelerators that it uses; where it uses none, those whose libraries it carries."""
        return self.facts.accelerators or self.facts.carried

    @property
    def for_others(self) -> bool:
        """Whether it has libraries of an accelerator for the sake of what is not seen.

        That is so where it uses none itself, and most of its libraries are no accelerator's: such
        as those of a profiler in a compiler that works with any accelerator.
        """
        evidence = sum(len(use.evidence) for use in self.facts.carried)
        return not self.facts.accelerators and 2 * evidence < self.facts.libraries

    def finding(
        self,
        rule: Rule,
        message: str,
        *,
        remedy: str,
        inside: str = "",
        severity: Severity | None = None,
    ) -> Finding:
        """Return a finding of this wheel."""
        return rule.finding(
            message,
            subject=self.name.name,
            remedy=remedy,
            place=Place(file=self.source, inside=inside),
            severity=severity,
        )

    def untold(self, rule: Rule, what: str, reason: str) -> Finding:
        """Return the finding that the name does not tell what is declared."""
        message = f"the settings declare that it depends on {what} ({reason}), yet "
        segment = f"{what.removeprefix('an ')} segment"
        if self.name.is_platlib:
            return self.finding(
                rule,
                f"{message}the name has no {segment}",
                remedy=f"{self.set_depends_on()}, or declare it for those variants alone for which "
                "it is so",
            )
        return self.finding(
            rule,
            f"{message}it is for any platform, and so its name has no {segment}",
            remedy="do not build it as a pure wheel (Root-Is-Purelib: true), if its wheels are to "
            "be told apart",
            severity=Severity.WARNING,
        )

    def depends_on(self) -> str:
        """Return the annotation that fits what is inside, and what is declared.

        An accelerator that content cannot show is left as the name has it.
        """
        needs, facts = [], self.declared.facts
        unseen = self.accelerator and accelerator_word(self.accelerator) not in STACKS
        if self.inside or ACCELERATOR in facts or unseen:
            needs.append("accelerator")
        if self.facts.torch.abi is TorchAbi.UNSTABLE or TORCH in facts:
            needs.append("torch")
        return " ".join(needs) or "none"

    def set_depends_on(self) -> str:
        """Return what to do to get the segments that fit."""
        return self.remedy_for(self.name, self.depends_on())


def shown(things: Iterable[object]) -> str:
    """Return the first three, and how many more there are."""
    texts = [str(each) for each in things]
    more = len(texts) - MOST
    return "; ".join(texts[:MOST]) + (f"; and {more:,} more" if more > 0 else "")
