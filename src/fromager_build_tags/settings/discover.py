"""The settings files of packages: fromager reads a package's name off the file's."""

from __future__ import annotations

import pathlib

from packaging.utils import NormalizedName, canonicalize_name

from ..errors import EditError


def package_files(folder: pathlib.Path) -> dict[NormalizedName, list[pathlib.Path]]:
    """Return the files of each package in the order of reading: fromager takes the last alone."""
    found: dict[NormalizedName, list[pathlib.Path]] = {}
    for path in sorted(folder.glob("*.yaml")):
        found.setdefault(canonicalize_name(path.stem), []).append(path)
    return found


def file_to_edit(folder: pathlib.Path, package: str) -> pathlib.Path:
    """Return the settings file of *package*, however its name is spelled; a new one if none is.

    Raises:
        EditError: it has several.
    """
    name = canonicalize_name(package)
    files = package_files(folder).get(name, [folder / f"{name.replace('-', '_')}.yaml"])
    if len(files) > 1:
        raise EditError(
            f"{' and '.join(map(str, files))} are all settings of {name}, and fromager takes the "
            "last alone: put them together; nothing is changed"
        )
    return files[0]
