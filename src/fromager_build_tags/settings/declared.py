"""The stacks of a variant file, from its YAML.

:mod:`.variant` validates a file before; a review does not, since pydantic takes longer to import
than a review of two locks takes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from ..errors import SettingsError
from ..stack.fact import FACTS, DeclaredStack, Fact, parse_version, unpackaged
from ..stack.gpu_arch import GpuArch
from .yamlfile import Path, YamlFile

GPU_ARCHS: Final = "gpu_archs"
_KEYS: Final = (*FACTS, "torch_precision")


def stacks_in(file: YamlFile) -> Iterator[DeclaredStack]:
    """Yield the stacks of a variant file: those of its list, or a single one.

    A key beside the list counts for each stack that does not have the key.

    Raises:
        SettingsError: a stack or a value has the wrong type, or a version is invalid.
    """
    listed = file.data.get("stacks")
    if listed is None:
        yield _stack(file, (), file.data)
        return
    if not isinstance(listed, list):
        raise SettingsError(f"{file.place(('stacks',))}: stacks is not a list")
    shared = _stack(file, (), file.data)
    for number, stack in enumerate(listed):
        path: Path = ("stacks", number)
        if not isinstance(stack, Mapping):
            raise SettingsError(f"{file.place(path)}: a stack is not a mapping")
        own = _stack(file, path, stack)
        yield replace(
            own, facts={**shared.facts, **own.facts}, gpu_archs=own.gpu_archs or shared.gpu_archs
        )


def _stack(file: YamlFile, path: Path, data: Mapping[str, Any]) -> DeclaredStack:
    return DeclaredStack(
        place=file.place(path),
        facts=_facts(file, path, data),
        gpu_archs=tuple(_gpu_archs(file, path, data.get(GPU_ARCHS) or ())),
    )


def _facts(file: YamlFile, path: Path, data: Mapping[str, Any]) -> dict[str, Fact[Any]]:
    return {
        key: Fact(value=_value(file, (*path, key), data[key]), source=file.place((*path, key)))
        for key in _KEYS
        if data.get(key) is not None
    }


def _gpu_archs(file: YamlFile, path: Path, archs: object) -> Iterator[GpuArch]:
    place = file.place((*path, GPU_ARCHS))
    if not isinstance(archs, list | tuple) or not all(isinstance(each, str) for each in archs):
        raise SettingsError(f"{place}: {GPU_ARCHS} is not a list of texts")
    for arch in archs:
        try:
            yield GpuArch.parse(arch)
        except ValueError as err:
            raise SettingsError(f"{place}: {GPU_ARCHS}: {arch!r} {err}") from None


def _value(file: YamlFile, path: Path, value: object) -> Any:
    key = str(path[-1])
    try:
        if not isinstance(value, str):
            raise ValueError("is not a text: quote it")
        return parse_version(unpackaged(value)) if key.endswith("_version") else value
    except ValueError as err:
        raise SettingsError(f"{file.place(path)}: {key}: {value!r} {err}") from None
