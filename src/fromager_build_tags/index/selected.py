"""The files of a project that pip and uv select, for each Python and platform."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from packaging.version import Version

from .listing import IndexFile, ListedProject
from .select import select_newest, select_pinned
from .status import IndexWheel
from .targets import Installer, Target, targets_of
from .wheel_variants import Driver, offered, select_variant


@dataclass(frozen=True, kw_only=True, slots=True)
class Selected:
    """A wheel or sdist that installers select.

    Attributes:
        index: its path, or its URL without credentials.
        installers: pip and uv, or the one of them that selects it.
        driver: of the machine on which uv selects it with its preview; None for any machine.
    """

    index: str
    file: IndexFile
    version: Version
    target: Target
    installers: Sequence[str]
    driver: Driver | None = None


def files_of(listed: ListedProject) -> Sequence[IndexWheel]:
    """Return the wheels by version, then the sdists, and the wheels for uv alone."""
    return offered(listed.files)


def select_files(
    found: Mapping[str, Sequence[IndexWheel]],
    targets: Sequence[Target],
    *,
    all_versions: bool,
    drivers: Sequence[Driver] = (),
) -> Iterator[Selected]:
    """Yield the selection from the files of a project in each index.

    Args:
        found: the files by the index's place; uv selects from the first index alone.
        targets: by default, those of the wheels' names.
        all_versions: select from each version, not only the newest one.
        drivers: the machines on which uv selects labelled wheels, too.
    """
    every = [*itertools.chain.from_iterable(found.values())]
    first = next(iter(found.values()), [])
    places = {each: place for place, files in found.items() for each in files}
    for pin in sorted({each.name.version for each in every}) if all_versions else [None]:
        names = (each.name for each in every if pin in {None, each.name.version})
        for target in targets or targets_of(names):
            by_file = _by_file({Installer.PIP: every, Installer.UV: first}, pin, target)
            rows: list[tuple[IndexWheel, Sequence[str], Driver | None]] = [
                *((each, installers, None) for each, installers in by_file.items()),
                *_by_driver(first, pin, target, drivers),
            ]
            for each, installers, driver in rows:
                yield Selected(
                    index=places[each],
                    file=each.file,
                    version=pin or each.name.version,
                    target=target,
                    installers=installers,
                    driver=driver,
                )


def _by_driver(
    files: Sequence[IndexWheel], pin: Version | None, target: Target, drivers: Iterable[Driver]
) -> Iterator[tuple[IndexWheel, Sequence[str], Driver]]:
    for driver in drivers:
        if best := select_variant(files, target, driver, pin=pin):
            yield best, [Installer.UV.value], driver


def _by_file(
    offered: Mapping[Installer, Sequence[IndexWheel]], pin: Version | None, target: Target
) -> Mapping[IndexWheel, Sequence[str]]:
    """Return the selected files, each with the installers that select it."""
    by_file: dict[IndexWheel, list[str]] = {}
    for installer, files in offered.items():
        choose = partial(select_pinned, version=pin) if pin else select_newest
        if first := choose(files, target=target, installer=installer):
            by_file.setdefault(first, []).append(installer.value)
    return by_file
