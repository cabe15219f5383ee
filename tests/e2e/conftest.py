"""The real fromager, in the version that runs the tests, with stand-ins for big packages.

They stand in since compiling Torch takes hours and a GPU toolkit, which a test cannot have.
"""

from __future__ import annotations

import functools
import itertools
import pathlib
from collections.abc import Iterator, Mapping

import pytest

from .environment import offline_environment
from .factories import Bootstrapped, MakeVenv, MakeWorkspace
from .index import serve, write_index
from .project import build_wheel, copy_project
from .sharing import made_once
from .stacks import ALL_STACKS, ExampleStack
from .venvs import Venv, running_versions
from .workspaces import Workspace, copy_settings


@pytest.fixture(scope="session")
def project_tree(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A copy of the source tree: a build writes into its folder."""
    return copy_project(tmp_path_factory.mktemp("project") / "tree")


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> pathlib.Path:
    """A folder of this test run that all its worker processes share."""
    own = tmp_path_factory.getbasetemp()
    return own if worker_id == "master" else own.parent


@pytest.fixture(scope="session")
def project_wheel(shared_folder: pathlib.Path) -> pathlib.Path:
    """The wheel of this project, built once for all workers."""
    [wheel] = made_once(shared_folder / "project-wheel", build_wheel).glob("*.whl")
    return wheel


@pytest.fixture(scope="session")
def make_venv(tmp_path_factory: pytest.TempPathFactory) -> MakeVenv:
    """A function that installs requirements, at the running versions, in a new venv."""
    root = tmp_path_factory.mktemp("venvs")
    constraints = root / "constraints.txt"
    constraints.write_text(running_versions(), encoding="utf-8")

    numbers = itertools.count()

    def make(*requirements: str | pathlib.Path) -> Venv:
        venv = Venv.create(root / f"venv{next(numbers)}")
        if requirements:
            venv.install("--constraints", constraints, *requirements)
        return venv

    return make


@pytest.fixture(scope="session")
def base_venv(make_venv: MakeVenv, project_wheel: pathlib.Path) -> Venv:
    """fromager and this project, and nothing else that plugs into fromager."""
    return make_venv("fromager", project_wheel)


@pytest.fixture(scope="session")
def offline(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """An environment that reaches nothing but loopback."""
    return offline_environment(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def index_urls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """One simple index of sdists for each stack, by variant."""
    root = tmp_path_factory.mktemp("index")
    for stack in ALL_STACKS:
        write_index(root / stack.variant / "simple", stack.stand_ins)
    with serve(root) as url:
        yield {stack.variant: f"{url}/{stack.variant}/simple" for stack in ALL_STACKS}


@pytest.fixture(scope="session")
def make_workspace(
    tmp_path_factory: pytest.TempPathFactory,
    index_urls: Mapping[str, str],
    base_venv: Venv,
    offline: Mapping[str, str],
) -> MakeWorkspace:
    """A function that makes an empty workspace for a stack."""

    def make(stack: ExampleStack, venv: Venv = base_venv) -> Workspace:
        folder = tmp_path_factory.mktemp(f"{stack.variant}-workspace")
        workspace = Workspace(folder=folder, stack=stack, venv=venv, environ=offline)
        names = [stand_in.import_name for stand_in in stack.stand_ins]
        copy_settings(workspace.settings, names, index_urls[stack.variant])
        return workspace

    return make


@pytest.fixture(scope="session")
def bootstrapped(make_workspace: MakeWorkspace) -> Bootstrapped:
    """The workspace in which everything for a stack was bootstrapped: copy it, do not change it."""

    @functools.cache
    def bootstrap(stack: ExampleStack) -> Workspace:
        workspace = make_workspace(stack)
        workspace.fromager("bootstrap", *stack.requirements)
        return workspace

    return bootstrap
