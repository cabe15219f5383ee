"""A real package with a C extension, from the registry, with the settings that are shipped."""

from __future__ import annotations

import pathlib
import platform
from typing import Final

import pytest
from packaging.utils import parse_wheel_filename

from .environment import clean_environment
from .stacks import platlib
from .venvs import Venv
from .workspaces import SETTINGS

pytestmark = [pytest.mark.e2e, pytest.mark.once]

#: How the distributions that CI and developers use are spelled; any other is its own ID.
_FAMILIES: Final = {"rhel": "el", "centos": "el", "almalinux": "el", "rocky": "el", "fedora": "fc"}


def test_markupsafe_comes_out_tagged(base_venv: Venv, tmp_path: pathlib.Path) -> None:
    base_venv.run(
        "fromager",
        *("--settings-file", SETTINGS / "settings.yaml"),
        *("--settings-dir", SETTINGS / "packages"),
        *("--variant", "cpu", "bootstrap", "markupsafe==3.0.3"),
        environ=clean_environment(),
        cwd=tmp_path,
    )
    downloads = tmp_path / "wheels-repo" / "downloads"
    names = {path.name for path in downloads.iterdir()}
    markupsafe = platlib(f"markupsafe-3.0.3-2_{_this_distribution()}")
    assert markupsafe in names
    # what it is built with is pure: a number, no segment
    assert {parse_wheel_filename(name)[2] for name in names - {markupsafe}} == {(2, "")}


def _this_distribution() -> str:
    os_release = platform.freedesktop_os_release()
    distro = os_release["ID"]
    return _FAMILIES.get(distro, distro) + os_release.get("VERSION_ID", "")
