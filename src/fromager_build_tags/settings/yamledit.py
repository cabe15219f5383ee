"""Add to a YAML file, and keep every present byte: comments, order, quotes, line ends.

A round trip through a YAML library changes the indent of lines that it did not write. Here new
lines are inserted at the place that the parser reports, and the result is read again: if it is not
the old content plus the addition, the file stays as it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Final

import yaml

from ..errors import EditError
from ..text import plain
from .yamlfile import load_yaml

#: The addition at a key: a text, or items for a list.
type Addition = str | Sequence[str]

_STEP: Final = 2
_REFUSED: Final = "its YAML has a form that nothing can be added to: edit the file by hand"
_PLAIN_KEY: Final = re.compile(r"[A-Za-z_][\w.-]*")


def add(text: str, path: Sequence[str], addition: Addition) -> str:
    """Return *text* with a value at a new key, or with items at the end of a list.

    Args:
        text: a YAML file whose content is a mapping, or nothing.
        path: the keys that lead to the new key, or to the list; missing ones are created.
        addition: the value, or the items.

    Raises:
        EditError: the key has a value already, a value above it is not a mapping, or nothing can
            be added to the file without another change.
    """
    try:
        before = load_yaml(text)
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError) as err:
        raise EditError("it is not valid YAML") from err
    try:
        expected = _added(before, path, addition)
    except EditError as err:
        raise EditError(f"{'.'.join(path)} cannot be added: {err}") from None
    try:
        node, rest, parent_column = _descend(root, path)
        edited = _insert(text, node, rest, addition, parent_column)
        if load_yaml(edited) == expected:
            return edited
    except (yaml.YAMLError, RecursionError):
        pass
    raise EditError(_REFUSED)


def _added(before: Any, path: Sequence[str], addition: Addition) -> Any:
    """Return the content of the file afterwards; a value with aliases is copied, not changed."""
    if path:
        before = {} if before is None else before
        if not isinstance(before, dict):
            raise EditError(f"{plain(repr(before))} is not a mapping")
        return before | {path[0]: _added(before.get(path[0]), path[1:], addition)}
    if isinstance(addition, str):
        if before is not None:
            raise EditError(f"it is set already: {plain(repr(before))}")
        return addition
    if before is not None and not isinstance(before, list):
        raise EditError(f"it is not a list: {plain(repr(before))}")
    return [*(before or []), *addition]


def _descend(
    node: yaml.Node | None, path: Sequence[str]
) -> tuple[yaml.Node | None, Sequence[str], int]:
    """Return the last present node, the missing keys below it, and its indent."""
    column = -_STEP
    for depth, step in enumerate(path):
        if not isinstance(node, yaml.MappingNode):
            return node, path[depth:], column
        below = next((value for key, value in node.value if key.value == step), None)
        if below is None:
            return node, path[depth:], column
        column = node.start_mark.column
        node = below
    return node, [], column


def _insert(
    text: str, node: yaml.Node | None, rest: Sequence[str], addition: Addition, column: int
) -> str:
    if isinstance(node, yaml.CollectionNode):
        if node.flow_style:
            return _insert_inline(text, node, rest, addition)
        return _insert_lines(text, _end(node), _block(rest, addition, node.start_mark.column))
    if node is None:  # an empty file
        return _insert_lines(text, len(text.splitlines()), _block(rest, addition, 0))
    # a key or a document without a value, or with `~` or `null`
    start, end = node.start_mark, node.end_mark
    text = text[: start.index] + text[end.index :]
    line = start.line + (column >= 0 or start.column > 0)
    return _insert_lines(text, line, _block(rest, addition, column + _STEP))


def _insert_inline(
    text: str, node: yaml.CollectionNode, rest: Sequence[str], addition: Addition
) -> str:
    """Insert JSON into ``[…]`` or ``{…}``, behind the last token inside that is not a comma.

    Tokens have their place even for an alias, whose node is elsewhere. The text behind stays.
    """
    value: object = addition
    for key in reversed(rest):
        value = {key: value}
    inside = json.dumps(value, ensure_ascii=False)[1:-1]
    start, end = node.start_mark.index, node.end_mark.index
    at = max(
        token.end_mark.index
        for token in yaml.scan(text, Loader=yaml.SafeLoader)
        if start < token.end_mark.index < end and not isinstance(token, yaml.FlowEntryToken)
    )
    return f"{text[:at]}{', ' if node.value else ''}{inside}{text[at:]}"


def _insert_lines(text: str, line: int, new: Sequence[str]) -> str:
    lines = text.splitlines(keepends=True)
    ended = [each for each in lines[:line] if each.endswith("\n")]
    end = "\r\n" if ended and ended[-1].endswith("\r\n") else "\n"  # a file may have both kinds
    if lines and line >= len(lines) and not lines[-1].endswith(("\n", "\r")):
        lines[-1] += end
    lines[line:line] = [f"{each}{end}" for each in new]
    return "".join(lines)


def _block(rest: Sequence[str], addition: Addition, column: int) -> list[str]:
    """Return lines of block style: the missing keys, one below the other, then the addition."""
    indent = " " * column
    if not rest:
        return [f"{indent}- {_text(item)}" for item in addition]
    is_plain = _PLAIN_KEY.fullmatch(rest[0]) and load_yaml(rest[0]) == rest[0]  # `yes` is true
    key = rest[0] if is_plain else _text(rest[0])
    if len(rest) == 1 and isinstance(addition, str):
        return [f"{indent}{key}: {_text(addition)}"]
    return [f"{indent}{key}:", *_block(rest[1:], addition, column + _STEP)]


def _end(node: yaml.Node) -> int:
    """Return the number of the line (from 0) behind the last line of a node's content."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        if isinstance(node, yaml.MappingNode):
            key, value = last
            behind_key: int = key.end_mark.line + 1
            return max(behind_key, _end(value))
        return _end(last)
    line: int = node.end_mark.line
    if isinstance(node, yaml.ScalarNode) and node.style in {"|", ">"}:
        return line if node.end_mark.column == 0 else line + 1  # it ends at the begin of a line
    return line + 1


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
