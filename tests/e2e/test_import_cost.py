"""fromager imports the hook with its settings: importing it has to cost next to nothing."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Mapping
from typing import Any, Final, cast

import pytest

from .venvs import Venv

pytestmark = pytest.mark.e2e

_IMPORT: Final = """\
import json, sys

opened = []
sys.addaudithook(lambda event, args: event == "open" and opened.append(str(args[0])))
import fromager_build_tags.hooks
print(json.dumps({"opened": opened, "modules": sorted(sys.modules)}))
"""
_CODE: Final = (".py", ".pyc", ".so")


@pytest.fixture(scope="module")
def imported(
    base_venv: Venv, offline: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, Any]:
    """What a fresh process opened and imported; ``-B`` keeps it from writing bytecode."""
    cwd = tmp_path_factory.mktemp("import-cost")
    done = base_venv.run("python", "-B", "-c", _IMPORT, environ=offline, cwd=cwd)
    return cast(Mapping[str, Any], json.loads(done.stdout))


def test_it_opens_nothing_but_code(imported: Mapping[str, Any]) -> None:
    opened = [pathlib.Path(name) for name in imported["opened"]]
    assert "hooks" in {path.name.partition(".")[0] for path in opened}
    assert [path for path in opened if path.suffix not in _CODE] == []


@pytest.mark.parametrize("module", ["click", "rich", "pydantic", "yaml"])
def test_it_does_not_import(module: str, imported: Mapping[str, Any]) -> None:
    assert "fromager_build_tags.hooks" in imported["modules"]
    assert module not in imported["modules"]
