"""Read what is declared for a variant: its file, and the explicit variables."""

from __future__ import annotations

import difflib
import os
import pathlib
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

import pydantic

from ..errors import SettingsError
from ..stack.facts import Declaration, Fact
from ..stack.variables import ENV_PREFIX, FACTS, VARIANTS_DIR, VERIFY, explicit_variable
from .declared import stacks_in
from .variant import ExplicitSettings, StackSettings, VariantSettings
from .yamlfile import Path, YamlFile, read_yaml_mapping

type VerifyMode = Literal["off", "warn", "error"]
_MODES: Final[tuple[VerifyMode, ...]] = ("off", "warn", "error")


def read_explicit_settings() -> ExplicitSettings:
    """Read the explicit variables of the environment.

    Raises:
        SettingsError: a variable has a bad value, or there is none of that name.
    """
    known = {explicit_variable(name) for name in ExplicitSettings.model_fields}
    for name in os.environ:
        if name.upper().startswith(ENV_PREFIX) and name.upper() not in known and os.environ[name]:
            raise SettingsError(f"there is no variable {name}{closest(name, known)}")
    try:
        return ExplicitSettings()
    except pydantic.ValidationError as err:
        messages = [
            f"{explicit_variable(str(error['loc'][0]))}={error['input']!r} {_reason(error)}"
            for error in err.errors()
        ]
        raise SettingsError("; ".join(messages)) from None


def read_verify_mode() -> VerifyMode:
    """Read what to do about a wheel that is built and is not what its name says.

    Raises:
        SettingsError: the variable names none.
    """
    text = os.environ.get(VERIFY) or "off"
    for mode in _MODES:
        if text == mode:
            return mode
    raise SettingsError(f"{VERIFY}={text!r} is not one of 'off', 'warn' or 'error'")


def variant_file(variant: str, variants_dir: pathlib.Path) -> pathlib.Path:
    """Return where the settings of *variant* stand.

    Raises:
        SettingsError: *variant* cannot be a file's name.
    """
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*", variant):
        raise SettingsError(
            f"the variant {variant!r} cannot name a file in {variants_dir}: "
            "use letters, digits, '-', '_' and '.'"
        )
    return variants_dir / f"{variant}.yaml"


def read_variant_file(path: pathlib.Path) -> tuple[VariantSettings, YamlFile]:
    """Read a variant file; one that does not exist declares nothing.

    Raises:
        SettingsError: with every mistake in the file, each with its line and its mend.
    """
    if not path.exists() and not path.is_symlink():
        if (other := path.with_suffix(".yml")).exists():
            raise SettingsError(f"{other} is not read: rename it to {path.name}")
        return VariantSettings(), YamlFile(path=path, data={}, lines={}, scalars={})
    file = read_yaml_mapping(path)
    try:
        return VariantSettings.model_validate(file.data), file
    except pydantic.ValidationError as err:
        messages = [_file_message(file, error) for error in err.errors()]
        raise SettingsError("; ".join(messages)) from None


def _file_message(file: YamlFile, error: Any) -> str:
    path: Path = tuple(error["loc"])
    place = file.place(path)
    if not path:  # of the whole file: its own text names the keys
        return f"{place}: {_reason(error)}"
    key = ".".join(str(part) for part in path)
    if error["type"] == "extra_forbidden":
        known = VariantSettings.model_fields if len(path) == 1 else StackSettings.model_fields
        return f"{place}: unknown key {key!r}{closest(str(path[-1]), known)}"
    if error["input"] is None:
        return f"{place}: {key} {_reason(error)}"
    shown = file.scalars.get(path)
    value = repr(error["input"]) if shown is None or isinstance(error["input"], str) else shown
    return f"{place}: {key}: {value} {_reason(error)}"


def _reason(error: Any) -> str:
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    if error["type"] == "literal_error":
        return f"is not one of {error['ctx']['expected']}"
    return _REASONS.get(error["type"], f"is refused: {error['msg']}")


_REASONS: Final[Mapping[str, str]] = {
    "string_type": "is not a text: quote it",
    "is_instance_of": "is not a version: write it as a quoted text",
    "tuple_type": "is not a list of stacks",
    "model_type": "is not a mapping of a stack's keys",
    "model_attributes_type": "is not a mapping of a stack's keys",
}


def closest(word: str, known: Iterable[str]) -> str:
    """Return the known word that is meant, as an end for a message; else all of them."""
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; there are {', '.join(sorted(known))}"


def declare(variant: str, variants_dir: pathlib.Path) -> Declaration:
    """Read all that is declared for *variant*: its file, and the explicit variables.

    Args:
        variant: fromager's word, such as ``rocm-ubi9``.
        variants_dir: the folder of the variant files, unless ``WHEEL_BUILD_TAG_VARIANTS_DIR``
            names another.

    Raises:
        SettingsError: whatever is wrong with the name, the file or a variable.
    """
    explicit = read_explicit_settings()
    if explicit.variants_dir is not None:
        variants_dir = explicit.variants_dir
        if not variants_dir.is_dir():
            raise SettingsError(f"{VARIANTS_DIR}={str(variants_dir)!r} is no directory")
    path = variant_file(variant, variants_dir)
    settings, file = read_variant_file(path)
    return Declaration(
        variant=variant,
        file=path,
        stacks=tuple(stacks_in(file)),
        is_family=settings.stacks is not None,
        explicit={
            key: Fact(value=value, source=explicit_variable(key))
            for key in FACTS
            if (value := getattr(explicit, key)) is not None
        },
    )
