"""Loading a settings tree, and the reasons why fromager cannot."""

from __future__ import annotations

import os
import pathlib
import re

import pytest
from fromager.context import WorkContext
from fromager.packagesettings import Settings
from fromager.packagesettings._models import WheelSettings

from fromager_build_tags import hooks
from fromager_build_tags.errors import SettingsError
from fromager_build_tags.settings import tree
from fromager_build_tags.settings.context import lowest_torch_of
from fromager_build_tags.settings.hook import HOOK

from ..trees import GOOD, SETTINGS, SETTINGS_FILE, write_tree


def test_no_settings_file_is_not_broken(tmp_path: pathlib.Path) -> None:
    assert tree.broken_settings_file(tmp_path / "settings.yaml") == ""


def load(root: pathlib.Path) -> tree.SettingsTree:
    return tree.load_settings_tree(
        settings_file=root / SETTINGS_FILE,
        settings_dir=root / "settings/packages",
        patches_dir=root / "patches",
        variant="rocm",
    )


def test_a_failure_that_no_file_explains(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: object) -> WorkContext:
        raise RuntimeError("a new kind of failure")

    write_tree(tmp_path, GOOD)
    monkeypatch.setattr(tree, "WorkContext", fail)
    with pytest.raises(SettingsError, match=r"^fromager cannot load the settings$") as caught:
        load(tmp_path)
    assert str(caught.value.__cause__) == "a new kind of failure"


LEGACY = "packages: {}\npre_built: {}\nchangelog:\n"
FOREIGN = SETTINGS.replace("fromager_build_tags.hooks:build_tag_hook", "os.path:basename")


@pytest.mark.parametrize("content", [SETTINGS, "", LEGACY, FOREIGN, f"{FOREIGN}sbom: {{}}\n"])
def test_the_settings_are_those_that_fromager_loads(tmp_path: pathlib.Path, content: str) -> None:
    """Fromager itself imports the hook: that is the only difference."""
    write_tree(tmp_path, {**GOOD, SETTINGS_FILE: content})
    expected = Settings.from_files(
        settings_file=tmp_path / SETTINGS_FILE,
        settings_dir=tmp_path / "settings/packages",
        patches_dir=tmp_path / "patches",
        variant="rocm",
        max_jobs=None,
    )
    settings, loaded = load(tmp_path).settings, expected._settings
    assert settings._package_settings == expected._package_settings
    if loaded.wheels and loaded.wheels.build_tag_hook is os.path.basename:
        assert settings.build_tag_hook is None
        loaded = loaded.model_copy(update={"wheels": WheelSettings()})
    assert settings._settings == loaded


@pytest.mark.parametrize(
    ("wheels", "hook", "is_ours"),
    [
        ("{}", "", False),
        ("", "", False),
        ("{build_tag_hook: }", "", False),
        (f"{{build_tag_hook: '{HOOK}'}}", HOOK, True),
        ("{build_tag_hook: ' fromager_build_tags.hooks.build_tag_hook '}", ..., True),
        ("{build_tag_hook: 'fromager_build_tags.hooks:run_hooks'}", ..., False),
        ("{build_tag_hook: 'os:system'}", "os:system", False),
        ("{build_tag_hook: &a 'not an import string'}", "not an import string", False),
        ("{build_tag_hook: !!str os}", "os", False),
        ("&w {<<: {build_tag_hook: 'os:system'}}", "os:system", False),
    ],
)
def test_the_hook_is_a_text(
    tmp_path: pathlib.Path, wheels: str, hook: object, is_ours: bool
) -> None:
    write_tree(tmp_path, {**GOOD, SETTINGS_FILE: f"wheels: {wheels}\n"})
    found = load(tmp_path)
    assert hook in {..., found.hook.text}
    assert found.hook.is_ours == is_ours
    assert (found.settings.build_tag_hook is hooks.build_tag_hook) == is_ours


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("wheels: {build_tag_hook: 5}", "Input should be callable"),
        ("wheels: {build_tag_hook: ['os:system']}", "Input should be callable"),
        ("wheels: 'os:system'", "wheels: 'os:system' is refused"),
        ("build_tag_hook: 'os:system'", "unknown key 'build_tag_hook'"),
        ("wheels: {build_tag_hooks: 'os:system'}", "unknown key 'wheels.build_tag_hooks'"),
    ],
)
def test_a_hook_of_another_type_or_place_is_refused(
    tmp_path: pathlib.Path, content: str, message: str
) -> None:
    write_tree(tmp_path, {**GOOD, SETTINGS_FILE: content})
    with pytest.raises(SettingsError, match=re.escape(message)):
        load(tmp_path)


FAMILY = """
distro: el9.8
stacks:
  - {cuda_version: "13.0", torch_version: "2.13.0"}
  - {cuda_version: "12.9", torch_version: "2.11.0"}
"""


@pytest.mark.parametrize(
    ("files", "variables", "lowest"),
    [
        ({}, {}, "Torch 2.9.1 of rocm"),
        ({"cuda": FAMILY}, {}, "Torch 2.9.1 of rocm"),
        ({"cuda": FAMILY, "rocm": ""}, {}, "Torch 2.11.0 of cuda"),
        ({"rocm": ""}, {}, "None"),
        ({"rocm": "torch_version: [2.9]\n"}, {}, "None"),
        ({"cuda13.0-torch2.9-ubi9": ""}, {}, "Torch 2.9 of cuda13.0-torch2.9-ubi9"),
        ({}, {"WHEEL_BUILD_TAG_TORCH_VERSION": "2.8.0"}, "Torch 2.8.0 of rocm"),
    ],
    ids=["one", "family is higher", "family", "none", "invalid", "name", "variable"],
)
def test_the_lowest_torch_of_all_stacks(
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    files: dict[str, str],
    variables: dict[str, str],
    lowest: str,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    variants = {f"settings/variants/{name}.yaml": text for name, text in files.items()}
    write_tree(tmp_path, {**GOOD, **variants})
    assert str(lowest_torch_of(load(tmp_path).ctx)) == lowest
