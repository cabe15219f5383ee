"""The tree that ``init`` writes, with the real fromager, git and shell."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping

import pytest
import yaml
from packaging.utils import parse_wheel_filename

from fromager_build_tags.stack.machine import detect

from ..repositories import git
from .environment import clean_environment
from .processes import run
from .stacks import platlib
from .venvs import Venv

pytestmark = [pytest.mark.e2e, pytest.mark.once]


def build_tags(venv: Venv, folder: pathlib.Path, *arguments: str) -> str:
    """Run the program without an option or a variable, and return what it printed."""
    done = venv.run("fromager-build-tags", *arguments, environ=clean_environment(), cwd=folder)
    return done.stdout + done.stderr


@pytest.fixture
def real_os_release(monkeypatch: pytest.MonkeyPatch) -> str:
    """The distribution of this machine, not the one that the other tests have."""
    monkeypatch.undo()
    distro = detect({}, ()).distro
    assert distro is not None
    return distro.value


def test_the_first_wheel(base_venv: Venv, tmp_path: pathlib.Path, real_os_release: str) -> None:
    """In an empty folder, with no variable and no option of fromager."""
    next_steps = build_tags(base_venv, tmp_path, "init").partition("Next:\n")[2]
    check, show, bootstrap = (line.split() for line in next_steps.splitlines())
    assert "warning" not in build_tags(base_venv, tmp_path, *check[1:], "--fail-on", "note")
    tagged = f"markupsafe-3.0.3-1_{real_os_release}"
    assert tagged in build_tags(base_venv, tmp_path, *show[1:], "--format", "json")
    base_venv.run(*bootstrap, environ=clean_environment(), cwd=tmp_path)
    downloads = tmp_path / "wheels-repo" / "downloads"
    names = {path.name for path in downloads.iterdir()}
    assert platlib(tagged) in names
    # what it is built with is pure: a number, no segment
    assert {parse_wheel_filename(name)[2] for name in names - {platlib(tagged)}} == {(1, "")}
    base_venv.run("fromager", "lint", environ=clean_environment(), cwd=tmp_path)
    assert "?" not in build_tags(base_venv, tmp_path, "lock")
    build_tags(base_venv, tmp_path, "lock", "--check")
    build_tags(base_venv, tmp_path, "verify", "wheels-repo/downloads")


@pytest.fixture
def branch(base_venv: Venv, tmp_path: pathlib.Path) -> pathlib.Path:
    """A checkout of a tree with both services, with a change on a branch of its own."""
    origin, clone = tmp_path / "origin", tmp_path / "clone"
    origin.mkdir()
    git(origin, "init", "--quiet", "--initial-branch=main")
    for arguments in (["--ci", "github", "--variant", "rocm7.1-el9.6"], ["--ci", "gitlab"]):
        build_tags(base_venv, origin, "init", *arguments)
    build_tags(base_venv, origin, "init", "--pre-commit")
    build_tags(base_venv, origin, "lock")
    git(origin, "add", "--all")
    git(origin, "commit", "--quiet", "--message=base")
    git(tmp_path, "clone", "--quiet", str(origin), str(clone))
    settings = clone / "overrides/settings.yaml"
    settings.write_text(settings.read_text() + '    - "again"\n')
    build_tags(base_venv, clone, "lock")
    git(clone, "commit", "--quiet", "--all", "--message=change")
    return clone


def run_script(venv: Venv, folder: pathlib.Path, script: str, variables: Mapping[str, str]) -> str:
    """Run a line of a CI job as the service does; ``pip`` has nothing to install."""
    shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", f"pip() {{ :; }}\n{script}"]
    environ = {**venv.activate(clean_environment()), **variables}
    return run(shell, environ=environ, cwd=folder).stdout


def test_the_job_on_github(base_venv: Venv, branch: pathlib.Path) -> None:
    text = (branch / ".github/workflows/build-tags.yml").read_text(encoding="utf-8")
    job = yaml.safe_load(text)["jobs"]["build-tags"]
    assert job["env"] == {"BASE": "origin/${{ github.base_ref }}"}
    summary = branch / "summary"
    variables = {"BASE": "origin/main", "GITHUB_STEP_SUMMARY": str(summary)}
    scripts = [step["run"] for step in job["steps"] if "run" in step]
    for script in scripts:
        run_script(base_venv, branch, script, variables)
    assert len(scripts) == 4
    assert "rocm7.1-el9.6" in summary.read_text(encoding="utf-8")
    (branch / "overrides/build-tags.lock").write_text("stale\n")
    with pytest.raises(AssertionError, match="lock file is unreadable"):
        run_script(base_venv, branch, scripts[1], variables)


def test_the_job_on_gitlab(base_venv: Venv, branch: pathlib.Path) -> None:
    [include] = yaml.safe_load((branch / ".gitlab-ci.yml").read_text())["include"]
    job = yaml.safe_load((branch / include["local"]).read_text())["build-tags"]
    base = git(branch, "merge-base", "HEAD", "origin/main")
    for script in job["script"]:
        run_script(base_venv, branch, script, {"CI_MERGE_REQUEST_DIFF_BASE_SHA": base})
    report = branch / job["artifacts"]["reports"]["codequality"]
    assert isinstance(yaml.safe_load(report.read_text()), list)


def test_the_hook_of_pre_commit(base_venv: Venv, branch: pathlib.Path) -> None:
    [repository] = yaml.safe_load((branch / ".pre-commit-config.yaml").read_text())["repos"]
    [hook] = repository["hooks"]
    assert "All checks passed" in run_script(base_venv, branch, hook["entry"], {})
