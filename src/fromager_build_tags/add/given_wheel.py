"""The wheel that a user names: a file, or a published wheel that pip downloads."""

from __future__ import annotations

import contextlib
import pathlib
import subprocess
import sys
import tempfile
from collections.abc import Sequence

from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from ..errors import InputError
from ..wheel.facts import WheelFacts, read_wheel


def read_given_wheel(package: NormalizedName, source: str) -> WheelFacts:
    """Read a wheel of *package*: a file, or a published wheel that pip downloads.

    Raises:
        InputError: *source* is neither, is of another package, or pip provides no wheel.
        WheelError: the wheel cannot be read.
    """
    if source.endswith(".whl") and "://" not in source:
        facts = read_wheel(pathlib.Path(source))
        if facts.name != package:
            raise InputError(f"{source!r} is a wheel of {facts.name}, not of {package}")
        return facts
    with tempfile.TemporaryDirectory(prefix="build-tags-") as folder:
        return read_wheel(fetch_wheel(_pinned(package, source), pathlib.Path(folder)))


def _pinned(package: NormalizedName, text: str) -> str:
    """Return a pinned requirement; refuse all others, such as URLs, whose code pip would run."""
    with contextlib.suppress(ValueError):  # InvalidVersion is one
        name, version = text.split("==")
        if canonicalize_name(name.strip()) == package:
            return f"{package}=={Version(version)}"
    raise InputError(
        f"{text!r} is neither a wheel file, which ends with .whl, nor a pinned version of the "
        f"package, such as {package}==1.0"
    )


def fetch_wheel(
    requirement: str, folder: pathlib.Path, options: Sequence[str] = ()
) -> pathlib.Path:
    """Download the wheel of a pinned requirement with pip, without its dependencies.

    pip is the ordinary client, and has the user's configuration of indexes. It imports nothing
    from the working folder, which can contain a stranger's ``pip.py``.

    Args:
        requirement: such as ``torchvision==0.29.1``.
        folder: an empty folder for the wheel.
        options: more options of ``pip download``, such as ``--platform``.

    Raises:
        InputError: pip is not installed, or provides no wheel.
    """
    command = [sys.executable, "-P", "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--only-binary=:all:", "--no-cache-dir", "--dest", ".", *options]
    run = subprocess.run(
        [*command, "--", requirement], cwd=folder, capture_output=True, text=True, check=False
    )
    wheels = sorted(folder.glob("*.whl"))
    if run.returncode or not wheels:
        *_, reason = run.stderr.strip().splitlines() or ["no message from pip"]
        raise InputError(f"pip provides no wheel for {requirement!r}: {reason}")
    return wheels[0]
