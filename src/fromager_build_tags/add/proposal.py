"""What to declare as the dependencies of a package: from the user, a wheel, or what is shipped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from packaging.utils import NormalizedName

from ..errors import InputError, NeedsError
from ..plan import plugins, scope
from ..plan.source import shipped_expression
from ..stack.stack import DeclaredTorch
from ..tag.contents import excludes, needs_of
from ..tag.expression import Need, parse_expression, simple_expression
from ..wheel.facts import WheelFacts
from .shown_needs import evidence_in, loads_of, unread_in

#: The dependencies of a package of which nothing is known: a missing segment can break an
#: installation, one too many costs a build.
DEFAULT: Final = "accelerator torch"


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposal:
    """The dependencies of a package, and whether they have to be written anywhere.

    Attributes:
        expression: a value for ``build-tags.depends-on``; None to leave what is declared.
        evidence: where the expression comes from, a line each.
        redundant: why nothing has to be written; "" if something has.
        replaces: the shipped override that it replaces, for a message; "" without one.
    """

    expression: str | None
    evidence: Sequence[str] = ()
    redundant: str = ""
    replaces: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ShippedOverride:
    """The override that is shipped for a package.

    Attributes:
        expression: its dependencies in one line; None if a function computes them.
        docstring: of the module, on one line.
        pattern: that it is registered for; "" if it is for this package only.
    """

    expression: str | None
    docstring: str
    pattern: str = ""

    @classmethod
    def of(cls, package: NormalizedName) -> ShippedOverride | None:
        """Return the override that is shipped for a package, if there is one.

        Raises:
            PluginError: it does not load.
        """
        name = package.replace("-", "_")
        module = plugins.load_shipped_override(name)
        if module is None:
            return None
        docstring = " ".join((module.__doc__ or "").split())
        expression, pattern = shipped_expression(name), scope.pattern_of(package)
        return cls(expression=expression, docstring=docstring, pattern=pattern)

    def __str__(self) -> str:
        text = "a function" if self.expression is None else repr(self.expression)
        return f"{text} for {self.pattern}" if self.pattern else text

    def at_most(self) -> frozenset[Need]:
        """Return the needs in all versions and on all stacks; every need if a function decides."""
        if self.expression is None:
            return frozenset(Need)
        return parse_expression(self.expression).at_most()

    def at_least(self) -> frozenset[Need]:
        """Return the needs that all versions have on all stacks; every need for a function."""
        if self.expression is None:
            return frozenset(Need)
        return parse_expression(self.expression).at_least()


def propose_default(package: NormalizedName) -> Proposal:
    """Propose the shipped override, or :data:`DEFAULT` without one.

    Raises:
        PluginError: the shipped override does not load.
    """
    if (shipped := ShippedOverride.of(package)) is None:
        return Proposal(expression=DEFAULT)
    evidence = (shipped.docstring,)
    return Proposal(expression=None, evidence=evidence, redundant=_redundant(package, shipped))


def propose_given(package: NormalizedName, expression: str) -> Proposal:
    """Propose the expression of the user.

    Raises:
        NeedsError: the expression cannot be read, or makes torch depend on itself.
        PluginError: the shipped override does not load.
    """
    shipped = ShippedOverride.of(package)
    needs = parse_expression(expression)
    if shipped and shipped.expression and parse_expression(shipped.expression) == needs:
        return Proposal(expression=expression, redundant=_redundant(package, shipped))
    return _proposal(package, expression, shipped)


def propose_from_wheel(
    facts: WheelFacts, source: str, lowest: DeclaredTorch | None = None
) -> Proposal:
    """Propose what a wheel shows by its libraries, its device code and its symbols.

    A wheel that uses only the stable ABI of Torch does not depend on one Torch version, if it loads
    with every Torch that the settings declare. A build for another accelerator can need more than
    this wheel, so a shipped override is kept that can need as much, in any version.

    Args:
        facts: the content of the wheel.
        source: its file or requirement, for messages.
        lowest: the lowest Torch that the settings declare; None if that is unknown.

    Raises:
        InputError: a part of the wheel could not be read, and could show more.
        NeedsError: the wheel makes torch depend on itself.
        PluginError: the shipped override does not load.
    """
    shipped, evidence = ShippedOverride.of(facts.name), tuple(evidence_in(facts, lowest))
    redundant = _redundant(facts.name, shipped)
    if facts.purelib:
        return Proposal(expression=None, evidence=evidence, redundant=redundant)
    if unread := unread_in(facts, needs_of(facts)):
        raise InputError(
            f"{source!r} does not show the dependencies of {facts.name}: {unread}; declare them "
            "with --depends-on"
        )
    loads, version = loads_of(facts), lowest.version if lowest else None
    seen, given = needs_of(facts, loads, version), frozenset[Need]()
    if shipped:
        given = shipped.at_least() if excludes(facts, loads, version) else shipped.at_most()
    if shipped and seen <= given:
        expression = simple_expression(seen)
        return Proposal(expression=expression, evidence=evidence, redundant=redundant)
    return _proposal(facts.name, simple_expression(seen | given), shipped, evidence)


def _proposal(
    package: NormalizedName,
    expression: str,
    shipped: ShippedOverride | None,
    evidence: Sequence[str] = (),
) -> Proposal:
    """Propose an expression that is not the shipped override's.

    Raises:
        NeedsError: it cannot be read, or makes torch depend on itself.
    """
    needs = parse_expression(expression).at_most()
    if Need.TORCH in needs and package == "torch":
        raise NeedsError(
            f"{expression!r} makes torch depend on itself: its own version is the Torch ABI; "
            "remove 'torch'"
        )
    return Proposal(
        expression=expression,
        evidence=evidence,
        redundant="" if needs or shipped else _redundant(package, shipped),
        replaces=f"the shipped override ({shipped})" if shipped else "",
    )


def _redundant(package: NormalizedName, shipped: ShippedOverride | None) -> str:
    """Return why nothing has to be written, and what to do if the override is wrong."""
    if shipped is None:
        return f"nothing to write: wheels of {package} get only the distribution segment anyway"
    return (
        f"nothing to write: the shipped override of {package} is {shipped}; "
        "--depends-on EXPRESSION replaces it"
    )
