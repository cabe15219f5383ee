"""Commands in a real terminal, which is a pseudo terminal: what they print fits its width."""

from __future__ import annotations

import fcntl
import os
import pathlib
import pty
import struct
import subprocess
import sys
import termios

import pytest
from rich.text import Text

from ..golden.scenes import torch_wheels
from ..trees import HOOK, SETTINGS_FILE, write_tree

MAIN = "from fromager_build_tags.commands import main; main()"
STACK = "distro: el9.6\ntorch_version: 2.10.0\n"
PACKAGES = {
    "torch": "accelerator",
    "flash-attn": "accelerator torch",
    "a-package-with-a-long-name": "accelerator torch",
    "vllm": "accelerator torch",
    "xformers": "torch",
    "pillow": "none",
}
#: Six packages, and three variants.
TREE = {
    SETTINGS_FILE: f"{HOOK}changelog:\n"
    + "".join(f"  {v}: [one]\n" for v in ("cpu", "cuda", "rocm")),
    "settings/variants/cpu.yaml": STACK,
    "settings/variants/cuda.yaml": f'{STACK}cuda_version: "13.0"\n',
    "settings/variants/rocm.yaml": f'{STACK}rocm_version: "7.1"\n',
    **{
        f"settings/packages/{name}.yaml": f"annotations: {{build-tags.depends-on: {needs}}}\n"
        for name, needs in PACKAGES.items()
    },
}


def run(folder: pathlib.Path, *args: str, columns: int = 80) -> list[str]:
    """Run a command in a pseudo terminal, and return its lines without their colours."""
    terminal, end = pty.openpty()
    fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    hidden = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES")
    environ = {name: value for name, value in os.environ.items() if name not in hidden}
    with subprocess.Popen(
        [sys.executable, "-c", MAIN, *args],
        cwd=folder,
        env=environ | {"TERM": "xterm"},
        stdin=end,
        stdout=end,
        stderr=end,
    ):
        os.close(end)
        output = b""
        while chunk := _read(terminal):
            output += chunk
    os.close(terminal)
    assert b"\x1b[1m" in output
    return [Text.from_ansi(line).plain for line in output.decode().splitlines()]


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65_536)
    except OSError:  # Linux: the command ended
        return b""


@pytest.fixture
def tree(tmp_path: pathlib.Path) -> pathlib.Path:
    write_tree(tmp_path, TREE)
    (tmp_path / "settings/build-tags.lock").write_text("# build-tags lock\n")
    return tmp_path


def test_show_fits_80_columns(tree: pathlib.Path) -> None:
    """Six packages on three variants, in a folder of the tree; the settings are found."""
    (tree / ".git").mkdir()
    lines = run(tree / "settings/variants", "show", "--all-variants", *PACKAGES)
    assert max(map(len, lines)) <= 80
    rows = [line.split(maxsplit=3) for line in lines if "annotation" in line]
    assert len(rows) == 18
    assert rows[2] == ["a-package-with-a-long-name", "*", "1_el9.6_cpu_torch2.10.0", "annotation"]


def test_no_word_is_broken(tree: pathlib.Path) -> None:
    """The same words as in a wider terminal, in as many columns as they need."""
    index = tree / "an-index-with-a-long-name"
    index.mkdir()
    wheel = "flash_attn-2.8.3-8_el9.6_rocm7.1_torch2.10.0-cp312-cp312-linux_x86_64.whl"
    for name in (wheel, "empty-1.0.txt"):
        (index / name).touch()
    (tree / "no-wheel-or-sdist-is-in-this-folder-of-a-long-name").mkdir()
    args = ("which", index.name, "no-wheel-or-sdist-is-in-this-folder-of-a-long-name")
    wide, narrow = (run(tree, *args, columns=columns) for columns in (200, 80))
    assert max(map(len, narrow)) <= 80
    assert next(line for line in wide if wheel in line).endswith(f"{index.name}  {wheel}")
    assert f"    {wheel}" in narrow
    assert [line for line in wide if line.startswith("no wheels")] == [
        " ".join(map(str.strip, narrow[-2:]))
    ]


def test_the_releases_of_torch_fit_80_columns(tree: pathlib.Path) -> None:
    """The name of a wheel is below the answers."""
    torch_wheels(tree)
    lines = run(tree, "torch", "index")
    assert max(map(len, lines)) <= 80
    name = "    storage-1.0-1_el9.6-cp312-cp312-linux_x86_64.whl"
    assert lines[lines.index(name) - 1].split() == ["no", "no", "yes"]
