"""The commands that run often or need no settings start fast."""

from __future__ import annotations

import pathlib
import subprocess
import sys
import zipfile

import pytest

_RUN = """\
import sys

from fromager_build_tags.commands import main

main(sys.argv[1:], standalone_mode=False)
print(*sorted(sys.modules), file=sys.stderr)
"""
_SLOW = {"fromager", "pydantic", "rich", "stevedore"}
_WHEEL = "demo-1.0-py3-none-any.whl"


@pytest.mark.parametrize("args", [("--help",), ("verify", _WHEEL)], ids=str)
def test_neither_fromager_nor_rich_is_imported(
    args: tuple[str, ...], tmp_path: pathlib.Path
) -> None:
    with zipfile.ZipFile(tmp_path / _WHEEL, "w") as archive:
        archive.writestr("demo-1.0.dist-info/METADATA", "Name: demo\nVersion: 1.0\n")
        archive.writestr("demo-1.0.dist-info/WHEEL", "Tag: py3-none-any\n")
    command = [sys.executable, "-c", _RUN, *args]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "fromager_build_tags.commands" in run.stderr.split()
    assert _SLOW.isdisjoint(run.stderr.split())
