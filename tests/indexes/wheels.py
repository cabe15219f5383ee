"""Tiny wheels, made in code."""

from __future__ import annotations

import base64
import hashlib
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
    members = {**own, **(files or {})}
    record = "".join(f"{member},{_hash(text)},{len(text)}\n" for member, text in members.items())
    content = {f"{folder}/RECORD": f"{record}{folder}/RECORD,,\n".encode(), **members}
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for member, text in content.items():
            archive.writestr(zipfile.ZipInfo(member, date), text)
    return path


def _hash(content: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode()
    return f"sha256={digest.rstrip('=')}"
