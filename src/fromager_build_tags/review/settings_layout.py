"""Where the settings stand, and which file is what."""

from __future__ import annotations

import pathlib
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """Where the settings stand below a root: fromager's options, and what lies beside.

    Attributes:
        settings_file: fromager's ``--settings-file``.
        settings_dir: fromager's ``--settings-dir``.
        variants_dir: the folder of the variant files.
        patches_dir: fromager's ``--patches-dir``.
        lock_file: the lock.
    """

    settings_file: pathlib.PurePath
    settings_dir: pathlib.PurePath
    variants_dir: pathlib.PurePath
    patches_dir: pathlib.PurePath
    lock_file: pathlib.PurePath

    @property
    def paths(self) -> tuple[pathlib.PurePath, ...]:
        """Every path that tags come from."""
        folders = (self.settings_dir, self.variants_dir)
        return (self.settings_file, *folders, self.lock_file)

    def variant_of(self, path: str) -> str | None:
        """Return the variant whose file *path* is."""
        return _yaml_in(self.variants_dir, path) or None

    def is_package(self, path: str) -> bool:
        """Tell whether *path* is a package's settings file."""
        return _yaml_in(self.settings_dir, path) != ""


def _yaml_in(folder: pathlib.PurePath, path: str) -> str:
    """Return the name of a YAML file in a folder, without its extension; "" for any other file.

    A tree has a thousand of them, and pathlib takes longer to take apart each than git to list it.
    """
    above, _, name = path.rpartition("/")
    is_one = (above or ".") == folder.as_posix() and name.endswith(".yaml")
    return name.removesuffix(".yaml") if is_one else ""
