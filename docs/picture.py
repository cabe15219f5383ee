"""Draw the picture of README, the output of ``show``, as an SVG. Run it by hand from the root."""

from __future__ import annotations

import io
import os
import pathlib
import subprocess
import sys

from rich.console import Console
from rich.text import Text

OPTIONS = ["--settings-file", "settings/settings.yaml", "--settings-dir", "settings/packages"]
PACKAGES = ["torch==2.10.0", "flash-attn==2.8.3", "pillow==12.2.0", "fromager==0.79.0"]
TITLE = "fromager-build-tags --variant rocm show"


def main() -> None:
    """Write ``docs/show.svg``."""
    command = [sys.executable, "-c", "from fromager_build_tags.commands import main; main()"]
    shown = subprocess.run(
        [*command, *OPTIONS, "--variant", "rocm", "show", *PACKAGES],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | {"FORCE_COLOR": "1", "TERM": "xterm"},
    ).stdout
    text = Text.from_ansi(shown)
    text.rstrip()
    width = max(map(len, text.plain.splitlines()))
    console = Console(record=True, width=width, file=io.StringIO())
    console.print(text, end="\n\n")  # the last line is clipped without one below it
    svg = console.export_svg(title=TITLE)
    # rich names a web font's host; the terminal's own font does as well
    without_fonts = svg[: svg.index("@font-face")] + svg[svg.index(".terminal") :]
    pathlib.Path("docs/show.svg").write_text(without_fonts, encoding="utf-8")


if __name__ == "__main__":
    main()
