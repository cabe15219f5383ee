"""The stacks that a variant file gives, as a lock's headings spell them.

Nothing is evaluated and no model is made: a review that compares two locks is done before
pydantic would be imported.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .errors import SettingsError
from .facts import Declaration, DeclaredStack, Fact
from .reconcile import declared_stacks
from .variables import FACTS
from .versions import Precision, parse_version
from .yamlfile import Path, YamlFile


def headings_of(variant: str, file: YamlFile) -> set[str]:
    """Return the heading of each stack that the file of a variant declares.

    Explicit variables are left out: they are no part of what is committed.

    Raises:
        SettingsError: a value is not what it has to be; ``check`` says more of it.
        StackError: the file contradicts itself.
    """
    declaration = Declaration(
        variant=variant,
        file=file.path,
        stacks=tuple(_stacks(file)),
        is_family="stacks" in file.data,
        explicit={},
    )
    return {str(stack) for stack in declared_stacks(declaration)}


def _stacks(file: YamlFile) -> Iterator[DeclaredStack]:
    if "stacks" not in file.data:
        yield _stack(file, (), file.data)
        return
    shared = {key: file.data[key] for key in ("accelerator", "torch_precision") if key in file.data}
    for number, stack in enumerate(file.data["stacks"] or ()):
        if not isinstance(stack, Mapping):
            raise SettingsError(f"{file.place(('stacks', number))}: a stack is not a mapping")
        yield _stack(file, ("stacks", number), shared | dict(stack))


def _stack(file: YamlFile, path: Path, data: Mapping[str, Any]) -> DeclaredStack:
    minor = data.get("torch_precision") == "minor"
    return DeclaredStack(
        place=file.place(path),
        facts={
            key: Fact(value=_value(file, (*path, key), data[key]), source=file.place((*path, key)))
            for key in FACTS
            if data.get(key) is not None
        },
        precision=Precision.MINOR if minor else Precision.PATCH,
    )


def _value(file: YamlFile, path: Path, value: object) -> Any:
    if not isinstance(value, str):
        raise SettingsError(f"{file.place(path)}: {path[-1]}: {value!r} is not a text: quote it")
    if not str(path[-1]).endswith("_version"):
        return value
    try:
        return parse_version(value)
    except ValueError as err:
        raise SettingsError(f"{file.place(path)}: {path[-1]}: {value!r} {err}") from None
