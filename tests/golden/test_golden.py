"""Reviews, each a folder: ``base/``, ``head/``, and ``expected/`` with the output of each format.

To add a case, add a folder with ``base/`` and ``head/``, each a ``settings`` tree, and run

    REGENERATE_GOLDEN=1 pytest tests/golden

The outputs hold no path of this machine: ``review base head`` runs in a copy of the folder.
"""

from __future__ import annotations

import json
import pathlib
import shutil

import pytest

from fromager_build_tags.report.review_report import REVIEWS

from ..conftest import Cli
from ..sarif import validate

HERE = pathlib.Path(__file__).parent
CASES = sorted(path.parent.name for path in HERE.glob("*/head"))
SUFFIXES = {"table": "txt", "markdown": "md", "github": "txt", "sarif": "sarif"}


@pytest.fixture
def case(name: str, tmp_path: pathlib.Path) -> pathlib.Path:
    """A copy of a case, in the folder where commands run."""
    shutil.copytree(HERE / name, tmp_path, dirs_exist_ok=True)
    return tmp_path


def file_of(format_: str) -> str:
    return f"{format_}.{SUFFIXES.get(format_, 'json')}"


def test_there_are_cases() -> None:
    assert len(CASES) >= 6
    assert {path.parent.name for path in HERE.glob("*/base")} == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_a_case(case: pathlib.Path, name: str, cli: Cli, regenerate: bool) -> None:
    outputs = {
        file_of(format_): cli("review", "base", "head", "--exit-zero", "--format", format_).stdout
        for format_ in REVIEWS
    }
    outputs["status.txt"] = f"{status(cli)}\n"
    if regenerate:
        folder = HERE / name / "expected"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for file, text in outputs.items():
            (folder / file).write_text(text, encoding="utf-8")
        pytest.skip("its expectations are written anew")
    expected = {
        path.name: path.read_text(encoding="utf-8") for path in (case / "expected").iterdir()
    }
    assert outputs == expected


def status(cli: Cli) -> int:
    """Return the exit status with ``--detailed-exitcode``, whatever it is."""
    for number in (0, 1, 3):
        try:
            cli("review", "base", "head", "--detailed-exitcode", status=number)
        except AssertionError:
            continue
        return number
    raise AssertionError("no exit status that is documented")


@pytest.mark.parametrize("name", CASES)
def test_what_is_expected_is_valid(name: str) -> None:
    expected = HERE / name / "expected"
    validate(json.loads((expected / "sarif.sarif").read_text(encoding="utf-8")))
    for issue in json.loads((expected / "gitlab.json").read_text(encoding="utf-8")):
        assert issue.keys() == {"description", "check_name", "fingerprint", "severity", "location"}
        assert issue["severity"] in {"info", "minor", "major", "critical", "blocker"}
        assert issue["location"].keys() == {"path", "lines"}
    for line in (expected / "github.txt").read_text(encoding="utf-8").splitlines():
        assert line.startswith(("::error ", "::warning ", "::notice "))


@pytest.mark.parametrize("name", CASES)
def test_nothing_of_this_machine_is_expected(name: str) -> None:
    for path in (HERE / name / "expected").iterdir():
        text = path.read_text(encoding="utf-8")
        assert "/tmp" not in text
        assert str(HERE.parent) not in text
        assert "build-tags-" not in text.replace("fromager-build-tags", "")
