"""Tiny wheels, made in code."""

from __future__ import annotations

import pathlib
import zipfile
from collections.abc import Mapping

type Files = Mapping[str, bytes]


def write_wheel(
    path: pathlib.Path,
    files: Files | None = None,
    *,
    date: tuple[int, int, int, int, int, int] = (2026, 1, 1, 0, 0, 0),
) -> pathlib.Path:
    """Write a wheel that installers take, with its file name in ``<name>_said.txt``."""
    name, version, *_, python, abi, platform = path.name.removesuffix(".whl").split("-")
    folder = f"{name}-{version}.dist-info"
    purelib = str(platform == "any").lower()
    tags = [
        f"Tag: {one}-{two}-{three}"
        for one in python.split(".")
        for two in abi.split(".")
        for three in platform.split(".")
    ]
    head = ["Wheel-Version: 1.0", "Generator: tests", f"Root-Is-Purelib: {purelib}", *tags]
    own = {
        f"{name}_said.txt": path.name.encode(),
        f"{folder}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
        f"{folder}/WHEEL": "\n".join([*head, ""]).encode(),
    }
    members = [*own, *(files or {})]
    record = "".join(f"{member},,\n" for member in [*members, f"{folder}/RECORD"])
    content = {**own, f"{folder}/RECORD": record.encode(), **(files or {})}
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for member, text in content.items():
            archive.writestr(zipfile.ZipInfo(member, date), text)
    return path
