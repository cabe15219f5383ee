"""Read the lines of requirements files as pip does, with the files that they include.

pip's own parser is private (``pip._internal.req.req_file``); the tests compare this one with it.
"""

from __future__ import annotations

import os
import pathlib
import re
import shlex
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from ..errors import InputError
from ..files import read_bounded, real_path
from ..text import plain

_COMMENT: Final = re.compile(r"(?:^|(?<=\s))#.*$")
_VARIABLE: Final = re.compile(r"\$\{([A-Z0-9_]+)\}")
_OPTION: Final = re.compile(
    r"(?<!\S)(?:-([rce])|--(requirement|constraint|editable)[=\s])[=\s]*(?=.)"
)


class RequirementLine(NamedTuple):
    """A requirement or a constraint: a requirement specifier, a URL or a path, without options.

    Variables are expanded in the text, not in what messages show: they can contain secrets.
    """

    text: str
    shown: str
    place: str
    is_constraint: bool


def requirement_lines(file: pathlib.Path) -> Iterator[RequirementLine]:
    """Yield the requirements of a file, and of all files that ``-r`` and ``-c`` include.

    Each file is read once, so that a cycle ends. Lines with other options are left out.

    Raises:
        InputError: a file cannot be read, or includes one that is neither below the current folder
            nor below the folder of *file*.
    """
    files, seen = [(file, False)], {(real_path(file), False)}
    for path, is_constraint in files:
        for number, shown in _logical_lines(_read(path)):
            place, line = f"{path}:{number}", _VARIABLE.sub(_value, shown)
            text = f" {line}".partition(" -")[0].strip()
            options: dict[str, int] = {}  # where the value of the first one of each kind begins
            for option in _OPTION.finditer(line):
                options.setdefault((option[1] or option[2])[0], option.end())
            if text or "e" in options:
                text = text or _first_word(line[options["e"] :])
                yield RequirementLine(text, shown, place, is_constraint)
            elif options:
                kind = "r" if "r" in options else "c"
                value = _first_word(line[options[kind] :])
                included = _below([pathlib.Path(), file.parent], path.parent, value)
                if included is None:
                    raise InputError(
                        f"{place}: {plain(repr(shown))} includes no file of this folder"
                    )
                if (real := (real_path(included), kind == "c")) not in seen:
                    seen.add(real)
                    files.append((included, kind == "c"))


def _read(path: pathlib.Path) -> str:
    try:
        return read_bounded(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{path} is not UTF-8") from None


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield lines without comments, continued ones as one, each with the number of its first."""
    first, joined = 0, ""
    for number, line in enumerate([*text.splitlines(), ""], start=1):
        first = first or number
        is_comment = line.lstrip().startswith("#")  # it also ends a continued line
        if line.endswith("\\") and not is_comment:
            joined += line.strip("\\")
            continue
        joined += f" {line}" if is_comment else line
        if content := _COMMENT.sub("", joined).strip():
            yield first, content
        first, joined = 0, ""


def _value(variable: re.Match[str]) -> str:
    return os.environ.get(variable[1]) or variable[0]


def _first_word(text: str) -> str:
    try:
        return (shlex.split(text) or [""])[0]
    except ValueError:  # an unbalanced quote
        return text


def _below(roots: Sequence[pathlib.Path], folder: pathlib.Path, name: str) -> pathlib.Path | None:
    """Return a file beside another; None for a URL, and for a file of somebody else."""
    target = pathlib.Path(os.path.normpath(folder / name))
    try:
        is_below = any(real_path(target).is_relative_to(real_path(root)) for root in roots)
    except (OSError, ValueError, RuntimeError):  # too long, a NUL, a loop of links
        return None
    return target if is_below and not re.match(r"(https?|file):", name, re.IGNORECASE) else None
