"""Third-party distributions, made from a dict: wheels with plugins for fromager."""

from __future__ import annotations

import pathlib
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field

type EntryPoints = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Distribution:
    """A pure-Python distribution.

    Attributes:
        name: normalized, with ``_``.
        modules: source text by file name.
        entry_points: by group and name.
    """

    name: str
    modules: Mapping[str, str]
    entry_points: EntryPoints = field(default_factory=dict)
    version: str = "1.0"

    def write_wheel(self, folder: pathlib.Path) -> pathlib.Path:
        """Write the wheel into *folder*, and return its path."""
        stem = f"{self.name}-{self.version}"
        path = folder / f"{stem}-py3-none-any.whl"
        files = {
            **self.modules,
            f"{stem}.dist-info/METADATA": (
                f"Metadata-Version: 2.1\nName: {self.name}\nVersion: {self.version}\n"
            ),
            f"{stem}.dist-info/WHEEL": (
                "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            ),
            f"{stem}.dist-info/entry_points.txt": _ini(self.entry_points),
        }
        record = f"{stem}.dist-info/RECORD"
        files[record] = "".join(f"{name},,\n" for name in [*files, record])
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        return path


def _ini(entry_points: EntryPoints) -> str:
    lines: list[str] = []
    for group, entries in entry_points.items():
        lines += [f"[{group}]", *(f"{name} = {value}" for name, value in entries.items())]
    return "\n".join([*lines, ""])
