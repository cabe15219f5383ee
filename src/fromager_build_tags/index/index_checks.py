"""Of a whole index: what its wheels together are built for."""

from __future__ import annotations

import collections
from collections.abc import Iterator, Sequence
from typing import Final

from packaging.version import Version

from ..findings import index_rules as rules
from ..findings.finding import Finding, Place
from ..stack.versions import Precision, segment_text
from ..tag.segment import Order
from ..tag.vocabulary import segment_texts
from . import IndexPlace
from .status import Wheel
from .view import ProjectView, leading

_MIXED: Final = {
    Order.DISTRIBUTION: (
        rules.MIXED_DISTRIBUTIONS,
        "keep an index for each distribution, or prune what is left of an older one",
    ),
    Order.ACCELERATOR: (
        rules.MIXED_ACCELERATORS,
        "keep an index for each accelerator, or build again or prune what is left of an older one",
    ),
    Order.TORCH: (
        rules.MIXED_TORCH,
        "build again or prune what is left of an older Torch, or keep an index for each Torch",
    ),
}


class Tally:
    """Counts, project by project, what the wheels of an index are built for.

    Only a wheel counts that no other outnumbers: one with a lower build number is taken by
    nobody. Projects are counted, too, about whose wheels nothing can be said.
    """

    def __init__(self, place: IndexPlace) -> None:
        self.place = place
        self.projects = 0
        self.wheels = 0
        self.skipped = 0
        self._told: dict[Order, collections.Counter[str]] = {
            order: collections.Counter() for order in Order
        }
        self._examples: dict[str, str] = {}
        self._torch: set[Version] = set()
        self._unnumbered: list[str] = []
        self._untold: dict[str, list[str]] = {}

    def add(self, view: ProjectView) -> None:
        """Count a project."""
        self.projects += bool(view.wheels)
        self.skipped += view.skipped
        if view.project == "torch":
            self._torch = set(view.wheels)
        if view.is_unnumbered:
            self._unnumbered.append(view.project)
        for error in view.errors:
            self._untold.setdefault(error, []).append(view.project)
        for wheels in view.wheels.values():
            self.wheels += len(wheels)
            if len({wheel.name.build_tag for wheel in wheels}) == 1:
                self._count(wheels[0], len(wheels))
            else:
                for wheel in leading(wheels):
                    self._count(wheel, 1)

    def _count(self, wheel: Wheel, times: int) -> None:
        for order, text in segment_texts(wheel.name.suffix).items():
            self._told[order][text] += times
            self._examples.setdefault(text, wheel.file.filename)

    def findings(self) -> Iterator[Finding]:
        """Yield what there is to say when every project is counted."""
        if not self.wheels:
            yield rules.EMPTY_INDEX.finding(
                "the index holds no wheel",
                subject="(the whole index)",
                remedy="is it the right folder or URL? That of a simple API ends in /simple/",
                place=Place(file=str(self.place)),
            )
        for order, (rule, remedy) in _MIXED.items():
            if len(self._told[order]) > 1:
                yield rule.finding(
                    f"the index holds wheels for {self._list(order)}",
                    subject="(the whole index)",
                    remedy=remedy,
                    place=Place(file=str(self.place)),
                )
        yield from self._orphans()
        yield from self._unsaid()

    def _unsaid(self) -> Iterator[Finding]:
        for error, projects in sorted(self._untold.items()):
            yield rules.UNTOLD_TAGS.finding(
                f"the tags of {_packages(projects)} cannot be told: {error}",
                subject="(the whole index)",
                remedy="put that right: until then nothing is known of their wheels",
                place=Place(file=str(self.place)),
            )
        if self._unnumbered:
            yield rules.NOTHING_SAID.finding(
                f"no changelog entry for {_packages(self._unnumbered)}: nothing can be said of "
                "their wheels",
                subject="(the whole index)",
                remedy=f"add one to changelog.{self.place.variant} of the settings, or to each "
                "package's file: fromager gives no build tag without one",
                place=Place(file=str(self.place)),
            )

    def _list(self, order: Order) -> str:
        counts = self._told[order].most_common()
        return ", ".join(f"{text} ({n:,}, as {self._examples[text]})" for text, n in counts[:8])

    def _orphans(self) -> Iterator[Finding]:
        held = {segment_text(each, precision) for each in self._torch for precision in Precision}
        for text, count in sorted(self._told[Order.TORCH].items()):
            if text.removeprefix("torch") not in held:
                has = ", ".join(map(str, sorted(self._torch))) or "no torch at all"
                yield rules.ORPHAN_TORCH.finding(
                    f"{count:,} {'wheels are' if count > 1 else 'wheel is'} built for {text}, "
                    f"as {self._examples[text]}, and the index holds {has}",
                    subject="torch",
                    remedy=f"add {text} to the index, or build them again for the Torch in it",
                    place=Place(file=str(self.place)),
                )


def unreadable_index(place: IndexPlace, reason: str) -> Finding:
    """Return that nothing is known of an index."""
    return rules.UNREADABLE_INDEX.finding(
        f"nothing is known of the index for {place.variant}: {reason}",
        subject="(the whole index)",
        remedy="name a folder or an http(s) URL that is there, for a variant of the settings",
        place=Place(file=str(place)),
    )


def _packages(projects: Sequence[str]) -> str:
    count, few = len(projects), ", ".join(projects[:3])
    if count <= 3:
        return few
    return f"{count:,} packages, such as {few}"
