"""Loading a settings tree, and the reasons why fromager cannot."""

from __future__ import annotations

import pathlib

import pytest
from fromager.packagesettings import Settings

from fromager_build_tags.errors import SettingsError
from fromager_build_tags.settings import tree

from ..trees import GOOD, SETTINGS_FILE, write_tree


def test_no_settings_file_is_not_broken(tmp_path: pathlib.Path) -> None:
    assert tree.broken_settings_file(tmp_path / "settings.yaml") == ""


def test_a_failure_that_no_file_explains(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: object) -> Settings:
        raise RuntimeError("a new kind of failure")

    write_tree(tmp_path, GOOD)
    monkeypatch.setattr(Settings, "from_files", fail)
    with pytest.raises(SettingsError, match=r"^fromager cannot load the settings$") as caught:
        tree.load_settings_tree(
            settings_file=tmp_path / SETTINGS_FILE,
            settings_dir=tmp_path / "settings/packages",
            patches_dir=tmp_path / "patches",
            variant="rocm",
        )
    assert str(caught.value.__cause__) == "a new kind of failure"
