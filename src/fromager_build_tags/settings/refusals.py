"""Why a settings file is refused: the reasons of pydantic in our words, with their lines."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping
from typing import Final

import pydantic
from pydantic_core import ErrorDetails

from ..errors import SettingsError, explain_error
from ..text import first_few, plain
from .yamlfile import Path, YamlFile, read_yaml_mapping


def reason(error: ErrorDetails) -> str:
    """Return why pydantic refuses a value, to follow the value in a message."""
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    if error["type"] == "literal_error":
        return f"is not one of {error['ctx']['expected']}"
    return _REASONS.get(error["type"], f"is refused: {error['msg']}")


_REASONS: Final[Mapping[str, str]] = {
    "string_type": "is not a text: quote it",
    "is_instance_of": "is not a version: write it as a quoted text",
    "tuple_type": "is not a list",
    "model_type": "is not a mapping of a stack's keys",
    "model_attributes_type": "is not a mapping of a stack's keys",
}


def refusal(path: pathlib.Path, err: Exception) -> str:
    """Return why fromager refuses a file: each key that is wrong, with its line."""
    cause = err
    while isinstance(cause.__cause__, Exception):
        cause = cause.__cause__
    try:
        match cause:
            case pydantic.ValidationError():
                file = read_yaml_mapping(path)
                reasons = (_wrong_key(file, error) for error in cause.errors())
                return first_few(reasons, _MOST_REASONS, separator="; ")
            case TypeError():  # from an older packaging, which searches in a number as in a text
                return _unquoted_versions(path) or explain_error(err)
    except SettingsError as wrong:  # such as a key that is set twice
        cause = wrong
    return str(cause) if isinstance(cause, SettingsError) else explain_error(err)


_MOST_REASONS: Final = 20


def _unquoted_versions(path: pathlib.Path) -> str:
    """Return the versions of a changelog that are numbers; "" if none is."""
    file = read_yaml_mapping(path)
    changelog = file.data.get("changelog")
    numbers = [each for each in changelog or () if isinstance(each, int | float)]
    return "; ".join(_unquoted(file, ("changelog",), each) for each in numbers)


def _wrong_key(file: YamlFile, error: ErrorDetails) -> str:
    key = ".".join(map(str, error["loc"]))
    place = file.place(error["loc"])
    if error["type"] == "extra_forbidden":
        return f"{place}: unknown key {key!r}"
    if error["loc"][-1] == "[key]" and isinstance(error["input"], int | float):
        return _unquoted(file, error["loc"][:-2], error["input"])
    return f"{place}: {key}: {plain(repr(error['input']))} is refused: {error['msg']}"


def _unquoted(file: YamlFile, above: Path, number: float) -> str:
    """Return what is wrong with a key below *above*, a *number* to YAML, as the file spells it."""
    keys = (path for path in file.lines if path[:-1] == above and _is(path[-1], number))
    path = next(keys, (*above, str(number)))
    return f"{file.place(path)}: {path[-1]} is a YAML number, which drops zeros: quote it"


def _is(text: str | int, number: float) -> bool:
    try:
        return float(text) == number
    except ValueError:
        return False
