"""A pool behind a plain web server: the real pip and uv install the wheels of each view."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import pytest
from click.testing import CliRunner

from fromager_build_tags.commands import main

from ..index.wheels import write_wheel
from .index import serve

pytestmark = [pytest.mark.e2e, pytest.mark.once]

PLAT: Final = f"-py3-none-linux_{os.uname().machine}.whl"
PURE: Final = "pure-1.0-1-py3-none-any.whl"
PILLOW: Final = f"pillow-12.2.0-2_el9.6{PLAT}"
#: The wheels of each view, by project.
VIEWS: Final[Mapping[str, Mapping[str, str]]] = {
    "cpu": {"torch": f"torch-2.10.0-7_el9.6_cpu{PLAT}", "pillow": PILLOW, "pure": PURE},
    "cuda13.0": {
        "torch": f"torch-2.10.0-7_el9.6_cuda13.0{PLAT}",
        "flash-attn": f"flash_attn-2.8.3-8_el9.6_cuda13.0_torch2.10.0{PLAT}",
        "pillow": PILLOW,
        "pure": PURE,
    },
}
INSTALLERS: Final[Mapping[str, Sequence[str]]] = {
    "pip": ("pip", "install", "--no-cache-dir", "--disable-pip-version-check"),
    "uv": ("uv", "pip", "install", "--no-cache", "--python", sys.executable),
}


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a pool."""
    root = tmp_path_factory.mktemp("pool")
    for view, wheels in VIEWS.items():
        for name in wheels.values():
            write_wheel(root / view / name)
    inputs = [f"{view}={root / view}" for view in VIEWS]
    result = CliRunner().invoke(main, ["merge", str(root / "pool"), *inputs])
    assert result.exit_code == 0, result.output
    with serve(root / "pool") as served:
        yield served


@pytest.mark.parametrize("installer", INSTALLERS)
@pytest.mark.parametrize("view", VIEWS)
def test_each_view_installs_its_wheels(
    view: str, installer: str, url: str, tmp_path: pathlib.Path
) -> None:
    wheels = VIEWS[view]
    subprocess.run(
        [
            *(
                sys.executable,
                "-m",
                *INSTALLERS[installer],
                "--quiet",
                "--target",
                str(tmp_path / "t"),
            ),
            *("--index-url", f"{url}/{view}/simple/", *wheels),
        ],
        env={"PATH": os.defpath, "HOME": str(tmp_path), "PIP_CONFIG_FILE": os.devnull},
        check=True,
    )
    installed = {path.read_text() for path in (tmp_path / "t").glob("*_name.txt")}
    assert installed == {*wheels.values()}
