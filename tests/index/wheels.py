"""Tiny wheels and sdists, made in code."""

from __future__ import annotations

import base64
import hashlib
import io
import pathlib
import re
import tarfile
import zipfile
from collections.abc import Mapping
from typing import Final, Literal

type Files = Mapping[str, bytes]


def write_wheel(
    path: pathlib.Path,
    files: Files | None = None,
    *,
    date: tuple[int, int, int, int, int, int] = (2026, 1, 1, 0, 0, 0),
) -> pathlib.Path:
    """Write a wheel that installers take, with its file name in ``<name>_name.txt``."""
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
        f"{name}_name.txt": path.name.encode(),
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


#: Builds a wheel that contains the name of the sdist, with Python alone.
_BACKEND = """
import zipfile

NAME, VERSION, FILENAME = {name!r}, {version!r}, {filename!r}


def build_wheel(folder, config_settings=None, metadata_directory=None):
    filename, info = f"{{NAME}}-{{VERSION}}-py3-none-any.whl", f"{{NAME}}-{{VERSION}}.dist-info"
    members = {{
        f"{{NAME}}_name.txt": FILENAME,
        f"{{info}}/METADATA": f"Metadata-Version: 2.1\\nName: {{NAME}}\\nVersion: {{VERSION}}\\n",
        f"{{info}}/WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    }}
    record = "".join(f"{{member}},,\\n" for member in [*members, f"{{info}}/RECORD"])
    with zipfile.ZipFile(f"{{folder}}/{{filename}}", "w") as archive:
        for member, text in {{**members, f"{{info}}/RECORD": record}}.items():
            archive.writestr(member, text)
    return filename
"""


#: The modes of tarfile, by the end of a file name.
_MODES: Final[Mapping[str, Literal["w", "w:gz", "w:bz2", "w:xz"]]] = {
    "gz": "w:gz",
    "bz2": "w:bz2",
    "tbz": "w:bz2",
    "xz": "w:xz",
    "txz": "w:xz",
    "tar": "w",
}


def write_sdist(path: pathlib.Path, shown: str = "") -> pathlib.Path:
    """Write an sdist that installers build without asking for anything else.

    The wheel has its file name, or the text *shown*, in ``<name>_name.txt``.
    """
    stem = re.sub(r"(\.tar)?\.[a-z]\w*$", "", path.name, flags=re.IGNORECASE)
    name, _, version = stem.rpartition("-")
    name = re.sub(r"[-_.]+", "_", name)
    backend = _BACKEND.format(name=name, version=version, filename=shown or path.name)
    system = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    head = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    members = {"PKG-INFO": head, "pyproject.toml": system, "backend.py": backend}
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as zipped:
            for member, text in members.items():
                zipped.writestr(f"{stem}/{member}", text)
        return path
    with tarfile.open(path, _MODES.get(path.suffix[1:], "w:gz")) as archive:
        for member, text in members.items():
            info = tarfile.TarInfo(f"{stem}/{member}")
            info.size = len(text.encode())
            archive.addfile(info, io.BytesIO(text.encode()))
    return path


def _hash(content: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode()
    return f"sha256={digest.rstrip('=')}"


# What tests of ``prune`` have in an index: the wheel that the settings give, and others.
PLAT = "-cp312-cp312-linux_x86_64.whl"
WANTED = "flash_attn-2.8.3-8_el9.6_rocm7.1_torch2.10.0" + PLAT
STALE = "flash_attn-2.8.3-8_el9.6_rocm7.1_torch2.9.1" + PLAT
OLDER = "flash_attn-2.8.3-7_el9.6_rocm7.1_torch2.10.0" + PLAT


def fill(folder: pathlib.Path, *names: str) -> None:
    for name in names:
        write_wheel(folder / name)


def names(folder: pathlib.Path) -> set[str]:
    return {path.name for path in folder.iterdir()}
