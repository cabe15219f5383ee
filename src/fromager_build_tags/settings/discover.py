"""Where the settings are: without an option or a variable, they are searched for.

A table of a TOML file comes first, then the usual folders; each from the current folder up to the
top of the git repository. The repository can be a stranger's, so a table names nothing outside its
own folder, and no symbolic link is followed.
"""

from __future__ import annotations

import dataclasses
import itertools
import os
import pathlib
import shlex
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from ..errors import SettingsError
from ..files import read_bounded, refuse_links
from ..text import plain
from .context import DEFAULT_SETTINGS_DIR

#: The table of ``pyproject.toml``, and the file with the same keys.
TABLE: Final = "fromager-build-tags"
TABLE_FILE: Final = f"{TABLE}.toml"
_PYPROJECT: Final = "pyproject.toml"


@dataclass(frozen=True, kw_only=True, slots=True)
class Places:
    """The places of a settings tree, as fromager's options name them; the defaults are fromager's.

    Attributes:
        settings_file: fromager's ``--settings-file``.
        settings_dir: fromager's ``--settings-dir``.
        patches_dir: fromager's ``--patches-dir``.
        variant: fromager's ``--variant``; None if nothing names one.
        constraints_files: fromager's ``--constraints-file``: paths and URLs.
        source: the TOML file or the folder in which they were found; "" for fromager's defaults,
            options and variables.
    """

    settings_file: pathlib.Path = pathlib.Path("overrides/settings.yaml")
    settings_dir: pathlib.Path = DEFAULT_SETTINGS_DIR
    patches_dir: pathlib.Path = pathlib.Path("overrides/patches")
    variant: str | None = None
    constraints_files: tuple[str, ...] = ()
    source: str = ""

    @property
    def exist(self) -> bool:
        """Whether there is a global settings file, or the folder of those of packages."""
        return self.settings_file.exists() or self.settings_dir.exists()

    def below(self, folder: pathlib.Path) -> Self:
        """Return the same places, relative to a folder."""
        return dataclasses.replace(
            self,
            settings_file=folder / self.settings_file,
            settings_dir=folder / self.settings_dir,
            patches_dir=folder / self.patches_dir,
            constraints_files=tuple(str(folder / each) for each in self.constraints_files),
        )

    def variables(self) -> str:
        """Return the variables that name these places to fromager, as the shell reads them."""
        default = Places()
        values = {
            f"FROMAGER_{each.name.upper()}": getattr(self, each.name)
            for each in dataclasses.fields(self)
            if each.name != "source" and getattr(self, each.name) != getattr(default, each.name)
        }
        if not self.patches_dir.exists():
            values.pop("FROMAGER_PATCHES_DIR", None)
        values.update({name: " ".join(v) for name, v in values.items() if isinstance(v, tuple)})
        return " ".join(f"{name}={shlex.quote(str(value))}" for name, value in values.items())


def find_places() -> Places:
    """Return the places of the settings that belong to the current folder.

    Raises:
        SettingsError: a table is wrong.
        InputError: a file is not a small regular file, or is behind a symbolic link.
    """
    folders = [*_folders()]
    tables = filter(None, map(_in_toml, folders))
    return next(tables, None) or next(filter(None, map(_usual, folders)), Places())


def places_in(folder: pathlib.Path) -> Places | None:
    """Return the places of the settings of one folder; None if it has no settings.

    Raises:
        SettingsError: a table is wrong.
        InputError: a file is not a small regular file, or is behind a symbolic link.
    """
    return _in_toml(folder) or _usual(folder)


def _folders() -> Iterator[pathlib.Path]:
    """Yield the current folder, and those above it up to the top of its git repository.

    Without a repository, or where another user owns a folder on the way: the current folder alone,
    since other users can write settings into a shared folder such as ``/tmp``.
    """
    here = pathlib.Path.cwd()
    folders = [*itertools.takewhile(_same_owner(here), (here, *here.parents))]
    tops = [number for number, each in enumerate(folders) if os.path.lexists(each / ".git")]
    for each in folders[: tops[0] + 1 if tops else 1]:
        yield pathlib.Path(os.path.relpath(each, here))


def _same_owner(folder: pathlib.Path) -> Callable[[pathlib.Path], bool]:
    owner = folder.stat().st_uid
    return lambda each: each.stat().st_uid == owner


def _usual(folder: pathlib.Path) -> Places | None:
    """Return the settings at the usual places of a folder; None if there are none."""
    found = Places().below(folder)
    if not found.exist:
        names = [name for name in ("packages", "settings") if (folder / "settings" / name).is_dir()]
        found = Places(
            settings_file=folder / "settings/settings.yaml",
            settings_dir=folder / "settings" / (*names, "packages")[0],
            patches_dir=folder / "settings/patches",
        )
        if not found.settings_file.exists():
            return None
    for path in (found.settings_file, found.settings_dir):
        refuse_links(path, folder)
    return found if found == Places() else dataclasses.replace(found, source=str(folder))


def _in_toml(folder: pathlib.Path) -> Places | None:
    """Return the settings that a TOML file of a folder names; None if there is none.

    A ``pyproject.toml`` that is a symbolic link is skipped: it belongs to something else.
    """
    for name, keys in ((TABLE_FILE, ()), (_PYPROJECT, ("tool", TABLE))):
        path = folder / name
        if not os.path.lexists(path) or (path.is_symlink() and name == _PYPROJECT):
            continue
        table = _table(path, read_bounded(path, root=folder), keys)
        if table is not None:
            from .toml_table import read_table  # pydantic takes 0.2 s

            found = read_table(table, path, keys)
            places = _usual(folder) or Places().below(folder)
            return dataclasses.replace(places, **found, source=str(path))
    return None


def _table(path: pathlib.Path, content: bytes, keys: Sequence[str]) -> Any:
    """Return our table of a TOML file; None if it has none, even if it is broken elsewhere.

    Raises:
        SettingsError: a file that names us is not TOML.
    """
    if keys and TABLE.encode() not in content:
        return None
    try:
        data: Any = tomllib.loads(content.decode())
    except (ValueError, RecursionError) as err:  # of TOML or of UTF-8
        raise SettingsError(f"{path} is not TOML: {plain(str(err))}") from None
    for key in keys:
        data = data.get(key) if isinstance(data, Mapping) else None
    return data
