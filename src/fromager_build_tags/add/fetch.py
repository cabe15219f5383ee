"""Fetch a published wheel with the ordinary client, pip, from the index that it is set up for."""

from __future__ import annotations

import contextlib
import importlib.util
import pathlib
import subprocess
import sys
from collections.abc import Sequence

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name

from ..errors import InputError


def name_in(text: str) -> NormalizedName:
    """Return the name of the package in a requirement such as ``torchvision==0.29.1``.

    Raises:
        InputError: it is something else: from a folder or a URL pip would run what is there.
    """
    with contextlib.suppress(InvalidRequirement):
        requirement = Requirement(text)
        if requirement.url is None:
            return canonicalize_name(requirement.name)
    raise InputError(
        f"{text!r} is neither a wheel file, which ends with .whl, nor PACKAGE==VERSION, such as "
        "torchvision==0.29.1"
    )


def fetch_wheel(
    requirement: str, folder: pathlib.Path, options: Sequence[str] = ()
) -> pathlib.Path:
    """Download the wheel of a pinned requirement into *folder*, without its dependencies.

    Args:
        requirement: such as ``torchvision==0.29.1``.
        folder: an empty folder.
        options: more options of ``pip download``, such as ``--platform``.

    Raises:
        InputError: pip is not installed here, or gives no wheel.
    """
    if importlib.util.find_spec("pip") is None:
        raise InputError(
            f"pip, which fetches {requirement!r}, is not installed beside this: "
            "install it, or name a wheel file"
        )
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--only-binary=:all:", "--no-cache-dir", "--dest", str(folder), *options]
    run = subprocess.run([*command, "--", requirement], capture_output=True, text=True, check=False)
    wheels = sorted(folder.glob("*.whl"))
    if run.returncode or not wheels:
        *_, reason = run.stderr.strip().splitlines() or ["pip says nothing"]
        raise InputError(f"pip gives no wheel for {requirement!r}: {reason}")
    return wheels[0]
