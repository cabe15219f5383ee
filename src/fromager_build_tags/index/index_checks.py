"""Checks of a whole index, and of files with one name in several indexes."""

from __future__ import annotations

import collections
from collections.abc import Collection, Iterable, Iterator
from typing import Final

from packaging.version import Version

from ..findings import rules
from ..findings.finding import Finding, Place, Rule
from ..stack.fact import Precision, segment_text
from ..tag.segment import Order
from ..text import counted, first_few
from .listing import IndexFile
from .place import IndexPlace
from .status import IndexWheel, ProjectView, highest_numbered

_SUBJECT: Final = "(index)"
_MOST_TEXTS: Final = 8
_MIXED: Final = {
    Order.DISTRIBUTION: (
        rules.MIXED_DISTRIBUTIONS,
        "keep one index for each distribution, or rebuild or prune the wheels of the older one",
    ),
    Order.ACCELERATOR: (
        rules.MIXED_ACCELERATORS,
        "keep one index for each accelerator, or rebuild or prune the wheels of the older one",
    ),
    Order.TORCH: (
        rules.MIXED_TORCH,
        "rebuild or prune the wheels of the older Torch, or keep one index for each Torch",
    ),
}


class Tally:
    """Counts the wheels of an index by their segments, project by project.

    It leaves out wheels for whose tags there is a higher build number: installers never select
    them. It counts the projects, too, whose wheels have an unknown status.

    Attributes:
        skipped: files that are neither wheels nor sdists.
        labels: the number of wheels with each variant label.
        error: why the index cannot be audited; "" if it can.
    """

    def __init__(self, place: IndexPlace, error: str = "") -> None:
        self.place = place
        self.error = error
        self.projects = 0
        self.wheels = 0
        self.skipped = 0
        self.labels: collections.Counter[str] = collections.Counter()
        self._counts: dict[Order, collections.Counter[str]] = {
            order: collections.Counter() for order in Order
        }
        self._examples: dict[str, str] = {}
        self._torch: set[Version] = set()
        self._unnumbered: list[str] = []
        self._failed: dict[str, list[str]] = {}

    def add(self, view: ProjectView) -> None:
        """Count a project."""
        self.projects += bool(view.wheels)
        self.skipped += view.files.skipped
        if view.project == "torch":
            self._torch = set(view.wheels)
        if view.is_unnumbered:
            self._unnumbered.append(view.project)
        for error in view.errors:
            self._failed.setdefault(error, []).append(view.project)
        for wheels in view.wheels.values():
            self.wheels += len(wheels)
            self.labels.update(wheel.name.label for wheel in wheels if wheel.name.label)
            if len({(wheel.build_tag, wheel.name.label) for wheel in wheels}) == 1:
                self._count(wheels[0], len(wheels))
            else:
                for wheel in highest_numbered(wheels):
                    self._count(wheel, 1)

    def _count(self, wheel: IndexWheel, times: int) -> None:
        texts = {order: wheel.name.segment(order) for order in wheel.build_tag.by_order}
        if accelerator := wheel.accelerator:
            texts[Order.ACCELERATOR] = accelerator
        for order, text in texts.items():
            if text:
                self._counts[order][text] += times
                self._examples.setdefault(text, wheel.file.filename)

    def findings(self) -> Iterator[Finding]:
        """Yield the findings about the index, after every project is counted."""
        if self.error:
            yield self._finding(
                rules.UNREADABLE_INDEX,
                f"the index for {self.place.label} cannot be audited: {self.error}",
                "use an existing folder or http(s) URL, and a variant and stack of the settings",
            )
        elif not self.wheels:
            yield self._finding(
                rules.EMPTY_INDEX,
                "the index has no wheels",
                "check the folder or URL; the URL of a simple API usually ends in /simple/",
            )
        for order, (rule, remedy) in _MIXED.items():
            counts = self._counts[order].most_common()
            texts = [f"{text} ({n:,}, such as {self._examples[text]})" for text, n in counts]
            is_intended = order is Order.ACCELERATOR and bool(self.labels)
            if len(texts) > 1 and not is_intended:
                kinds = first_few(texts, _MOST_TEXTS)
                yield self._finding(rule, f"the index has wheels for {kinds}", remedy)
        yield from self._orphans()
        yield from self._unknown()

    def _finding(self, rule: Rule, message: str, remedy: str, subject: str = _SUBJECT) -> Finding:
        place = Place(file=str(self.place))
        return rule.finding(message, subject=subject, remedy=remedy, place=place)

    def _unknown(self) -> Iterator[Finding]:
        for error, projects in sorted(self._failed.items()):
            yield self._finding(
                rules.UNKNOWN_TAGS,
                f"build tags of {first_few(projects)} cannot be computed: {error}",
                "fix this error; until then, the status of their wheels is unknown",
            )
        if self._unnumbered:
            yield self._finding(
                rules.NO_CHANGELOG_ENTRY,
                f"no changelog entry for {first_few(self._unnumbered)}: the status of their "
                "wheels is unknown",
                f"add one to changelog.{self.place.variant} of the settings, or to each package's "
                "file: without one, fromager assigns no build number",
            )

    def _orphans(self) -> Iterator[Finding]:
        held = {segment_text(each, precision) for each in self._torch for precision in Precision}
        for text, count in sorted(self._counts[Order.TORCH].items()):
            if text.removeprefix("torch") not in held:
                versions = ", ".join(map(str, sorted(self._torch)))
                has = f"torch {versions}" if versions else "no torch"
                verb = "is" if count == 1 else "are"
                yield self._finding(
                    rules.ORPHAN_TORCH,
                    f"{counted(count, 'wheel')} {verb} built for {text}, such as "
                    f"{self._examples[text]}, but the index has {has}",
                    f"add {text} to the index, or rebuild the wheels for the Torch in it",
                    "torch",
                )


def check_contents(
    files: Iterable[tuple[int, IndexFile]],
) -> Iterator[tuple[Collection[int], Finding]]:
    """Yield the wheels *of one project* that have the same name and different contents.

    A file on this machine is hashed only if another file has its name.

    Args:
        files: each with the number of its index.

    Yields:
        The numbers of the indexes that a finding concerns, and the finding.
    """
    files = list(files)
    if len({file.filename for _, file in files}) == len(files):
        return
    by_name: dict[str, list[tuple[int, IndexFile]]] = {}
    for each in files:
        by_name.setdefault(each[1].filename, []).append(each)
    for name, same in by_name.items():
        by_hash: dict[str, IndexFile] = {}
        for _, file in same if len(same) > 1 else ():
            by_hash.setdefault(file.read_sha256(), file)
        hashes = sorted(each for each in by_hash.items() if each[0])
        if len(hashes) > 1:
            contents = [f"{sha256[:12]}… in {file.location}" for sha256, file in hashes]
            yield (
                {number for number, _ in same},
                rules.DIFFERENT_CONTENT.finding(
                    f"{name} has {len(hashes)} different contents: {', '.join(contents)}",
                    subject=same[0][1].project,
                    remedy="keep one of them: a lock file with its hash rejects the others",
                    place=Place(file=hashes[0][1].location),
                ),
            )
