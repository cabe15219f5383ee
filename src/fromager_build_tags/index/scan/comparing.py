"""What the settings and overrides give for packages, compared with what their wheels show."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from packaging.utils import NormalizedName
from packaging.version import Version

from ...errors import BuildTagError
from ...plan.model import PlannedTag, Wanted
from ...plan.planner import plan
from ...plan.source import SourceKind
from ...settings.hook import HOOK, Hook
from ...settings.tree import SettingsTree, VariantTree
from ...stack.stack import Stack
from ...tag.expression import Need, simple_expression
from ...tag.segment import Order, accelerator_word
from .measuring import Measured

_NEEDS: Final[Mapping[int, Need]] = {Order.ACCELERATOR: Need.ACCELERATOR, Order.TORCH: Need.TORCH}


class ScanStatus(StrEnum):
    """What the settings and overrides give, compared with what the wheels show."""

    MISSING = "missing"
    TOO_LITTLE = "too little"
    NO_STACK = "no stack"
    TOO_MUCH = "too much"
    NOT_READ = "not read"
    AGREES = "agrees"
    PRE_BUILT = "pre-built"


@dataclass(frozen=True, kw_only=True, slots=True)
class ScanRow:
    """A version of a package, compared.

    Attributes:
        given: what the settings and overrides give, on any stack; None if that is unknown.
        source: the kind of source that gives it.
        reason: why it is not read, or unknown.
    """

    package: NormalizedName
    measured: Measured
    status: ScanStatus
    needs: frozenset[Need]
    given: frozenset[Need] | None = None
    source: str = ""
    reason: str = ""


class Comparison:
    """The settings of every variant, to compare wheels with."""

    def __init__(self, tree: SettingsTree, lowest: Version | None) -> None:
        self._lowest = lowest
        # what packages declare does not depend on the hook that the settings configure
        tree = replace(tree, hook=Hook(text=HOOK))
        trees = [tree.on(each) for each in tree.variants() or [tree.variant]]
        self._variants: list[tuple[VariantTree, Sequence[Stack]]] = [
            (each, each.stacks(here=False)) for each in trees
        ]

    def row(self, package: NormalizedName, measured: Measured) -> ScanRow:
        """Compare one version of a package."""
        row = ScanRow(
            package=package,
            measured=measured,
            needs=measured.needs(self._lowest) - _of_itself(package),
            status=ScanStatus.NOT_READ,
        )
        if not measured.wheels:
            return replace(row, reason=measured.unreadable[0].reason)
        planned = self._planned(package, measured.version)
        tags = [each for each in planned if not each.pre_built]
        if not tags:
            return replace(row, status=ScanStatus.PRE_BUILT)
        fitting = [each for each in tags if _word(each.stack) in measured.accelerators]
        compared = _compared_with(replace(row, source=_source(tags)), fitting or tags)
        has_stack = bool(fitting) or not measured.accelerators
        if compared.status is ScanStatus.TOO_LITTLE and not has_stack:
            # what is declared may be more on the accelerator that the wheel is for
            return replace(compared, status=ScanStatus.NO_STACK)
        return compared

    def _planned(self, package: NormalizedName, version: Version) -> Iterator[PlannedTag]:
        wanted = Wanted(package=package, versions=(version,))
        for tree, stacks in self._variants:
            yield from plan(tree, stacks, [wanted], unnumbered=True)


def _of_itself(package: NormalizedName) -> frozenset[Need]:
    """Return the need that a package cannot have: Torch does not depend on itself."""
    return frozenset({Need.TORCH} if package == "torch" else ())


def _compared_with(row: ScanRow, tags: Sequence[PlannedTag]) -> ScanRow:
    given = [_given(each) for each in tags]
    known = [each for each in given if each is not None]
    if len(known) < len(given):
        return replace(row, reason=next(filter(None, (each.reason for each in tags)), ""))
    row = replace(row, given=frozenset[Need]().union(*known))
    is_default = all(each.source is SourceKind.DEFAULT for each in tags)
    return _compared(row, known, is_default=is_default)


def _compared(row: ScanRow, given: Sequence[frozenset[Need]], *, is_default: bool) -> ScanRow:
    """Return a row with its status, from what each stack gives."""
    unread = row.measured.unread
    is_too_little = any(row.needs - each for each in given)
    if is_too_little and not is_default:
        return replace(row, status=ScanStatus.TOO_LITTLE)
    if unread and any(row.needs | each != set(Need) for each in given):
        return replace(row, reason=unread)  # `add --from-wheel` writes nothing then, either
    if is_too_little:
        return replace(row, status=ScanStatus.MISSING)
    if all(each - row.needs for each in given):
        return replace(row, status=ScanStatus.TOO_MUCH)
    return replace(row, status=ScanStatus.AGREES)


def _word(stack: Stack) -> str:
    with contextlib.suppress(BuildTagError):
        return accelerator_word(stack.accelerator_text())
    return ""


def _given(tag: PlannedTag) -> frozenset[Need] | None:
    """Return the dependencies that a planned tag names; None if they are unknown."""
    if tag.platlib is None:
        return tag.needs
    return frozenset(need for each in tag.platlib if (need := _NEEDS.get(each.order)))


def _source(tags: Iterable[PlannedTag]) -> str:
    kinds = {each.source for each in tags if each.source}
    return " and ".join(each.label for each in sorted(kinds))


def missing_expressions(rows: Iterable[ScanRow]) -> Mapping[NormalizedName, str]:
    """Return what to declare for the packages of which any version is missing.

    Args:
        rows: those of a package together, its versions ascending.
    """
    found = {}
    for package, group in itertools.groupby(rows, lambda row: row.package):
        versions = [each for each in group if each.status is not ScanStatus.NOT_READ]
        if any(each.status is ScanStatus.MISSING for each in versions):
            found[package] = _expression(versions)
    return found


def _expression(rows: Iterable[ScanRow]) -> str:
    """Return an expression that gives each version of a package what its wheels show."""
    expression, needs = "", frozenset[Need]()
    for row in rows:
        words = simple_expression(row.needs)
        if not expression:
            expression = words
        elif row.needs != needs:
            expression = f"{expression} if version < {row.measured.version} else {words}"
        needs = row.needs
    return expression
