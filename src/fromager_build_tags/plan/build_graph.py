"""The packages of a fromager build, and the order in which their build requirements allow it."""

from __future__ import annotations

import graphlib
import itertools
import json
import pathlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fromager.dependency_graph import DependencyGraph, DependencyNode, TrackingTopologicalSorter
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from ..errors import InputError
from ..files import read_bounded
from ..text import first_few, plain

_LARGEST: Final = 100_000_000
"""Bytes. A graph of a thousand packages has some millions."""
_MOST_STEPS: Final = 300_000_000
"""Packages times requirements. A graph of a thousand packages has ten millions."""

#: The level of each version of a package, from 1 on.
type Levels = Mapping[tuple[NormalizedName, Version], int]


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildGraph:
    """The packages of a build.

    Attributes:
        nodes: each version of a package, once.
        is_order: whether the nodes are in the order of a build: a ``build-order.json`` has no
            requirements.
    """

    file: pathlib.Path
    nodes: Sequence[DependencyNode]
    is_order: bool = False

    def requirements(self) -> Iterator[tuple[DependencyNode, Iterable[DependencyNode]]]:
        """Yield each node with the nodes that a build of it needs.

        Raises:
            InputError: that takes minutes, or a chain of requirements is too long for fromager.
        """
        if self.is_order:
            yield from zip(self.nodes, [(), *((node,) for node in self.nodes)], strict=False)
            return
        if len(self.nodes) * sum(len(node.children) for node in self.nodes) > _MOST_STEPS:
            raise InputError(f"{self.file} is too large: {len(self.nodes):,} packages")
        try:
            for node in self.nodes:
                yield node, [*node.iter_build_requirements()]
        except RecursionError:
            raise InputError(f"{self.file} has a chain of requirements that is too long") from None


def read_build_graph(file: pathlib.Path) -> BuildGraph:
    """Return the packages of fromager's ``graph.json`` or ``build-order.json``.

    Raises:
        InputError: the file is neither.
    """
    try:
        content = json.loads(read_bounded(file, largest=_LARGEST))
        nodes = dict.fromkeys(_nodes(content, file))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as err:
        no = f": it has no {err}" if isinstance(err, KeyError) else f" ({err})"
        text = f"{file} is neither fromager's graph.json nor its build-order.json"
        raise InputError(f"{text}{plain(no)}") from None
    return BuildGraph(file=file, nodes=tuple(nodes), is_order=isinstance(content, list))


def _nodes(content: Any, file: pathlib.Path) -> Iterator[DependencyNode]:
    if isinstance(content, list):  # a build order
        for entry in content:
            name = canonicalize_name(entry["dist"], validate=True)
            yield DependencyNode(name, Version(entry["version"]))
        return
    if isinstance(content, dict) and any(isinstance(each, list) for each in content.values()):
        raise InputError(
            f"{file} has the format of an older fromager: "
            f"convert it with fromager graph migrate-graph -o NEW {file}"
        )
    for node in DependencyGraph.from_dict(content).get_all_nodes():
        if node.canonicalized_name:  # the root has no name
            canonicalize_name(node.canonicalized_name, validate=True)
            yield node


def build_levels(graphs: Iterable[BuildGraph]) -> Levels:
    """Return the level of each package: its build needs packages of lower levels only.

    Wheels that several graphs contain are built once, so the levels are those of all together.

    Raises:
        InputError: packages need each other.
    """
    topology = TrackingTopologicalSorter()
    for node, required in itertools.chain.from_iterable(each.requirements() for each in graphs):
        topology.add(node, *required)
    try:
        batches = [*topology.static_batches()]
    except graphlib.CycleError as err:
        names = first_few((each.key for each in err.args[1]), 5, separator=" → ")
        raise InputError(
            f"the build requirements have a cycle: {plain(names)}; if a build-order.json is "
            "among the graphs, use its graph.json instead"
        ) from None
    return {
        (node.canonicalized_name, node.version): level
        for level, nodes in enumerate(batches, 1)
        for node in nodes
    }
