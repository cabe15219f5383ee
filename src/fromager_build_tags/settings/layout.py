"""The layout of a settings tree: a file for each package and variant, and our annotations."""

from __future__ import annotations

import pathlib
import re
from collections.abc import Mapping
from typing import Final

from packaging.utils import NormalizedName, canonicalize_name

from ..errors import EditError, SettingsError
from ..files import real_path
from ..stack.fact import explicit_variable

#: The variable that names another folder of variant files.
VARIANTS_DIR: Final = explicit_variable("variants_dir")
#: fromager passes annotations on unchanged; keys that begin with ``fromager.`` are its own.
PREFIX: Final = "build-tags."
#: The dependencies of the package's wheels: an expression.
DEPENDS_ON: Final = f"{PREFIX}depends-on"
#: The exemptions of the package's wheels from verify, with the reasons.
VERIFY: Final = f"{PREFIX}verify"
#: Every key with a meaning, except the keys that suppress findings.
KNOWN: Final = (DEPENDS_ON, VERIFY)
#: With the code of a rule behind it: the reason to suppress its findings for the package.
IGNORE: Final = f"{PREFIX}ignore."


def suppressions(annotations: object) -> dict[str, str]:
    """Return the reason for which annotations suppress a rule, by the code of the rule."""
    return {
        key.removeprefix(IGNORE): reason.strip()
        for key, reason in (annotations.items() if isinstance(annotations, Mapping) else ())
        if isinstance(key, str)
        and key.startswith(IGNORE)
        and isinstance(reason, str)
        and reason.strip()
    }


def variants_dir(settings_dir: pathlib.Path) -> pathlib.Path:
    """Return the folder of the variant files, beside fromager's ``--settings-dir``.

    It is not in that folder, since fromager reads every ``*.yaml`` there as a package's.
    """
    if settings_dir.name in {"", ".."}:  # the parent of "." is "." itself
        settings_dir = real_path(settings_dir)
    return settings_dir.parent / "variants"


def variant_file(variant: str, variants_dir: pathlib.Path) -> pathlib.Path:
    """Return the path of a variant's file.

    Raises:
        SettingsError: *variant* cannot be the name of a file.
    """
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*", variant):
        raise SettingsError(
            f"the variant {variant!r} cannot name a file in {variants_dir}: "
            "use letters, digits, '-', '_' and '.'"
        )
    return variants_dir / f"{variant}.yaml"


def package_files(folder: pathlib.Path) -> dict[NormalizedName, list[pathlib.Path]]:
    """Return the files of each package, sorted: fromager uses the last one alone."""
    found: dict[NormalizedName, list[pathlib.Path]] = {}
    for path in sorted(folder.glob("*.yaml")):
        found.setdefault(canonicalize_name(path.stem), []).append(path)
    return found


def file_to_edit(folder: pathlib.Path, package: str) -> pathlib.Path:
    """Return the settings file of *package*, however it is spelled, or the path of a new one.

    Raises:
        EditError: *package* has several files.
    """
    name = canonicalize_name(package)
    files = package_files(folder).get(name, [folder / f"{name.replace('-', '_')}.yaml"])
    if len(files) > 1:
        raise EditError(
            f"{' and '.join(map(str, files))} are all settings of {name}, and fromager uses the "
            "last one alone: merge them"
        )
    return files[0]
