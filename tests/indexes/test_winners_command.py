"""``winners``: which wheels are taken."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Callable

from click.testing import Result

from .simple_server import html_index, serve

type Run = Callable[..., Result]

WHEELS = (
    "torch-2.9.1-8_el9.6_rocm7.1-cp312-cp312-linux_x86_64.whl",
    "torch-2.10.0-7_el9.6_cuda13.0-cp312-cp312-linux_x86_64.whl",
    "torch-2.10.0-7_el9.6_rocm7.1-cp312-cp312-linux_x86_64.whl",
    "torch-2.10.0-6_el9.6_rocm7.1-cp312-cp312-manylinux_2_28_x86_64.whl",
)


def test_pip_and_uv(run: Run, tmp_path: pathlib.Path) -> None:
    (tmp_path / "index").mkdir()
    for name in WHEELS:
        (tmp_path / "index" / name).touch()
    assert run("winners", "index").stdout == (
        "PROJECT  VERSION  PYTHON                 BY   WHEEL\n"
        f"torch    2.10.0   cp312 on linux_x86_64  pip  {WHEELS[2]}\n"
        f"torch    2.10.0   cp312 on linux_x86_64  uv   {WHEELS[3]}\n"
    )
    args = ("winners", "index", "--format", "json", "--all-versions", "--python", "3.12")
    made = json.loads(run(*args).stdout)["winners"]
    assert [(each["version"], each["installers"], each["filename"]) for each in made] == [
        ("2.9.1", ["pip", "uv"], WHEELS[0]),
        ("2.10.0", ["pip"], WHEELS[2]),
        ("2.10.0", ["uv"], WHEELS[3]),
    ]
    assert run("winners", "index", "--python", "3.13").stdout == ""
    assert f"`{WHEELS[2]}` |" in run("winners", "index", "--format", "markdown").stdout


def test_a_page_that_cannot_be_read(run: Run) -> None:
    with serve(html_index({"torch": WHEELS, "zlib": []})) as server:
        del server.answers["/simple/zlib/"]
        result = run("winners", f"{server.url}/simple", status=1)
    assert result.stdout.count("\n") == 3
    assert result.stderr.startswith(f"Error: {server.url}/simple/zlib/ cannot be read: status 404")
