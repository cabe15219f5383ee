"""The tag is a function of explicit, declared and detected facts, and of nothing else."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Mapping

import pytest

from .factories import MakeVenv
from .plugins import global_hook
from .probing import Probe
from .stacks import ROCM
from .venvs import Venv

pytestmark = pytest.mark.e2e

#: As platlib wheels, all four of them.
BUILD_TAGS = {
    pin: "2_el9.6" if pin.startswith("fromager") else ROCM.build_tags[pin.partition("==")[0]]
    for pin in ROCM.requirements
}


@pytest.fixture
def probe(base_venv: Venv, offline: Mapping[str, str], tmp_path: pathlib.Path) -> Probe:
    return Probe(venv=base_venv, stack=ROCM, environ=offline, cwd=tmp_path)


@pytest.mark.parametrize(
    "variables",
    [
        {"PYTHONHASHSEED": "0"},
        {"PYTHONHASHSEED": "1"},
        {"PYTHONHASHSEED": "4294967295"},
        {"LC_ALL": "C"},
        {"LC_ALL": "tr_TR.UTF-8"},
        {"TZ": "Pacific/Kiritimati"},
        {"CUDA_VERSION": "12.9.1"},
        {"LANG": "de_DE.ISO-8859-1", "PYTHONUTF8": "0"},
    ],
    ids=str,
)
def test_the_environment_never_shows(variables: dict[str, str], probe: Probe) -> None:
    assert probe.ask(variables=variables).build_tags == [BUILD_TAGS]


def test_the_current_folder_never_shows(probe: Probe, tmp_path: pathlib.Path) -> None:
    tree = tmp_path / "elsewhere"
    (tree / "overrides" / "settings").mkdir(parents=True)
    (tree / "variants").mkdir()
    (tree / "variants" / "rocm.yaml").write_text("distro: fc1\n", encoding="utf-8")
    (tree / "overrides" / "variants").mkdir()
    (tree / "overrides" / "variants" / "rocm.yaml").write_text("distro: fc2\n")
    assert dataclasses.replace(probe, cwd=tree).ask().build_tags == [BUILD_TAGS]


def test_threads_never_show(probe: Probe) -> None:
    assert probe.ask("--threads", "32").build_tags == [BUILD_TAGS]


def test_the_order_of_plugins_never_shows(
    make_venv: MakeVenv,
    project_wheel: pathlib.Path,
    offline: Mapping[str, str],
    tmp_path: pathlib.Path,
) -> None:
    hooks = [global_hook(f"{text}_hook", text) for text in ("abi3", "debug")]
    wheels = [hook.write_wheel(tmp_path) for hook in hooks]
    venv = make_venv("fromager", project_wheel, *wheels)
    probe = Probe(venv=venv, stack=ROCM, environ=offline, cwd=tmp_path)
    one, other = probe.ask(), probe.ask("--reverse")
    assert len(one.plugins) == 3
    assert other.plugins == one.plugins[::-1]
    expected = {pin: f"{tag}_abi3_debug" for pin, tag in BUILD_TAGS.items()}
    assert one.build_tags == other.build_tags == [expected]
