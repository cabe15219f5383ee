"""The versions that each stack needs, by the graphs of its builds, and their build tags."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from packaging.utils import NormalizedName
from packaging.version import Version

from ...errors import BuildTagError, explain_error
from ...plan.build_graph import BuildGraph
from ...plan.model import PlannedTag, Wanted
from ...plan.planner import plan
from ...stack.key import StackKey, short_name
from ...stack.stack import Stack
from ..expected import Expectations
from ..place import IndexPlace
from .job import JobStack

type _Versions = dict[NormalizedName, set[Version]]


@dataclass(frozen=True, slots=True)
class StackNeeds:
    """The versions that each stack needs.

    Attributes:
        failures: why stacks are missing.
    """

    expectations: Expectations
    failures: list[str] = field(default_factory=list)
    _needed: dict[tuple[str, StackKey], tuple[Stack, _Versions]] = field(default_factory=dict)

    def add(self, place: IndexPlace, graph: BuildGraph) -> None:
        """Add the packages of a graph to the stacks of its place, in the order of the calls."""
        try:
            loaded = self.expectations.load(place)
        except BuildTagError as err:
            self.failures.append(explain_error(err))
            return
        for stack in self.expectations.stacks_of(loaded):
            _, versions = self._needed.setdefault((loaded.variant, stack.key), (stack, {}))
            for node in graph.nodes:
                versions.setdefault(node.canonicalized_name, set()).add(node.version)

    def versions(self) -> Mapping[NormalizedName, set[Version]]:
        """Return the versions that any stack needs."""
        found: _Versions = {}
        for _, versions in self._needed.values():
            for package, several in versions.items():
                found.setdefault(package, set()).update(several)
        return found

    def planned(self) -> Iterator[tuple[JobStack, Sequence[PlannedTag]]]:
        """Yield each stack with the build tags of its wheels."""
        for (variant, key), (stack, versions) in self._needed.items():
            keys = self.expectations.keys(variant)
            name = f"{variant}:{short_name(key, keys)}" if len(keys) > 1 else variant
            wanted = [
                Wanted(package=package, versions=tuple(sorted(versions[package])))
                for package in sorted(versions)
            ]
            tags = plan(self.expectations.tree.on(variant), [stack], wanted)
            yield JobStack(variant, key, name), tags
