"""What other variants, or other stacks, of the settings need of the wheels of one index."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from ..errors import BuildTagError, MissingFactError, explain_error
from ..plan.model import PlannedTag, Wanted
from ..plan.planner import plan
from ..settings.tree import SettingsTree
from ..tag.build_tag import BuildTag
from ..tag.segment import accelerator_word, join
from .expected import SENSITIVE, Expected
from .status import IndexWheel, ProjectView, fits_for

_HINT: Final = "if that has another index, set index in both variant files, or use --foreign"
_OWN_HINT: Final = "if that has another index, use --foreign"


def neighbors_of(tree: SettingsTree, variant: str) -> list[str]:
    """Return *variant*, and all whose wheels may be in its index: they name no other ``index``."""
    own, known = tree.on(variant).index, tree.variants()
    return [
        each for each in known if each == variant or not own or tree.on(each).index in {"", own}
    ]


@dataclass(frozen=True, kw_only=True, slots=True)
class Neighbors:
    """What the variants of :func:`neighbors_of` need of one project in an index.

    Attributes:
        replaces: returns whether the first wheel can replace the second.
    """

    tree: SettingsTree
    view: ProjectView
    variants: Sequence[str]
    replaces: Callable[[IndexWheel, IndexWheel], bool]
    _plans: dict[str, Sequence[PlannedTag]] = field(default_factory=dict)

    def need(self, wheel: IndexWheel) -> str:
        """Return why a wheel is kept that its own variant no longer needs; "" if it is not."""
        own = self.view.expected[wheel.name.version]
        for variant in self.variants:
            try:
                tags = self._plan(variant)
            except BuildTagError as err:
                return f"the tags of variant {variant} cannot be computed: {explain_error(err)}"
            for tag in tags:
                if tag.version == wheel.name.version and (reason := self._need(wheel, tag, own)):
                    return reason
        return ""

    def _plan(self, variant: str) -> Sequence[PlannedTag]:
        if variant not in self._plans:
            tree = self.tree.on(variant)
            wanted = Wanted(package=self.view.project, versions=tuple(self.view.wheels))
            self._plans[variant] = plan(tree, tree.stacks(), [wanted], unnumbered=True)
        return self._plans[variant]

    def _need(self, wheel: IndexWheel, tag: PlannedTag, own: Expected) -> str:
        name, variant, hint = wheel.name, f"variant {tag.variant}", _HINT
        if tag.variant == self.view.place.variant:
            variant, hint = f"stack {tag.stack} of {variant}", _OWN_HINT
        is_replaced = name.suffix in {
            each.suffix for each in own.given(name)
        }  # on any variant: by an equal
        segments = tag.platlib if name.is_platlib else tag.purelib
        if segments is None:
            is_possible = tag.number == name.number or (tag.number is None and not is_replaced)
            if is_possible and tag.variant != self.view.place.variant and _fits(tag, wheel):
                return f"it can be current for {variant}, whose build tag is unknown; {hint}"
            return ""
        needed = BuildTag(tag.number, join(segments))
        if needed == name.build_tag:
            return f"it is current for {variant}; {hint}"
        if is_replaced or not _is_same_stack(needed, name.build_tag):
            return ""
        wheels = fits_for(name, {needed}, self.view.wheels[name.version])
        if any(self.replaces(each, wheel) for each in wheels):
            return ""
        return f"its replacement {needed} for {variant} is not in the index, or damaged; {hint}"


def _fits(tag: PlannedTag, wheel: IndexWheel) -> bool:
    """Return whether the accelerator of a wheel is that of a stack, as far as both are known."""
    try:
        return accelerator_word(wheel.accelerator) in {"", tag.stack.accelerator_word()}
    except MissingFactError:
        return True


def _is_same_stack(one: BuildTag, other: BuildTag) -> bool:
    stack, others = (
        {order: each.by_order.get(order) for order in SENSITIVE} for each in (one, other)
    )
    return one.suffix == other.suffix or (stack == others and any(stack.values()))
