"""The shipped settings in the current folder, and the command line on them."""

from __future__ import annotations

import pathlib
import shutil
from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from fromager_build_tags.commands import main
from fromager_build_tags.plan import scope

SETTINGS = pathlib.Path(__file__).parents[2] / "settings"

type Run = Callable[..., Result]


@pytest.fixture
def tree(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """A copy of the shipped settings, in the current folder."""
    shutil.copytree(SETTINGS, tmp_path / "settings")
    monkeypatch.chdir(tmp_path)
    two = {name: scope.shipped_overrides()[name] for name in ("torch", "flash_attn")}
    monkeypatch.setattr(scope, "shipped_overrides", lambda: two)
    return tmp_path / "settings"


@pytest.fixture
def run(tree: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("FROMAGER_SETTINGS_FILE", "settings/settings.yaml")
    monkeypatch.setenv("FROMAGER_SETTINGS_DIR", "settings/packages")
    monkeypatch.setenv("FROMAGER_VARIANT", "rocm")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tree.parent / "cache"))

    def invoke(*args: str, status: int = 0) -> Result:
        result = CliRunner().invoke(main, args)
        assert result.exit_code == status, result.output
        return result

    return invoke
