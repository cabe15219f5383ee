"""Metadata, workflows and hooks of this repository agree with each other."""

from __future__ import annotations

import pathlib
import re
import subprocess
import tomllib
from typing import Any, Final

import pytest
import yaml

ROOT: Final = pathlib.Path(__file__).parent.parent
PYPROJECT: Final = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT: Final = PYPROJECT["project"]
WORKFLOWS: Final = ROOT / ".github/workflows"
#: Everything that may use an action, or shows others how to.
USERS: Final = [
    *sorted(WORKFLOWS.glob("*.yml")),
    ROOT / "action.yml",
    *sorted((ROOT / "src/fromager_build_tags/add/templates").glob("*.yaml")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
_OWN_ACTION: Final = re.compile(r"fromager-build-tags/fromager-build-tags@([0-9a-f]{40})  # .+")
_USES: Final = re.compile(r"^\s*-?\s*uses: (.*)$", re.MULTILINE)


def workflow(name: str) -> Any:
    return yaml.safe_load((WORKFLOWS / name).read_text(encoding="utf-8"))


def test_the_version_comes_from_the_tag() -> None:
    assert PROJECT["dynamic"] == ["version"]
    assert "version" not in PROJECT


def test_each_address_is_of_one_project() -> None:
    source = PROJECT["urls"]["Source"]
    assert sorted(PROJECT["urls"]) == ["Changelog", "Documentation", "Homepage", "Issues", "Source"]
    owner, name = source.removeprefix("https://github.com/").split("/")
    assert PROJECT["urls"] == {
        "Homepage": source,
        "Documentation": f"https://{owner}.github.io/{name}",
        "Source": source,
        "Changelog": f"{source}/blob/main/CHANGELOG.md",
        "Issues": f"{source}/issues",
    }


def test_every_python_of_the_metadata_is_tested() -> None:
    prefix = "Programming Language :: Python :: 3."
    declared = [name.removeprefix(prefix) for name in PROJECT["classifiers"] if prefix in name]
    assert declared == ["12", "13", "14"]
    matrix = workflow("tests.yml")["jobs"]["tests"]["strategy"]["matrix"]["python"]
    assert matrix == [f"3.{minor}" for minor in declared]


def test_the_license_is_an_spdx_expression() -> None:
    assert PROJECT["license"] == "Apache-2.0"
    assert not [name for name in PROJECT["classifiers"] if name.startswith("License")]


@pytest.mark.parametrize("path", USERS, ids=lambda path: str(path.relative_to(ROOT)))
def test_each_action_is_pinned_by_its_hash(path: pathlib.Path) -> None:
    """A tag can be moved to other code; the comment has the version, which Dependabot updates."""
    for reference in _USES.findall(path.read_text(encoding="utf-8")):
        assert re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+", reference) or (
            _OWN_ACTION.fullmatch(reference)
        )


def test_the_pinned_commit_of_our_action_has_its_inputs() -> None:
    page = (ROOT / "docs/how-to/github.md").read_text(encoding="utf-8")
    [commit] = _OWN_ACTION.findall(page)
    command = ["git", "-C", str(ROOT), "show", f"{commit}:action.yml"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip("this is no clone with its history")
    now = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    assert yaml.safe_load(done.stdout)["inputs"].keys() == now["inputs"].keys()


def test_only_the_job_that_publishes_gets_a_token() -> None:
    jobs = workflow("release.yml")["jobs"]
    assert workflow("release.yml")["permissions"] == workflow("tests.yml")["permissions"] == {}
    assert jobs["build"]["permissions"] == {"contents": "read"}
    publish = jobs["publish"]
    assert publish["permissions"] == {"id-token": "write"}
    assert publish["environment"] == "release"
    assert publish["needs"] == "build"
    assert not [step for step in publish["steps"] if "run" in step]
    for job in workflow("tests.yml")["jobs"].values():
        assert job["permissions"] == {"contents": "read"}


def test_pre_commit_uses_the_pinned_tools() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    constraints = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    for repository in config["repos"]:
        if repository["repo"] != "local":
            assert re.fullmatch("[0-9a-f]{40}", repository["rev"])
            continue
        for hook in repository["hooks"]:
            tool = hook["entry"].split()[0].replace("lint-imports", "import-linter")
            assert f"\n{tool}==" in constraints
            assert any(tool in need for need in PYPROJECT["dependency-groups"]["lint"])
