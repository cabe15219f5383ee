"""Installing this project changes nothing but build tags: fromager's own tests don't see it."""

from __future__ import annotations

import pathlib
import shutil
import subprocess
import tarfile
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from typing import Final
from xml.etree import ElementTree

import pytest

from .environment import clean_environment
from .factories import MakeVenv
from .venvs import Venv

pytestmark = [pytest.mark.e2e, pytest.mark.nightly]

#: What fromager's tests import beyond fromager (its extra ``test``, without the reporters).
_REQUIREMENTS: Final = (
    *("pytest", "requests-mock", "spdx-tools", "twine"),
    *("hatchling", "hatch-vcs", "setuptools-scm"),
)

#: It compares fromager's commands with a list of its own, so it fails beside any distribution
#: that adds a command: this one adds ``fromager build-tags``, on purpose.
_LIST_OF_COMMANDS: Final = "tests.test_cli::test_registered_eps"

type Outcomes = dict[str, str]


@pytest.fixture
def source_tree(make_venv: MakeVenv, tmp_path: pathlib.Path) -> pathlib.Path:
    """fromager's sdist, unpacked; pip is the one that downloads sdists."""
    pin = f"fromager=={metadata.version('fromager')}"
    command = ("download", "--no-deps", "--no-binary", "fromager", "--dest", tmp_path, pin)
    make_venv("pip").run("pip", *command, environ=clean_environment(), cwd=tmp_path)
    (sdist,) = tmp_path.glob("fromager-*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    return tmp_path / sdist.name.removesuffix(".tar.gz")


def test_the_outcomes_are_the_same_with_this_project_installed(
    source_tree: pathlib.Path, make_venv: MakeVenv, project_wheel: pathlib.Path
) -> None:
    without = make_venv("fromager", *_REQUIREMENTS)
    beside = make_venv("fromager", *_REQUIREMENTS, project_wheel)
    with ThreadPoolExecutor(2) as pool:
        expected, outcomes = pool.map(_run_tests, (without, beside), (source_tree, source_tree))
    assert list(expected.values()).count("passed") > 500
    differing = dict(outcomes.items() - expected.items())
    assert outcomes.keys() == expected.keys()
    assert differing == {_LIST_OF_COMMANDS: "failure"}
    assert _commands(beside) - _commands(without) == {"build-tags"}


def _run_tests(venv: Venv, tree: pathlib.Path) -> Outcomes:
    """Run fromager's tests in a copy of its *tree*, and return their outcomes."""
    report, tests = venv.folder / "report.xml", venv.folder / "tree"
    shutil.copytree(tree, tests)
    done = subprocess.run(
        [venv.python, "-m", "pytest", "-o", "addopts=", "--junit-xml", report, "tests"],
        env=venv.activate(clean_environment()),
        cwd=tests,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert report.exists(), done.stdout + done.stderr
    return {
        f"{case.get('classname')}::{case.get('name')}": _outcome(case)
        for case in ElementTree.parse(report).iter("testcase")
    }


def _outcome(case: ElementTree.Element) -> str:
    """Return the outcome of a case in a JUnit report: its first child, if it did not pass."""
    return next((child.tag for child in case if child.tag in _NOT_PASSED), "passed")


def _commands(venv: Venv) -> set[str]:
    """Return the commands that fromager lists."""
    script = "from fromager.commands import commands; print(*[each.name for each in commands])"
    done = venv.run("python", "-c", script, environ=clean_environment(), cwd=venv.folder)
    return set(done.stdout.split())


_NOT_PASSED: Final = {"failure", "error", "skipped"}
