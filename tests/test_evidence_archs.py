"""The GPU architectures of published wheels, by the shipped reader and by others."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest
from click.testing import CliRunner

from evidence import archs
from evidence.__main__ import main
from evidence.archs import LibraryArchs, WheelArchs, read_archs
from evidence.fetch import fetched
from evidence.rows import load_rows

from .wheel.building import DIST_INFO
from .wheel.device_samples import bundle, container, entry, library

NAME = "demo_pkg-1.0-cp312-cp312-linux_x86_64.whl"
ROWS = load_rows(archs.RESULTS, WheelArchs)


@pytest.mark.once
def test_both_readers_agree_on_published_wheels() -> None:
    libraries = {
        (wheel, member): each
        for wheel, row in ROWS.items()
        for member, each in row.libraries.items()
    }
    assert [key for key, each in libraries.items() if not each.agrees] == []
    complete = {(key[0], each.by) for key, each in libraries.items() if not each.error}
    for reader in ("cuobjdump", "elfgpu"):
        assert sum(by == reader for _, by in complete) >= 8
    # cuobjdump 13.5 stops in the middle of these, and lists less
    assert {each.error for each in libraries.values()} == {"", "cuobjdump fatal   : Invalid ELF"}
    assert {key[0].partition("-")[0] for key, each in libraries.items() if each.error} == {
        "bitsandbytes"
    }


@pytest.mark.parametrize(
    ("shipped", "other", "error", "agrees"),
    [
        ("sm_80 sm_90a compute_80", "compute_80 sm_80 sm_90a", "", True),
        ("sm_100f compute_100f", "sm_100 compute_100f", "", True),
        ("sm_80 sm_90", "sm_80", "fatal", True),
        ("sm_80 sm_90", "sm_80", "", False),
        ("sm_80", "sm_80 sm_90", "", False),
        ("sm_80", "sm_90", "fatal", False),
        ("sm_90a", "sm_90", "", False),
    ],
)
def test_what_agrees(shipped: str, other: str, error: str, agrees: bool) -> None:
    row = LibraryArchs(shipped=shipped, other=other, by="cuobjdump", error=error)
    assert row.agrees is agrees


#: What cuobjdump prints, and where it stops.
CUOBJDUMP = """\
#!/bin/sh
case $1 in
--list-elf) echo "ELF file    1: library.1.sm_90a.cubin" ;;
--list-ptx) echo "PTX file    1: library.1.sm_80.ptx"; echo "x fatal   : none in '$2'" >&2 ;;
esac
"""


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / NAME
    with ZipFile(path, "w") as archive:
        for name, text in DIST_INFO.items():
            archive.writestr(name, text)
        content = container(entry("sm_90a"), entry("compute_80"), entry("sm_120"))
        archive.writestr("demo/a.so", library(".nv_fatbin", content))
        archive.writestr("demo/b.so", library(".hip_fatbin", bundle("gfx942")))
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "cuobjdump").write_text(CUOBJDUMP)
    (tools / "cuobjdump").chmod(0o755)
    (tools / "elfgpu.py").write_text("print('gfx90a')")
    monkeypatch.setenv("PATH", str(tools), prepend=":")
    monkeypatch.setenv("PYTHONPATH", str(tools))
    monkeypatch.setattr(archs, "RESULTS", tmp_path / "archs.json")
    done = CliRunner().invoke(main, ["archs", "--from", str(tmp_path)])
    assert (done.exit_code, done.stderr) == (
        0,
        "demo/a.so: sm_120 sm_90a compute_80\ndemo/b.so: gfx942; elfgpu: gfx90a\n",
    )
    assert json.loads(archs.RESULTS.read_text()) == [
        {
            "wheel": NAME,
            "libraries": {
                "demo/a.so": {
                    "shipped": "sm_120 sm_90a compute_80",
                    "other": "compute_80 sm_90a",
                    "by": "cuobjdump",
                    "error": "x fatal   : none",
                },
                "demo/b.so": {"shipped": "gfx942", "other": "gfx90a", "by": "elfgpu", "error": ""},
            },
        }
    ]
    assert CliRunner().invoke(main, ["archs", "--from", str(tmp_path)]).stderr == ""


@pytest.mark.nightly
@pytest.mark.e2e
@pytest.mark.parametrize("wheel", ["cudf-cu13==26.10.2", "jax-rocm7-plugin==0.12.0"])
def test_published_wheels_are_still_read_like_this(
    wheel: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = ["nvidia-cuda-cuobjdump", "elfgpu==0.1.0a1", "backports.zstd"]
    install = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(tmp_path)]
    subprocess.run([*install, *tools], check=True, timeout=300)
    [program] = tmp_path.glob("nvidia/*/bin/cuobjdump")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.syspath_prepend(tmp_path)
    with fetched(wheel, "3.12", ["manylinux_2_28_x86_64", "manylinux_2_27_x86_64"]) as path:
        found = read_archs(path)
    assert found == ROWS[found.wheel]
    assert shutil.which("cuobjdump")
