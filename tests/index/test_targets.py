"""The values of environment markers on the targets of ``--python`` and ``--platform``."""

from __future__ import annotations

import pathlib
import platform
from collections.abc import Sequence

import pytest
from packaging.markers import Marker, default_environment

from fromager_build_tags.index.targets import Target, running_target

from .test_audit import GOOD, Run, fill, findings


def target(python: tuple[int, int], name: str) -> Target:
    return Target(python=python, abi=f"cp{python[0]}{python[1]}", platform=name)


LINUX = target((3, 12), "linux_x86_64")
ARM = target((3, 13), "manylinux_2_34_aarch64")
OLD = target((3, 9), "manylinux2014_x86_64")
MUSL = target((3, 12), "musllinux_1_2_x86_64")
MAC = target((3, 14), "macosx_11_0_arm64")
WINDOWS = target((3, 12), "win_amd64")
WIN32 = target((3, 12), "win32")
ALL = (LINUX, ARM, OLD, MUSL, MAC, WINDOWS, WIN32)


@pytest.mark.parametrize(
    ("marker", "expected"),
    [
        ('python_version >= "3.12"', {LINUX, ARM, MUSL, MAC, WINDOWS, WIN32}),
        ('python_version < "3.10"', {OLD}),
        ('python_full_version == "3.13.0"', {ARM}),
        ('implementation_version >= "3.14"', {MAC}),
        ('sys_platform == "linux"', {LINUX, ARM, OLD, MUSL}),
        ('sys_platform == "darwin"', {MAC}),
        ('sys_platform == "win32"', {WINDOWS, WIN32}),
        ('platform_system == "Linux"', {LINUX, ARM, OLD, MUSL}),
        ('platform_system == "Darwin"', {MAC}),
        ('platform_system == "Windows"', {WINDOWS, WIN32}),
        ('os_name == "posix"', {LINUX, ARM, OLD, MUSL, MAC}),
        ('os_name == "nt"', {WINDOWS, WIN32}),
        ('platform_machine == "x86_64"', {LINUX, OLD, MUSL}),
        ('platform_machine == "aarch64"', {ARM}),
        ('platform_machine == "arm64"', {MAC}),
        ('platform_machine == "AMD64"', {WINDOWS}),
        ('platform_machine == "x86"', {WIN32}),
        ('implementation_name == "cpython"', {*ALL}),
        ('platform_python_implementation == "PyPy"', set()),
        ('"Ubuntu" in platform_version or platform_release == "6.0"', set()),
    ],
)
def test_markers(marker: str, expected: set[Target]) -> None:
    assert {each for each in ALL if Marker(marker).evaluate(each.environment())} == expected


def test_a_target_sets_every_variable_as_this_python_does() -> None:
    here, made = default_environment(), running_target(f"linux_{platform.machine()}").environment()
    assert made.keys() == here.keys()
    rest = ("implementation_version", "python_full_version")
    unknown = ("platform_release", "platform_version")
    assert {key: made[key] for key in made if key not in {*rest, *unknown}} == {
        key: value for key, value in here.items() if key not in {*rest, *unknown}
    }
    assert {made[key] for key in rest} == {f"{here['python_version']}.0"}
    assert {made[key] for key in unknown} == {""}


LINES = """\
old==1; python_version < "3.12"
new==1; python_version >= "3.13"
arm==1; platform_machine == "aarch64"
windows==1; sys_platform == "win32"
all==1
bounded; python_version >= "3.12"
-c c.txt
"""


@pytest.mark.parametrize(
    ("options", "missing"),
    [
        (["--python", "3.11"], ["all==1", "old==1"]),
        (["--python", "3.12"], ["all==1", "bounded<2"]),
        (["--python", "3.13"], ["all==1", "bounded<3", "new==1"]),
        (
            ["--python", "3.12", "--python", "3.13"],
            ["all==1", "bounded<2", "bounded<3", "new==1"],
        ),
        (
            ["--python", "3.12", "--platform", "linux_aarch64", "--platform", "win_amd64"],
            ["all==1", "arm==1", "bounded<2", "windows==1"],
        ),
    ],
)
def test_a_requirement_counts_if_its_marker_is_true_for_any_target(
    options: Sequence[str], missing: Sequence[str], run: Run, tmp_path: pathlib.Path
) -> None:
    fill(tmp_path / "index", GOOD)
    (tmp_path / "r.txt").write_text(LINES)
    (tmp_path / "c.txt").write_text(
        'bounded<2; python_version < "3.13"\nbounded<3; python_version >= "3.13"\n'
    )
    found = findings(run, "index", "-r", "r.txt", *options)
    expected = [f"{each} is missing: no wheel" for each in missing]
    assert [each["message"] for each in found if each["code"] == "BT403"] == expected
