"""The stacks of a variant file and their keys, as cheaply as a review needs them.

The models that check a variant file take longer to import than a whole review takes; what is
wrong with a file is theirs to say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..errors import SettingsError, StackError
from ..settings.yamlfile import Path, YamlFile
from ..stack.facts import Declaration, DeclaredStack, Fact
from ..stack.key import StackKey
from ..stack.resolve import declared_stacks
from ..stack.variables import FACTS
from ..stack.versions import Precision, parse_version

_NO_FACTS: Final = {"index", "stacks"}
_SHARED: Final = ("accelerator", "torch_precision")


@dataclass(frozen=True, kw_only=True, slots=True)
class WrittenStack:
    """One stack as it stands in a variant file.

    Attributes:
        path: where in the file it begins.
        facts: what it declares, as texts, by the file's keys.
        paths: where each of these stands.
        key: its facts, as a lock has them.
    """

    path: Path
    facts: Mapping[str, str]
    paths: Mapping[str, Path]
    key: StackKey


def written_stacks(variant: str, file: YamlFile) -> list[WrittenStack]:
    """Return the stacks of a variant file; none of a file that declares nothing.

    A stack that is wrong has no known facts in its key.
    """
    stacks = [_stack(variant, file, *listed) for listed in _listed(file)]
    return [each for each in stacks if each.path or each.facts]


def headings_of(variant: str, file: YamlFile) -> set[StackKey]:
    """Return the key of each stack that a variant file declares, as a lock has it.

    Explicit variables are left out: they are no part of what is committed.

    Raises:
        SettingsError: a value is not what it has to be; ``check`` says more of it.
        StackError: the file contradicts itself.
    """
    for number, stack in enumerate(file.data.get("stacks") or ()):
        if not isinstance(stack, Mapping):
            raise SettingsError(f"{file.place(('stacks', number))}: a stack is not a mapping")
    return {
        _heading(variant, file, path, {**shared, **stack}) for path, stack, shared in _listed(file)
    }


def _listed(file: YamlFile) -> Iterator[tuple[Path, Mapping[str, Any], Mapping[str, Any]]]:
    """Yield each stack of a file, and what the file says for all of them."""
    if not isinstance(listed := file.data.get("stacks"), list):
        yield (), file.data, {}
        return
    shared = {key: file.data[key] for key in _SHARED if key in file.data}
    for number, stack in enumerate(listed):
        if isinstance(stack, Mapping):
            yield ("stacks", number), stack, shared


def _stack(
    variant: str, file: YamlFile, path: Path, stack: Mapping[str, Any], shared: Mapping[str, Any]
) -> WrittenStack:
    facts: dict[str, str] = {}
    paths: dict[str, Path] = {}
    for above, said in (((), shared), (path, stack)):
        for name, value in said.items():
            if name not in _NO_FACTS and value is not None:
                facts[str(name)] = str(value)
                paths[str(name)] = (*above, str(name))
    try:
        key = _heading(variant, file, path, {**shared, **stack})
    except (SettingsError, StackError):
        key = StackKey()
    begins = path or next(iter(paths.values()), ())
    return WrittenStack(path=begins, facts=facts, paths=paths, key=key)


def _heading(variant: str, file: YamlFile, path: Path, data: Mapping[str, Any]) -> StackKey:
    minor = data.get("torch_precision") == "minor"
    stack = DeclaredStack(
        place=file.place(path),
        facts={
            key: Fact(value=_value(file, (*path, key), data[key]), source=file.place((*path, key)))
            for key in FACTS
            if data.get(key) is not None
        },
        precision=Precision.MINOR if minor else Precision.PATCH,
    )
    declaration = Declaration(
        variant=variant, file=file.path, stacks=(stack,), is_family=False, explicit={}
    )
    return declared_stacks(declaration)[0].key


def _value(file: YamlFile, path: Path, value: object) -> Any:
    if not isinstance(value, str):
        raise SettingsError(f"{file.place(path)}: {path[-1]}: {value!r} is not a text: quote it")
    if not str(path[-1]).endswith("_version"):
        return value
    try:
        return parse_version(value)
    except ValueError as err:
        raise SettingsError(f"{file.place(path)}: {path[-1]}: {value!r} {err}") from None
