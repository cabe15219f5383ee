"""Read a YAML file that contains a mapping, with the place of every value.

PyYAML accepts a repeated key without a warning and drops the places of values; a reader of
reviewed settings must do neither.
"""

from __future__ import annotations

import pathlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import yaml

from ..errors import DuplicateKeyError, InputError, SettingsError
from ..files import read_bounded, root_of
from ..findings.finding import Place

#: A dotted path inside a file: ``("stacks", 0, "cuda_version")``.
type Path = tuple[str | int, ...]

_MAXIMAL_SIZE: Final = 1_000_000
"""Bytes. A variant file has some hundred bytes; a larger one is a mistake, or an attack."""
_NULL: Final = "tag:yaml.org,2002:null"
_MAXIMAL_VALUES: Final = 10_000
_MAXIMAL_REPEATED: Final = 100_000


@dataclass(frozen=True, kw_only=True, slots=True)
class YamlFile:
    """The content of a YAML file, with the line (from 1) of each key and item, by dotted path.

    The scalars are texts as the file spells them. The path is as the caller named it.
    """

    path: pathlib.Path
    data: Mapping[str, Any]
    lines: Mapping[Path, int]
    scalars: Mapping[Path, str]

    def place(self, path: Path) -> Place:
        """Return the place of the key or item *path*, or of the nearest one above it."""
        while path not in self.lines and path:
            path = path[:-1]
        return Place(file=str(self.path), line=self.lines.get(path, 0))


def read_yaml_mapping(path: pathlib.Path) -> YamlFile:
    """Read *path*, whose content has to be one mapping; an empty file is an empty mapping.

    Raises:
        SettingsError: the file cannot be read, is not UTF-8, not YAML or not a mapping, or sets
            one key twice.
    """
    return parse_yaml_mapping(_read(path), path)


def parse_yaml_mapping(text: str, path: pathlib.Path) -> YamlFile:
    """Read the *text* of the file *path*, as :func:`read_yaml_mapping` does.

    Raises:
        SettingsError: it is not YAML or not a mapping, or sets one key twice.
    """
    _check_size(path, len(text))
    try:
        loader = yaml.SafeLoader(text)
        try:
            node = loader.get_single_node()
            if node is None or node.tag == _NULL:
                return YamlFile(path=path, data={}, lines={}, scalars={})
            if not isinstance(node, yaml.MappingNode):
                is_list = isinstance(node, yaml.SequenceNode)
                kind = "list" if is_list else f"single value ({node.value!r})"
                raise SettingsError(f"{path} contains a {kind}, not a mapping of keys to values")
            lines, scalars = _index(path, node)
            data = loader.construct_document(node)
        finally:
            loader.dispose()
    except (yaml.YAMLError, ValueError, RecursionError) as err:
        raise SettingsError(invalid_yaml(path, err)) from None
    return YamlFile(path=path, data=data, lines=lines, scalars=scalars)


def refuse_endless(path: pathlib.Path) -> str:
    """Return the text of a file; refuse a huge one, or nested aliases, which take fromager long.

    Raises:
        SettingsError: *path* is such a file, or cannot be read.
    """
    text = _read(path)
    if "&" in text and "*" in text:  # else it repeats no value
        try:
            _check_aliases(yaml.compose(text, Loader=yaml.SafeLoader))
        except (yaml.YAMLError, ValueError, RecursionError) as err:
            raise SettingsError(invalid_yaml(path, err)) from None
    return text


def _check_aliases(root: yaml.Node | None) -> None:
    """Count values as often as aliases repeat them, but visit each only once."""
    counts: dict[int, int] = {}

    def count(node: yaml.Node) -> int:
        if id(node) in counts:
            return counts[id(node)]
        counts[id(node)] = _MAXIMAL_REPEATED  # for a node that contains itself
        below = node.value if isinstance(node, yaml.SequenceNode) else ()
        if isinstance(node, yaml.MappingNode):
            below = [each for pair in node.value for each in pair]
        counts[id(node)] = 1 + sum(map(count, below))
        return counts[id(node)]

    if root is not None and count(root) > _MAXIMAL_REPEATED:
        raise ValueError(f"with its aliases it contains more than {_MAXIMAL_REPEATED:,} values")


def _check_size(path: pathlib.Path, size: int) -> None:
    if size > _MAXIMAL_SIZE:
        raise SettingsError(f"{path} is larger than {_MAXIMAL_SIZE:,} bytes")


def _read(path: pathlib.Path) -> str:
    try:
        return read_bounded(path, largest=_MAXIMAL_SIZE, root=root_of(path)).decode("utf-8")
    except InputError as err:
        raise SettingsError(str(err)) from None
    except UnicodeDecodeError as err:
        wrong = err.object[err.start : err.start + 1]
        raise SettingsError(f"{path} is not UTF-8 (byte {err.start}: {wrong!r})") from None


def _index(file: pathlib.Path, root: yaml.MappingNode) -> tuple[dict[Path, int], dict[Path, str]]:
    lines: dict[Path, int] = {}
    scalars: dict[Path, str] = {}
    for count, (path, mark, node) in enumerate(_walk(root, ())):
        if count > _MAXIMAL_VALUES:  # aliases can multiply the values of a small file
            raise ValueError(f"it contains more than {_MAXIMAL_VALUES:,} values")
        line = mark.line + 1
        if path in lines:
            raise DuplicateKeyError(
                f"{file}:{line} sets the key {path[-1]!r} again, after line {lines[path]}"
            )
        lines[path] = line
        if isinstance(node, yaml.ScalarNode):
            scalars[path] = node.value
    return lines, scalars


def _walk(node: yaml.Node, path: Path) -> Iterator[tuple[Path, yaml.Mark, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            below = (*path, key.value if isinstance(key, yaml.ScalarNode) else "?")
            yield below, key.start_mark, value
            yield from _walk(value, below)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            below = (*path, number)
            yield below, value.start_mark, value
            yield from _walk(value, below)


def invalid_yaml(path: pathlib.Path, err: Exception) -> str:
    """Return what is wrong with a file's YAML, with the line."""
    if isinstance(err, yaml.MarkedYAMLError) and err.problem_mark is not None:
        what = ", ".join(filter(None, (err.problem, err.context)))
        if what.startswith("mapping values"):
            what += " (a value with ': ' in it has to be quoted)"
        return f"{path}:{err.problem_mark.line + 1} is not valid YAML: {what}"
    return f"{path} is not valid YAML: {' '.join(str(err).split())}"
