"""Decide which wheels are obsolete: never a wheel without a replacement."""

from __future__ import annotations

import functools
import os
import stat
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

from ..stack.stack import Stack
from ..tag.segment import accelerator_word
from .expected import Expectations, Expected
from .intact import damage_on, requires_python
from .neighbors import Neighbors
from .status import (
    IndexWheel,
    ProjectView,
    Status,
    is_replaced,
    replacements,
    replacing_text,
    tags_text,
)

_NOT_CONSIDERED: Final = {
    *(Status.CURRENT, Status.PRE_BUILT, Status.OTHER_VARIANT, Status.UNKNOWN),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """A wheel whose build tag the settings do not give: delete it or keep it, and the reason.

    Attributes:
        size: bytes that deleting the wheel frees; None if unknown.
        replacements: the wheels that replace it.
    """

    wheel: IndexWheel
    delete: bool
    reason: str
    size: int | None
    replacements: Sequence[IndexWheel] = ()

    def kept(self, reason: str) -> Self:
        """Return the decision to keep the wheel."""
        size = self.wheel.file.read_size()
        return replace(self, delete=False, reason=f"kept: {reason}", size=size)


def decide(
    view: ProjectView, expectations: Expectations, neighbors: Sequence[str], *, foreign: bool
) -> Iterator[Decision]:
    """Yield a decision for each wheel of a project whose build tag the settings do not give.

    A wheel is deleted only if its replacements exist and are intact: they are read completely,
    where they are on this machine.

    Args:
        view: the project in an index.
        expectations: those of the settings.
        neighbors: the variants whose current wheels are kept, too.
        foreign: whether to consider wheels, too, that have a higher build number than the
            settings give, or are for another accelerator or variant.
    """
    tree, variant = expectations.tree, view.place.variant
    accelerators = expectations.accelerators(view.place, Stack.accelerator_word)
    read = functools.cache(damage_on(tree, variant))

    def unusable(wheel: IndexWheel) -> str:
        return read(wheel.file.path) if wheel.file.path else ""

    others = Neighbors(
        tree=tree,
        view=view,
        variants=neighbors,
        replaces=lambda new, old: not reason_against(old, new, unusable(new)),
    )
    for wheel in view.all_wheels():
        if wheel.status in _NOT_CONSIDERED:
            continue
        expected = view.expected[wheel.name.version]
        decision = Decision(wheel=wheel, delete=True, reason="", size=None)
        reason = "" if foreign else _foreign(wheel, expected, accelerators)
        if not reason:
            decision = _decide(decision, expected, view.wheels[wheel.name.version], unusable)
            reason = others.need(wheel) if decision.delete and not foreign else ""
        decision = decision.kept(reason) if reason else decision
        path = wheel.file.path
        if decision.delete or path is None or os.path.lexists(path):  # else only its signature is
            yield decision


def _foreign(wheel: IndexWheel, expected: Expected, accelerators: Collection[str]) -> str:
    """Return why a wheel belongs to other settings or another variant; "" if it does not."""
    if wheel.status is Status.FOREIGN:
        given = tags_text(expected.replacing(wheel.name))
        return (
            f"build tag {wheel.build_tag} is above {given} from the settings; update the settings, "
            "or use --foreign"
        )
    accelerator = wheel.accelerator
    if accelerator and accelerators and accelerator_word(accelerator) not in accelerators:
        words = " or ".join(sorted(accelerators))
        return f"it is for {accelerator}, not {words}; move it to another index, or use --foreign"
    return ""


def _decide(
    decision: Decision,
    expected: Expected,
    wheels: Sequence[IndexWheel],
    unusable: Callable[[IndexWheel], str],
) -> Decision:
    wheel = decision.wheel
    if expected.number is None:
        failed = "its build tag cannot be computed" if expected.error else ""
        return decision.kept(failed or "the settings give no build number")
    found = replacements(wheel.name, expected, wheels)
    if not is_replaced(found):
        missing = tags_text((tag for tag, some in found.items() if not some), " and ")
        text = f"its replacement with build tag {missing} is not in the index; build it first"
        hint = ", or name the stack of the index as VARIANT:STACK=INDEX"
        return decision.kept(text + hint * any(found.values()))
    chosen: list[IndexWheel] = []
    for some in found.values():
        wrong = [reason_against(wheel, each, unusable(each)) for each in some]
        if all(wrong):
            return decision.kept(wrong[0])
        chosen.append(some[wrong.index("")])
    reason = f"{_difference(wheel, expected)}, {replacing_text(chosen)}"
    return replace(decision, reason=reason, size=_freed(wheel), replacements=chosen)


def reason_against(wheel: IndexWheel, replacement: IndexWheel, damaged: str) -> str:
    """Return why a wheel cannot be replaced by another one, which is *damaged* or not; or ""."""
    filename, path, other = replacement.file.filename, wheel.file.path, replacement.file.path
    if damaged:
        return f"its replacement {filename} is damaged: {damaged}"
    if path and other and path.exists() and not path.is_symlink() and path.samefile(other):
        return f"its replacement {filename} is the same file"
    before, after = _requires_python(wheel), _requires_python(replacement)
    if after and before is not None and before != after:
        text = f"requires Python {after}, and this wheel {before or 'does not'}"
        return f"its replacement {filename} {text}"
    return ""


def _requires_python(wheel: IndexWheel) -> str | None:
    """Return the Requires-Python of a wheel, which an index lists, and a file contains."""
    path = wheel.file.path
    return requires_python(path) if path else wheel.file.requires_python


def _difference(wheel: IndexWheel, expected: Expected) -> str:
    number, given = wheel.name.number or 0, expected.number or 0
    if number == given:
        return "other stack"
    return f"{'older' if number < given else 'higher'} build number"


def _freed(wheel: IndexWheel) -> int | None:
    """Return the bytes that deleting a wheel frees: 0 for a link or a file with another name."""
    path = wheel.file.path
    if path is None:
        return wheel.file.size
    try:
        known = path.lstat()
    except FileNotFoundError:  # only its signature or metadata is left
        return 0
    return known.st_size if stat.S_ISREG(known.st_mode) and known.st_nlink == 1 else 0
