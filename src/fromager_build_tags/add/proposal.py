"""What a new package depends on: as it is said, as a wheel shows it, or as is shipped."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from packaging.utils import NormalizedName

from ..errors import InputError, MissingFactError, NeedsError
from ..plan import plugins
from ..plan.source import shipped_expression
from ..stack.facts import Fact, Missing
from ..stack.stack import Stack
from ..tag.expression import Need, parse_expression
from ..wheel import RefusalReason, TorchAbi
from ..wheel.libraries import accelerator_of, is_system, is_torch

if TYPE_CHECKING:
    from ..wheel import Proof, WheelFacts

#: What a package is taken to depend on of which nothing is said.
DEFAULT: Final = "accelerator torch"
_MOST: Final = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposal:
    """What a package depends on, and whether that has to be written anywhere.

    Attributes:
        expression: as ``build-tags.depends-on`` takes it; None where nothing is claimed.
        reasons: what says so, a line each.
        enough: why nothing has to be written; "" if something has.
        replaces: what the shipped override says instead, for a message; "" without one.
    """

    expression: str | None
    reasons: Sequence[str] = ()
    enough: str = ""
    replaces: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shipped:
    """The override that is shipped for a package.

    Attributes:
        name: as its module is called.
        expression: what it says in one line; None if a function decides.
        why: its docstring, on one line.
    """

    name: str
    expression: str | None
    why: str

    def __str__(self) -> str:
        return "function" if self.expression is None else repr(self.expression)

    def enough(self, why: str = "") -> str:
        """Say that nothing has to be written, and what to do if it is wrong."""
        verb = "decides by a" if self.expression is None else "says"
        return (
            f"nothing to write: the shipped override of {self.name} {verb} {self}{why}; "
            "--depends-on EXPRESSION replaces it"
        )

    def needs(self, facts: WheelFacts) -> frozenset[Need] | None:
        """Return what it says of a build like this wheel; None if that cannot be told of a wheel.

        A function decides, or the Torch that it was built against.
        """
        if self.expression is None:
            return None
        says = parse_expression(self.expression)
        words = [use.accelerator.value for use in facts.accelerators] or ["cpu"]
        every = (says.of(facts.version, functools.partial(_stack, word)) for word in words)
        try:
            return frozenset().union(*every)
        except MissingFactError:
            return None


def _stack(accelerator: str) -> Stack:
    """Return what a wheel tells of the stack that it was built for."""
    return Stack(
        variant="",
        place="",
        distro=_UNTOLD,
        accelerator=Fact(value=accelerator, source=""),
        accelerator_version=None,
        torch_version=_UNTOLD,
    )


_UNTOLD: Final = Missing(message="a wheel does not tell it")


def shipped_override(package: NormalizedName) -> Shipped | None:
    """Return the override that is shipped for a package, if there is one.

    Raises:
        PluginError: it does not load.
    """
    name = package.replace("-", "_")
    module = plugins.load_shipped_override(name)
    if module is None:
        return None
    why = " ".join((module.__doc__ or "").split())
    return Shipped(name=name, expression=shipped_expression(name), why=why)


def as_shipped(package: NormalizedName) -> Proposal:
    """Propose for a package of which nothing is said: what is shipped, or the usual.

    Raises:
        PluginError: the shipped override does not load.
    """
    shipped = shipped_override(package)
    if shipped is None:
        return Proposal(expression=DEFAULT)
    return Proposal(expression=None, reasons=(shipped.why,), enough=shipped.enough())


def as_given(package: NormalizedName, expression: str) -> Proposal:
    """Propose what the user says.

    Raises:
        NeedsError: the expression cannot be read, or cannot be true.
        PluginError: the shipped override does not load.
    """
    _refuse_torch_for_itself(package, expression)
    shipped = shipped_override(package)
    if shipped is None:
        return Proposal(expression=expression, enough=_enough(package, expression))
    if shipped.expression is not None and same(shipped.expression, expression):
        return Proposal(expression=expression, enough=shipped.enough())
    return Proposal(expression=expression, replaces=f"the shipped {shipped}")


def as_seen(facts: WheelFacts, source: str) -> Proposal:
    """Propose what a wheel shows: by its libraries, its device code, and its symbols.

    A wheel that reaches Torch through its stable ABI alone does not depend on one Torch. What
    a wheel does not show, a build for another accelerator can: a shipped override that says
    more stays as it is.

    Args:
        facts: what was read.
        source: where it was read, for messages.

    Raises:
        InputError: something in the wheel could not be read, and could show more.
        NeedsError: the wheel shows what cannot be true.
        PluginError: the shipped override does not load.
    """
    shipped, why = shipped_override(facts.name), tuple(reasons(facts))
    if facts.purelib:
        enough = shipped.enough(" of its platlib wheels") if shipped else _enough(facts.name)
        return Proposal(expression=None, reasons=why, enough=enough)
    seen = _seen(facts)
    _refuse_unread(facts, seen, source)
    given = shipped.needs(facts) if shipped else frozenset()
    if shipped and (given is None or seen <= given):
        enough = shipped.enough("" if given is None else ", and this wheel shows no more")
        return Proposal(expression=_expression(seen), reasons=why, enough=enough)
    expression = _expression(seen | (given or frozenset()))
    _refuse_torch_for_itself(facts.name, expression)
    return Proposal(
        expression=expression,
        reasons=why,
        enough=_enough(facts.name, expression),
        replaces=f"the shipped {shipped}" if shipped else "",
    )


def reasons(facts: WheelFacts) -> Iterator[str]:
    """Yield what in a wheel says what it depends on, and what of it was not read."""
    for use in facts.accelerators:
        yield from _proofs(use.accelerator.value, use.proofs)
    yield from _proofs(_torch(facts), facts.torch.proofs)
    if facts.purelib:
        yield "it is a purelib wheel, which gets no segment, whatever it carries"
    elif not facts.accelerators and not facts.torch.proofs and not list(_unread(facts)):
        yield f"none of its {facts.libraries} libraries needs an accelerator or Torch"
    yield from facts.notes


def hints(facts: WheelFacts) -> Iterator[str]:
    """Yield what a wheel leaves open."""
    torch = facts.torch
    if torch.proofs and not torch.cxx_symbols and not torch.stable_symbols:
        yield "it links libtorch, and imports nothing that tells which ABI"
    if facts.purelib and facts.hosts and (seen := _seen(facts)):
        machines = ", ".join(dict.fromkeys(each.machine for each in facts.hosts))
        yield (
            f"it has libraries for {machines} all the same: if yours is for a platform, say by "
            f"hand what it depends on, with --depends-on {_expression(seen)!r}"
        )
    others = [name for name in facts.needed if not _is_known(name)]
    if others and not facts.purelib:
        yield f"it also needs {_listed(others)}: an accelerator of its own?"


def same(one: str, other: str) -> bool:
    """Tell whether two expressions say the same.

    Raises:
        NeedsError: one cannot be read.
    """
    return parse_expression(one) == parse_expression(other)


def _enough(package: NormalizedName, expression: str = "none") -> str:
    """Say that nothing has to be written for a package that nobody speaks for, if that is so."""
    if parse_expression(expression).at_most():
        return ""
    return f"nothing to write: {package} gets no segment of an accelerator or of Torch anyway"


def _refuse_torch_for_itself(package: NormalizedName, expression: str) -> None:
    if Need.TORCH in parse_expression(expression).at_most() and package == "torch":
        raise NeedsError(
            f"{expression!r} cannot be: torch is the Torch ABI, and its own version tells which; "
            "leave 'torch' out"
        )


def _seen(facts: WheelFacts) -> frozenset[Need]:
    seen = {Need.ACCELERATOR} if facts.accelerators else set()
    return frozenset(seen | ({Need.TORCH} if facts.torch.abi is TorchAbi.UNSTABLE else set()))


def _refuse_unread(facts: WheelFacts, seen: frozenset[Need], source: str) -> None:
    """Refuse a wheel of which something was not read, unless it shows every need anyway."""
    unread = list(_unread(facts))
    if Need.ACCELERATOR not in seen:
        unread += [
            f"{each} has no section headers, which would show device code"
            for each in facts.without_sections
        ]
    if unread and len(seen) < len(Need):
        raise InputError(
            f"{source!r} does not tell what {facts.name} depends on: {_listed(unread, '; ')}; "
            "say it by hand, with --depends-on"
        )


def _unread(facts: WheelFacts) -> Iterator[str]:
    unread = [each for each in facts.refused if each.refusal.reason is not _HARMLESS]
    yield from (f"{each.member} could not be read ({each.refusal.reason})" for each in unread)
    if not facts.libraries and not unread:
        yield "there is no library in it"


#: It names libraries, and is none.
_HARMLESS: Final = RefusalReason.LINKER_SCRIPT


def _expression(needs: Collection[Need]) -> str:
    return " ".join(need.value for need in Need if need in needs) or "none"


def _torch(facts: WheelFacts) -> str:
    if facts.torch.cxx_symbols:
        return "Torch, unstable ABI"
    return "Torch, stable ABI" if facts.torch.stable_symbols else "Torch"


def _proofs(what: str, proofs: Sequence[Proof]) -> Iterator[str]:
    yield from (f"{what}: {proof}" for proof in proofs[:_MOST])
    if (more := len(proofs) - _MOST) > 0:
        yield f"{what}: {more} more like these"


def _is_known(name: str) -> bool:
    return accelerator_of(name) is not None or is_torch(name) or is_system(name)


def _listed(texts: Sequence[str], between: str = ", ") -> str:
    more = len(texts) - _MOST
    return between.join(texts[:_MOST]) + (f" and {more} more" if more > 0 else "")
