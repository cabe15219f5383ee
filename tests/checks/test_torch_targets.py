"""BT125: a name without a Torch segment fits a Torch with which the wheel may not load."""

from __future__ import annotations

import json
import pathlib
import types
from collections.abc import Mapping

import pytest

from fromager_build_tags.errors import PluginError
from fromager_build_tags.needs import depends_on

from ..conftest import Cli
from ..trees import HOOK, SETTINGS_FILE, write_tree

VISION = "settings/packages/torchvision.yaml"
CODEC = "settings/packages/torchcodec.yaml"
DEMO = "settings/packages/demo.yaml"
OLD, NEW = "settings/variants/cuda-old.yaml", "settings/variants/cuda-new.yaml"
TARGET = "-DTORCH_TARGET_VERSION=0x020c000000000000"
ONE_NAME = (
    "wheels of {} for Torch {} of cuda-new and for Torch {} of cuda-old have one name in the index "
    "'cuda', but "
)
UNSET = "nothing sets TORCH_TARGET_VERSION, so the headers decide which Torch a wheel needs"


@pytest.fixture
def two_overrides() -> None:
    """Use every shipped override, in place of the fixture of the same name."""


def stack(torch: str, *, cuda: str = "13.0", index: str = "index: cuda\n") -> str:
    return f'distro: el9.8\ncuda_version: "{cuda}"\ntorch_version: "{torch}"\n{index}'


#: Two variants for one index; torchvision has no Torch segment.
TREE: Mapping[str, str] = {
    SETTINGS_FILE: f"{HOOK}changelog: {{cuda-old: [a], cuda-new: [a]}}\n",
    VISION: "{}\n",
    OLD: stack("2.12.1"),
    NEW: stack("2.14.0"),
}


def messages(cli: Cli, files: Mapping[str, str | None]) -> list[str]:
    write_tree(pathlib.Path(), TREE)
    write_tree(pathlib.Path(), files)
    report = json.loads(cli("check", "--exit-zero", "--format", "json").stdout)
    return [each["message"] for each in report["findings"] if each["code"] == "BT125"]


def env(value: str, key: str = "CXXFLAGS") -> str:
    return f'env: {{{key}: "{value}"}}\n'


ON_NEW = f"variants:\n  cuda-new:\n    env: {{NVCC_APPEND_FLAGS: {TARGET}}}\n"
FAMILY = (
    "index: cuda\ndistro: el9.8\nstacks:\n"
    '  - {cuda_version: "13.0", torch_version: "2.13.0"}\n'
    '  - {cuda_version: "13.0", torch_version: "2.12.0"}\n'
)
FIRES: dict[str, tuple[Mapping[str, str | None], str]] = {
    "nothing is set": ({}, ONE_NAME.format("torchvision", "2.14.0", "2.12.1") + UNSET),
    "another variable": (
        {VISION: env("-O2")},
        ONE_NAME.format("torchvision", "2.14.0", "2.12.1") + UNSET,
    ),
    "set for the lower Torch": (
        {VISION: ON_NEW.replace("cuda-new", "cuda-old")},
        ONE_NAME.format("torchvision", "2.14.0", "2.12.1") + UNSET,
    ),
    "set too high": (
        {VISION: env(TARGET.replace("0c", "0d"))},
        ONE_NAME.format("torchvision", "2.14.0", "2.12.1")
        + "the settings set TORCH_TARGET_VERSION to 2.13, which is above Torch 2.12.1 of cuda-old",
    ),
    "set twice": (
        {VISION: f"{env(TARGET)}config_settings: {{x: [a, {TARGET.replace('0c00', '0c02')}]}}\n"},
        ONE_NAME.format("torchvision", "2.14.0", "2.12.1")
        + "the settings set TORCH_TARGET_VERSION to 2.12.2, which is above Torch 2.12.1 of "
        "cuda-old",
    ),
    "overridden by the variant": (
        {VISION: env(TARGET) + "variants: {cuda-new: {env: {CXXFLAGS: -O2}}}\n"},
        ONE_NAME.format("torchvision", "2.14.0", "2.12.1") + UNSET,
    ),
    "set too high for a package that nobody knows": (
        {VISION: None, DEMO: env("2.13", "TORCH_TARGET_VERSION")},
        ONE_NAME.format("demo", "2.14.0", "2.12.1")
        + "the settings set TORCH_TARGET_VERSION to 2.13, which is above Torch 2.12.1 of cuda-old",
    ),
    "the source targets a higher one": (
        {VISION: None, CODEC: "{}\n", OLD: stack("2.10.0")},
        ONE_NAME.format("torchcodec", "2.14.0", "2.10.0")
        + "the source sets TORCH_TARGET_VERSION to 2.11, which is above Torch 2.10.0 of cuda-old",
    ),
    "an annotation without torch": (
        {VISION: "annotations: {build-tags.depends-on: accelerator}\n"},
        ONE_NAME.format("torchvision", "2.14.0", "2.12.1") + UNSET,
    ),
    "no segment at all": (
        {VISION: "annotations: {build-tags.depends-on: none}\n", OLD: stack("2.12.1", cuda="12.9")},
        ONE_NAME.format("torchvision", "2.14.0", "2.12.1") + UNSET,
    ),
    "a family": (
        {OLD: None, NEW: FAMILY},
        "wheels of torchvision for Torch 2.13.0 of cuda-new and for Torch 2.12.0 of cuda-new have "
        f"one name in the index 'cuda', but {UNSET}",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("files", "message"), FIRES.values(), ids=FIRES)
def test_it_fires(cli: Cli, files: Mapping[str, str | None], message: str) -> None:
    assert messages(cli, files) == [message]


QUIET: dict[str, Mapping[str, str | None]] = {
    "set": {VISION: env(TARGET)},
    "set for nvcc": {VISION: env(f"-O2 {TARGET} -g", "NVCC_APPEND_FLAGS")},
    "set for a build backend": {VISION: f"config_settings: {{cmake.define.X: {TARGET}}}\n"},
    "set for the higher Torch": {VISION: ON_NEW},
    "set as a variable of another form": {VISION: env("${TARGET}", "TORCH_TARGET_VERSION")},
    "set as the build of the package reads it": {VISION: env("2_12", "TORCH_TARGET_VERSION")},
    "one Torch": {OLD: stack("2.14.0")},
    "another patch release": {OLD: stack("2.14.1")},
    "one is unknown": {OLD: stack("2.12.1").replace('torch_version: "2.12.1"\n', "")},
    "two indexes": {OLD: stack("2.12.1", index="index: old\n")},
    "no index": {OLD: stack("2.12.1", index=""), NEW: stack("2.14.0", index="")},
    "another accelerator segment": {OLD: stack("2.12.1", cuda="12.9")},
    "a Torch segment": {VISION: "annotations: {build-tags.depends-on: accelerator torch}\n"},
    "the source targets a lower one": {VISION: None, CODEC: "{}\n"},
    "not known to use the stable ABI": {
        VISION: None,
        DEMO: "annotations: {build-tags.depends-on: accelerator}\n",
    },
    "pre-built": {VISION: "variants: {cuda-new: {pre_built: true}}\n"},
    "suppressed": {VISION: 'annotations: {build-tags.ignore.BT125: "a patch"}\n'},
    "an annotation that is wrong": {VISION: "annotations: {build-tags.depends-on: tourch}\n"},
    "an invalid variant": {OLD: "distro: [el9.8]\n"},
}


@pytest.mark.parametrize("files", QUIET.values(), ids=QUIET)
def test_it_stays_quiet(cli: Cli, files: Mapping[str, str | None]) -> None:
    assert messages(cli, files) == []


def test_versions_of_a_graph_are_checked(cli: Cli, tmp_path: pathlib.Path) -> None:
    """Torchvision 0.28 has a Torch segment, 0.29 has none."""
    for version, count in {"0.28.0": 0, "0.29.0": 1}.items():
        order = json.dumps([{"dist": "torchvision", "version": version}])
        write_tree(tmp_path, {**TREE, "o.json": order})
        (tmp_path / VISION).unlink()
        arguments = ["check", "-g", "o.json", "--exit-zero", "--format", "json"]
        found = json.loads(cli(*arguments).stdout)["findings"]
        assert [each["code"] for each in found].count("BT125") == count


def test_the_target_of_an_override(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """A text that is no version is as unknown as none; an error is reported elsewhere."""
    module = types.ModuleType("demo")
    monkeypatch.setattr(
        "fromager_build_tags.checks.torch_targets.load_shipped_override", lambda _: module
    )
    assert messages(cli, {}) == []
    for target, count in {"2.12": 0, "2.13": 1, "headers": 1, "2.x": 1}.items():
        module.wheel_build_tag = depends_on("accelerator", torch_target=target)  # type: ignore[attr-defined]
        assert len(messages(cli, {})) == count

    def fail(_: str) -> None:
        raise PluginError("it does not load")

    monkeypatch.setattr("fromager_build_tags.checks.torch_targets.load_shipped_override", fail)
    assert messages(cli, {}) == []


@pytest.mark.parametrize(
    ("accelerator", "names"),
    [
        ('cuda_version: "13.0"', ["CPPFLAGS", "CXXFLAGS", "NVCC_APPEND_FLAGS"]),
        ('rocm_version: "7.1"', ["CPPFLAGS", "CXXFLAGS", "HIPCC_COMPILE_FLAGS_APPEND"]),
        ("accelerator: cpu", ["CPPFLAGS", "CXXFLAGS"]),
    ],
)
def test_the_remedy_has_the_lines_to_write(cli: Cli, accelerator: str, names: list[str]) -> None:
    """What it proposes is what the rule accepts."""
    stacks = [
        f'accelerator: {{}}\ntorch_version: "{torch}"\nindex: i\ndistro: el9.8\n'.replace(
            "accelerator: {}", accelerator
        )
        for torch in ("2.12.1", "2.14.0")
    ]
    files = {
        SETTINGS_FILE: f"{HOOK}changelog: {{a: [x], b: [x]}}\n",
        VISION: "{}\n",
        "settings/variants/a.yaml": stacks[0],
        "settings/variants/b.yaml": stacks[1],
    }
    write_tree(pathlib.Path(), files)
    [finding] = json.loads(cli("check", "--format", "json").stdout)["findings"]
    lines = ", ".join(f'{name}: "{TARGET}"' for name in names)
    assert finding["remedy"] == (
        f"write env: {{{lines}}} in the settings of torchvision, or set build-tags.depends-on to "
        "'accelerator torch'"
    )
    write_tree(pathlib.Path(), {VISION: f"env: {{{lines}}}\n"})
    assert json.loads(cli("check", "--format", "json").stdout)["findings"] == []
