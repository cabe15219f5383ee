"""Pull requests of strangers, through every command that a CI job runs on them.

A command reads the tree, and nothing else of the machine; it imports and runs nothing of it, ends
with one error or its report, in time, and prints no text of the tree as it is.
"""

from __future__ import annotations

import json
import os
import pathlib
import re
import shutil
import site
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from ..repositories import Checkout, git
from ..test_action import ROOT, write_programs
from ..trees import GOOD, SETTINGS_FILE
from . import hostile_runner
from .hostile_trees import SECRET, TREES

pytestmark = pytest.mark.once

COMMANDS = (
    ("check",),
    ("check", "--format", "github"),
    ("lock", "--check"),
    ("review", "main", "--format", "markdown"),
    ("review", "main", "--format", "github"),
    ("review", "main", "HEAD", "--format", "json"),
    ("review", "main", "--no-lock"),
    ("bump", "main", "-m", "x", "--dry-run"),
    ("bump", "main", "-m", "x"),
)
#: A few of each kind; the others run each week.
FEW = (
    "hook in the tree",
    "link to a file outside",
    "pipe as variant",
    "name with a line end",
    "modules",
    "bare repository",
    "text in changelogs",
    "text in the lock",
)
PLACES = {"FROMAGER_SETTINGS_FILE": SETTINGS_FILE, "FROMAGER_SETTINGS_DIR": "settings/packages"}
MEMORY = 500_000_000
#: What Python and git's caller read of the machine.
SYSTEM = ("/etc/os-release", "/usr/lib/os-release", "/dev/null", "/proc/self/")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A good tree with a lock, cloned."""
    folder = tmp_path_factory.mktemp("base")
    Checkout.create(folder / "origin", GOOD)
    command = [sys.executable, "-P", "-m", "fromager_build_tags", "lock"]
    subprocess.run(command, cwd=folder / "origin", env=os.environ | PLACES, check=True)
    Checkout(folder / "origin").commit({})
    git(folder, "clone", "--quiet", f"file://{folder}/origin", "clone")
    return folder


def pull_request(base: pathlib.Path, folder: pathlib.Path, name: str) -> pathlib.Path:
    """Make a clone with a branch, whose last commit and working tree are a stranger's."""
    outside = folder / "outside"
    outside.mkdir(parents=True)
    (outside / "secret.yaml").write_text(SECRET)
    (outside / "settings.yaml").write_text(SECRET)
    root = folder / "clone"
    shutil.copytree(base / "clone", root, symlinks=True)
    git(root, "switch", "--quiet", "--create", "change")
    TREES[name](root)
    try:
        Checkout(root).commit({})
    except AssertionError:  # a submodule that is not there
        git(root, "commit", "--quiet", "--allow-empty", "--message=change")
    return root


def allowed(root: pathlib.Path) -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    folders = {
        *(paths[key] for key in ("stdlib", "platstdlib", "purelib", "platlib")),
        *site.getsitepackages(),
        sys.prefix,
        sys.base_prefix,
        str(ROOT / "src"),
        str(ROOT / "overrides"),
        str(root.parents[1] / "own"),
    }
    return (*(f"{each}/" for each in sorted(folders)), f"{root}/", *SYSTEM)


def reports(jobs: Iterable[Mapping[str, Any]], own: pathlib.Path) -> list[dict[str, Any]]:
    """Run the jobs; temporary files and caches are in a folder of their own."""
    own.mkdir()
    environ = {
        "PYTHONPATH": str(ROOT),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "TMPDIR": str(own),
        "XDG_CACHE_HOME": str(own),
    }
    done = subprocess.run(
        [sys.executable, "-P", "-m", f"{__package__}.{hostile_runner.__name__.rpartition('.')[2]}"],
        cwd=ROOT,
        env=os.environ | environ,
        input=json.dumps([*jobs]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


MARKUP = re.compile(r"<script|<b>|(?<!\\)\]\(javascript|(?<![\\`\w])@everyone")
CODE = re.compile(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)")
ANNOTATION = re.compile(
    r"::(error|warning|notice)( (file|title)=|::[0-9,]+ more findings are not shown)"
)


def has_markup(line: str) -> bool:
    """Return whether text of the tree is markup in a line of Markdown, or of HTML."""
    if line.startswith("<details><summary>"):  # no Markdown is read in there, but mentions are
        return "<script" in line or "@everyone" in line
    return MARKUP.search(CODE.sub("", line)) is not None


def wrong_output(done: Mapping[str, Any]) -> list[str]:
    """Return what no output may contain."""
    wrong = []
    format_ = done["command"][-1] if "--format" in done["command"] else "table"
    for line in f"{done['stdout']}\n{done['stderr']}".split("\n"):
        if not line.replace("\t", "").isprintable():
            wrong.append(f"control characters: {ascii(line)[:200]}")
        if line.lstrip().startswith("::") and not (format_ == "github" and ANNOTATION.match(line)):
            wrong.append(f"a command of a workflow: {line[:200]}")
        if "Traceback" in line or "SECRET" in line or "root:x:" in line:
            wrong.append(f"forbidden: {line[:200]}")
    if format_ == "markdown":
        lines = done["stdout"].splitlines()
        wrong += [f"markup: {line[:200]}" for line in lines if has_markup(line)]
    if format_ == "json" and done["status"] in {0, 1} and done["stdout"]:
        json.loads(done["stdout"])
    return wrong


def problems(report: Mapping[str, Any], root: pathlib.Path) -> list[str]:
    """Return every broken promise."""
    if "died" in report:
        return [f"the process died: {report['died']}"]
    wrong = []
    for done in report["commands"]:
        about = " ".join(done["command"])
        wrong += [f"{about}: {each}" for each in wrong_output(done)]
        if done["exception"]:
            wrong.append(f"{about}: {done['exception'][:300]}")
        if done["status"] not in {0, 1}:
            wrong.append(f"{about}: status {done['status']}: {done['stderr'][:200]}")
        if done["status"] and not (done["stdout"] or done["stderr"]):
            wrong.append(f"{about}: status {done['status']} without a word")
    wrong += [f"ran {each}" for each in report["started"] if each[0] != "git"]
    wrong += [f"connected: {each}" for each in report["connected"]]
    places = allowed(root)
    wrong += [f"opened {each}" for each in report["opened"] if not each.startswith(places)]
    inside = f"{root}/"
    wrong += [f"imported {each}" for each in report["imported"] if each.startswith(inside)]
    wrong += [f"a mark: {each}" for each in root.rglob("ran")]
    if report["memory"] > MEMORY:
        wrong.append(f"memory: {report['memory']:,} bytes")
    return wrong


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(FEW, id="few"),
        pytest.param(
            [each for each in TREES if each not in FEW], id="all", marks=pytest.mark.weekly
        ),
    ],
)
def test_commands(base: pathlib.Path, tmp_path: pathlib.Path, names: Iterable[str]) -> None:
    jobs = []
    for number, name in enumerate(names):
        root = pull_request(base, tmp_path / str(number), name)
        job = {
            "name": name,
            "folder": str(root),
            "environ": PLACES,
            "commands": COMMANDS,
            "report": str(tmp_path / f"{number}.json"),
        }
        jobs.append(job)
        if name == "bare repository":
            below = {"FROMAGER_SETTINGS_FILE": "settings.yaml", "FROMAGER_SETTINGS_DIR": "packages"}
            where = {"folder": str(root / "settings"), "environ": below}
            jobs.append(job | where | {"report": str(tmp_path / "below.json")})
    found = {}
    for job, report in zip(jobs, reports(jobs, tmp_path / "own"), strict=True):
        root = pathlib.Path(str(job["folder"]))
        root = root if (root / ".git").exists() else root.parent
        if wrong := problems(report, root):
            found[job["name"]] = wrong
    assert not found, json.dumps(found, indent=1)


@pytest.mark.nightly
@pytest.mark.parametrize("name", FEW)
def test_the_action(base: pathlib.Path, tmp_path: pathlib.Path, name: str) -> None:
    """The script of the action, whose programs are git, Python and gh."""
    root = pull_request(base, tmp_path / "x", name)
    bin_ = write_programs(tmp_path / "bin")
    variables = {
        "PATH": f"{bin_}:{os.environ['PATH']}",
        "PYTHON": str(bin_ / "python"),
        "BASE": "main",
        "GRAPH": "",
        "FAIL_ON": "error",
        "MAX_REBUILDS": "",
        "CHECK_LOCK": "true",
        "COMMENT": "true",
        "PULL_REQUEST": "7",
        "GH_TOKEN": "secret",
        "GH_LOG": str(tmp_path / "gh.log"),
        "GH_COMMENT": "",
        "GITHUB_REPOSITORY": "o/r",
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
    }
    done = subprocess.run(
        ["bash", str(ROOT / ".github/review.sh")],
        cwd=root,
        env=os.environ | PLACES | variables,
        capture_output=True,
        text=True,
        errors="surrogateescape",
        check=False,
        timeout=300,
    )
    assert done.returncode in {0, 1}, done.stdout + done.stderr
    assert [*root.rglob("ran")] == []
    log = re.sub(r"(?s)::stop-commands::(\w+)\n(.*?)\n::\1::\n", r"\2", done.stdout) + done.stderr
    lines = [line for line in log.split("\n") if not ANNOTATION.match(line)]
    assert not [line for line in lines if line.lstrip().startswith("::") or not line.isprintable()]
    assert "Traceback" not in log
    assert "SECRET" not in log
    assert "unbound variable" not in log
    summary = tmp_path / "summary.md"
    text = summary.read_text() if summary.exists() else ""
    assert not [line for line in text.splitlines() if has_markup(line)]
    assert "SECRET" not in text
