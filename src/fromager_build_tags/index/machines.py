"""Which wheel of the index of all accelerators each machine gets, before it is published."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from packaging.utils import NormalizedName

from .pool.shared_index import SharedProject
from .targets import Target, targets_of
from .wheel_variants import Driver, offered, select_variant


@dataclass(frozen=True, kw_only=True, slots=True)
class MachineChoice:
    """What uv, with its preview, selects of a project on some machines.

    Attributes:
        machines: those with the same result.
        filename: the selected wheel; "" if none fits.
    """

    project: NormalizedName
    target: Target
    machines: Sequence[Driver]
    filename: str


def choices(
    projects: Iterable[SharedProject], machines: Sequence[Driver]
) -> Iterator[MachineChoice]:
    """Yield what each machine gets of each project, for the Pythons and platforms of its wheels."""
    for project in projects:
        candidates = offered(project.listing())
        for target in targets_of(project.names):
            found: dict[str, list[Driver]] = {}
            for machine in machines:
                chosen = select_variant(candidates, target, machine)
                found.setdefault(chosen.file.filename if chosen else "", []).append(machine)
            for filename, same in found.items():
                yield MachineChoice(
                    project=project.project, target=target, machines=same, filename=filename
                )
