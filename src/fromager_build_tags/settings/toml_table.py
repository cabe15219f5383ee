"""The table ``[tool.fromager-build-tags]`` of a TOML file, which names the places of settings."""

from __future__ import annotations

import os
import pathlib
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

import pydantic

from ..errors import SettingsError
from ..files import refuse_links
from ..text import did_you_mean, plain
from .refusals import reason


def _inside(text: str) -> str:
    """Refuse a path that leaves the folder of the file: a stranger can have written it."""
    path = pathlib.PurePath(os.path.normpath(text))
    if not text or "://" in text or path.is_absolute() or path.parts[:1] == ("..",):
        raise ValueError("is not a path below the folder of this file")
    return text


type _Inside = Annotated[str, pydantic.AfterValidator(_inside)]


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


_VARIANT: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*")


def _variant(text: str) -> str:
    if not _VARIANT.fullmatch(text):
        raise ValueError("is not the name of a variant")
    return text


class TomlTable(pydantic.BaseModel):
    """The keys of the table, named as fromager's options are; paths start at the file."""

    model_config = pydantic.ConfigDict(
        alias_generator=lambda name: name.replace("_", "-"),
        extra="forbid",
        frozen=True,
        strict=True,
        use_attribute_docstrings=True,
    )

    settings_file: _Inside | None = None
    """fromager's global settings file."""
    settings_dir: _Inside | None = None
    """fromager's folder of package settings."""
    patches_dir: _Inside | None = None
    """fromager's folder of patches."""
    variant: Annotated[str, pydantic.AfterValidator(_variant)] | None = None
    """The build variant."""
    constraints_file: Annotated[list[_Inside], pydantic.BeforeValidator(_listed)] = []
    """One of fromager's constraints files, or a list of them."""


def read_table(data: object, path: pathlib.Path, keys: Sequence[str]) -> Mapping[str, Any]:
    """Return the values that the table at *keys* of a TOML file sets, as fields of ``Places``.

    Raises:
        SettingsError: it is no table; a key is unknown, or has a wrong value.
        InputError: a path leads through a symbolic link.
    """
    if not isinstance(data, Mapping):
        raise SettingsError(f"{path}: {'.'.join(keys)} is not a table")
    try:
        table = TomlTable.model_validate(data)
    except pydantic.ValidationError as err:
        texts = dict.fromkeys(_wrong_key(error, keys) for error in err.errors())
        raise SettingsError(f"{path}: {'; '.join(texts)}") from None
    paths = {
        name: path.parent / value
        for name in ("settings_file", "settings_dir", "patches_dir")
        if (value := getattr(table, name)) is not None
    }
    constraints = [path.parent / each for each in table.constraints_file]
    for each in (*paths.values(), *constraints):
        refuse_links(each, path.parent)
    return {**paths, "variant": table.variant, "constraints_files": tuple(map(str, constraints))}


def _wrong_key(error: Any, keys: Sequence[str]) -> str:
    name = error["loc"][0]
    if error["type"] == "extra_forbidden":
        known = [name.replace("_", "-") for name in TomlTable.model_fields]
        hint = did_you_mean(name, known) or f"; use {', '.join(known)}"
        return f"unknown key {'.'.join((*keys, name))!r}{hint}"
    return f"{'.'.join((*keys, name))}: {plain(repr(error['input']))} {reason(error)}"
