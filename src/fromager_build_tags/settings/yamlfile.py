"""Read a YAML file that contains a mapping, with the place of every value.

PyYAML accepts a repeated key without a warning and drops the places of values; a reader of
reviewed settings must do neither.
"""

from __future__ import annotations

import contextlib
import pathlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import yaml
from yaml.composer import ComposerError
from yaml.constructor import ConstructorError

from ..errors import DuplicateKeyError, InputError, SettingsError
from ..files import read_bounded, root_of
from ..findings.finding import Place
from ..text import plain

#: A dotted path inside a file: ``("stacks", 0, "cuda_version")``.
type Path = tuple[str | int, ...]

MAXIMAL_SIZE: Final = 1_000_000
"""Bytes. A variant file has some hundred bytes; a larger one is a mistake, or an attack."""
_MAP: Final = "tag:yaml.org,2002:map"
_NULL: Final = "tag:yaml.org,2002:null"
_MAXIMAL_NODES: Final = 20_000
"""Values of any file that PyYAML reads; it takes 20 µs for one."""
_LONGEST_NUMBER: Final = 1_000
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
    return parse_yaml_mapping(read_yaml(path), path)


def place_in(file: pathlib.Path, path: Path) -> Place:
    """Return the place of a key in a file, or of the nearest key above it."""
    try:
        return read_yaml_mapping(file).place(path)
    except SettingsError:  # no such file, or one that only fromager can read
        return Place(file=str(file))


def parse_yaml_mapping(text: str, path: pathlib.Path) -> YamlFile:
    """Read the *text* of the file *path*, as :func:`read_yaml_mapping` does.

    Raises:
        SettingsError: it is not YAML or not a mapping, or sets one key twice.
    """
    with _parsed(text, path) as (loader, node):
        lines, scalars = _index(path, node) if node else ({}, {})
        data = loader.construct_document(node) if node else {}
        if node and "<<" in text:  # only now do the nodes have the values of merge keys
            scalars = _scalars(node)
    return YamlFile(path=path, data=data, lines=lines, scalars=scalars)


def load_yaml_mapping(text: str, path: pathlib.Path) -> dict[Any, Any]:
    """Return the content of a file for fromager's models; a key can be set twice.

    Raises:
        SettingsError: it is not YAML or not a mapping, or its aliases repeat too many values.
    """
    with _parsed(text, path) as (loader, node):
        if node is not None and "&" in text and "*" in text:  # else it repeats no value
            _check_aliases(node)
        content: dict[Any, Any] = loader.construct_document(node) if node else {}
    return content


def load_yaml(text: str) -> Any:
    """Return the content of YAML, like ``yaml.safe_load``, within the limits of a settings file.

    Raises:
        yaml.YAMLError: it is not YAML, a value is invalid, or there are too many.
    """
    return yaml.load(text, Loader=_Loader)


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader, with a limit, and with a place in each error of a value."""

    _count = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        self._count += 1
        if self._count > _MAXIMAL_NODES:
            what = f"it contains more than {_MAXIMAL_NODES:,} values"
            raise ComposerError(None, None, what, self.get_mark())
        return super().compose_node(parent, index)

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            if len(node.value) > _LONGEST_NUMBER and node.tag.endswith(("int", "float")):
                raise ValueError  # one with a colon in it takes quadratic time
            return super().construct_object(node, deep=deep)
        except (yaml.YAMLError, RecursionError):
            raise
        except Exception:  # noqa: BLE001 - PyYAML's constructors expect the right form
            value = plain(repr(node.value) if isinstance(node, yaml.ScalarNode) else "this", 100)
            what = f"{value} cannot be read as {node.tag.rpartition(':')[2]}"
            raise ConstructorError(None, None, what, node.start_mark) from None


@contextlib.contextmanager
def _parsed(text: str, path: pathlib.Path) -> Iterator[tuple[_Loader, yaml.MappingNode | None]]:
    """Parse a file, whose content has to be one mapping; None for an empty one."""
    if len(text) > MAXIMAL_SIZE:
        raise SettingsError(f"{path} is larger than {MAXIMAL_SIZE:,} bytes")
    try:
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            if node is not None and node.tag == _NULL:
                node = None
            if not isinstance(node, yaml.MappingNode | None) or (node and node.tag != _MAP):
                kind = "list" if isinstance(node, yaml.SequenceNode) else "!!set or another type"
                if isinstance(node, yaml.ScalarNode):
                    kind = f"single value ({plain(repr(node.value))})"
                raise SettingsError(f"{path} contains a {kind}, not a mapping of keys to values")
            yield loader, node
        finally:
            loader.dispose()
    except (yaml.YAMLError, ValueError, RecursionError) as err:
        raise SettingsError(invalid_yaml(path, err)) from None


def _check_aliases(root: yaml.Node) -> None:
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

    if count(root) > _MAXIMAL_REPEATED:
        raise ValueError(f"with its aliases it contains more than {_MAXIMAL_REPEATED:,} values")


def read_yaml(path: pathlib.Path) -> str:
    """Return the text of a YAML file in a settings tree.

    Raises:
        SettingsError: it is no regular file, too large, behind a link, or not UTF-8.
    """
    try:
        return read_bounded(path, largest=MAXIMAL_SIZE, root=root_of(path)).decode("utf-8")
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


def _scalars(root: yaml.Node) -> dict[Path, str]:
    walked = _walk(root, ())
    return {path: node.value for path, _, node in walked if isinstance(node, yaml.ScalarNode)}


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
