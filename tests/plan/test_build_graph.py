"""The order of a build, from fromager's graph.json and build-order.json."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Mapping, Sequence

import pytest
from fromager.context import WorkContext
from fromager.dependency_graph import DependencyGraph

from fromager_build_tags.errors import InputError
from fromager_build_tags.plan import build_graph
from fromager_build_tags.plan.build_graph import build_levels, read_build_graph

from ..conftest import MakeContext
from ..golden.scenes import graph_of

#: ``backend`` needs ``wheel`` when it is installed: so does each build with ``backend``.
PACKAGES: Mapping[str, Mapping[str, Sequence[str]]] = {
    "wheel==1.0": {},
    "backend==1.0": {"install": ["wheel==1.0"]},
    "demo==1.0": {"build-system": ["backend==1.0"]},
    "late==1.0": {"build-sdist": ["demo==1.0"]},
    "alone==1.0": {"install": ["late==1.0", "demo==1.0"]},
}
LEVELS = {"wheel": 1, "backend": 1, "alone": 1, "demo": 2, "late": 3}


def levels(folder: pathlib.Path, *contents: object) -> dict[str, int]:
    graphs = []
    for number, content in enumerate(contents):
        file = folder / f"{number}.json"
        file.write_text(json.dumps(content))
        graphs.append(read_build_graph(file))
    return {f"{package}": level for (package, _), level in build_levels(graphs).items()}


def order(*names: str) -> list[dict[str, str]]:
    return [{"dist": name, "version": "1.0"} for name in names]


def test_a_build_needs_lower_levels_only(tmp_path: pathlib.Path) -> None:
    assert levels(tmp_path, graph_of(PACKAGES)) == LEVELS


def test_the_levels_are_the_rounds_of_fromager(
    tmp_path: pathlib.Path, make_context: MakeContext
) -> None:
    """Of ``build-parallel``, without packages that are built alone."""
    graph = DependencyGraph.from_dict(dict(graph_of(PACKAGES)))  # type: ignore[arg-type]
    ctx: WorkContext = make_context()
    rounds = graph.get_build_topology(ctx).static_batches()
    expected = {node.canonicalized_name: n for n, nodes in enumerate(rounds, 1) for node in nodes}
    assert levels(tmp_path, graph_of(PACKAGES)) == expected


def test_a_build_that_needs_itself_is_refused(tmp_path: pathlib.Path) -> None:
    """As by ``build-parallel``: its environment would contain what it builds."""
    packages = {
        "a==1.0": {"build-system": ["b==1.0"]},
        "b==1.0": {"install": ["a==1.0"]},
    }
    with pytest.raises(InputError, match=r"have a cycle: a==1\.0 → a==1\.0; "):
        levels(tmp_path, graph_of(packages))


@pytest.mark.parametrize(
    ("contents", "expected"),
    [
        ([], {}),
        ([[]], {}),
        ([order("a", "b", "a")], {"a": 1, "b": 2}),
        ([order("a", "c"), order("b", "c", "d")], {"a": 1, "b": 1, "c": 2, "d": 3}),
        ([graph_of(PACKAGES), order("late", "last")], {**LEVELS, "last": 4}),
    ],
)
def test_several_graphs_have_one_order(
    contents: list[object], expected: dict[str, int], tmp_path: pathlib.Path
) -> None:
    assert levels(tmp_path, *contents) == expected


def test_packages_that_need_each_other_are_refused(tmp_path: pathlib.Path) -> None:
    with pytest.raises(InputError) as caught:
        levels(tmp_path, order("a", "b"), order("b", "a"))
    assert str(caught.value) in {
        f"the build requirements have a cycle: {cycle}; if a build-order.json is among the "
        "graphs, use its graph.json instead"
        for cycle in ("a==1.0 → b==1.0 → a==1.0", "b==1.0 → a==1.0 → b==1.0")
    }


def test_a_long_chain_of_requirements_is_refused(tmp_path: pathlib.Path) -> None:
    chain = {f"p{n}==1.0": {"install": [f"p{n + 1}==1.0"]} for n in range(2_000)}
    chain = {"first==1.0": {"build-system": ["p0==1.0"]}, **chain, "p2000==1.0": {}}
    with pytest.raises(InputError, match=r"0\.json has a chain of requirements that is too long$"):
        levels(tmp_path, graph_of(chain))


def test_a_graph_that_takes_minutes_is_refused(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build_graph, "_MOST_STEPS", 24)
    with pytest.raises(InputError, match=r"0\.json is too large: 5 packages$"):
        levels(tmp_path, graph_of(PACKAGES))
    monkeypatch.setattr(build_graph, "_MOST_STEPS", 25)
    assert levels(tmp_path, graph_of(PACKAGES)) == LEVELS
