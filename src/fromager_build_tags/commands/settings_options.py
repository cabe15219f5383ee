"""The options that name the settings: fromager's own, before and after a command.

fromager imports this module at every start, as it does the group.
"""

from __future__ import annotations

import copy
import functools
import pathlib
from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any, Final

import click
from click.core import ParameterSource

#: The values that are set, each with how.
type _Named = MutableMapping[str, tuple[Any, str]]
_NAMED: Final = f"{__name__}.named"
_REPLACED: Final = f"{__name__}.replaced"

_path: Final = functools.partial(click.Path, path_type=pathlib.Path)
_OPTIONS: Final[Mapping[str, tuple[tuple[str, ...], Mapping[str, Any]]]] = {
    "settings_file": (
        ("--settings-file",),
        {"type": _path(dir_okay=False), "help": "fromager's global settings file"},
    ),
    "settings_dir": (
        ("--settings-dir",),
        {
            "type": _path(file_okay=False),
            "help": "fromager's folder of package settings; variant files are in 'variants' "
            "beside it",
        },
    ),
    "patches_dir": (
        ("-p", "--patches-dir"),
        {"type": _path(file_okay=False), "help": "fromager's folder of patches"},
    ),
    "variant": (("--variant",), {"metavar": "NAME", "help": "the build variant"}),
    "constraints_files": (
        ("-c", "--constraints-file"),
        {"multiple": True, "metavar": "FILE|URL", "help": "fromager's constraints files"},
    ),
}


def named_settings(ctx: click.Context) -> Mapping[str, Any]:
    """Return the values that options and variables set, by the fields of ``Places``.

    As ``fromager build-tags …``, those of fromager are among them.
    """
    root = ctx.find_root()
    fromagers = {
        name: root.params[name]
        for name in (_OPTIONS if root.obj else ())
        if root.get_parameter_source(name) is not ParameterSource.DEFAULT
    }
    return {**fromagers, **{name: value for name, (value, _) in _named(ctx).items()}}


def replaced_settings(ctx: click.Context) -> Sequence[str]:
    """Return a line for each value that an option replaces."""
    return ctx.meta.get(_REPLACED, ())  # type: ignore[no-any-return]


def _named(ctx: click.Context) -> _Named:
    return ctx.meta.setdefault(_NAMED, {})  # type: ignore[no-any-return]


def fromagers_context(ctx: click.Context) -> Any:
    """Return the work context of ``fromager build-tags …``, unless options replace its settings."""
    return None if _named(ctx) else ctx.find_root().obj


def _remember(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    """Remember a value that is set, and the one that it replaces: the last one applies."""
    if not value or ctx.resilient_parsing:
        return
    name = str(param.name)
    option = f"{param.opts[-1]} {_text(value)}"
    if ctx.get_parameter_source(name) is ParameterSource.ENVIRONMENT:
        option = _variable(name, value)
    before, text = _named(ctx).get(name) or _replaced(ctx, param)
    if before and before != value:
        ctx.meta.setdefault(_REPLACED, []).append(f"{option} overrides {text}")
    _named(ctx)[name] = (value, option)


def _replaced(ctx: click.Context, param: click.Parameter) -> tuple[Any, str]:
    """Return what an option replaces: the value of a variable, or of an option of fromager."""
    root, name = ctx.find_root(), str(param.name)
    if ctx is root:
        value = param.type_cast_value(ctx, param.value_from_envvar(ctx))
        return value, _variable(name, value)
    if root.obj is None or root.get_parameter_source(name) is ParameterSource.DEFAULT:
        return None, ""
    return root.params[name], f"fromager's {param.opts[-1]} {_text(root.params[name])}"


def _variable(name: str, value: Any) -> str:
    return f"FROMAGER_{name.upper()}={_text(value)}"


def _text(value: Any) -> str:
    return " ".join(value) if isinstance(value, tuple) else str(value)


def settings_options(**more: Any) -> list[click.Parameter]:
    """Return the options."""
    return [
        click.Option([*names, name], callback=_remember, expose_value=False, **attributes, **more)
        for name, (names, attributes) in _OPTIONS.items()
    ]


def with_settings_options(command: click.Command) -> click.Command:
    """Return *command* with the options, which override those before it, and the variables."""
    changed = copy.copy(command)
    changed.params = [*command.params, *settings_options(allow_from_autoenv=False)]
    return changed
