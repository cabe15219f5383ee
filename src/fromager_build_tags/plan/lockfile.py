"""The lock file: a plan as text, one build tag a line, for the diff of a pull request.

The line of a stack begins at the margin, so that ``git diff`` shows it above each hunk. Its build
tags follow, one a line: package, version, build tag::

    rocm: el9.6 rocm7.1 torch2.10.0
      * * 2_el9.6
      flash-attn 2.8.3 8_el9.6_rocm7.1_torch2.10.0

The version ``*`` stands for every version without a changelog entry. Where the dependencies of a
package change at a version, a version range such as ``<0.29`` has a line of its own: a set of PEP
440 specifiers, so that ``0.29rc1`` is in ``<=0.29,!=0.29``, not in ``<0.29``. The package ``*``
stands for every other package. ``-`` is no build tag; ``2_?`` is a build tag with an unknown
suffix, since the number comes from fromager alone.

A lock contains the packages with settings or an own override, and those of real builds. A row for
``*`` or a version range is there only if its build tag differs from that of the row that it would
fall back to. So a package without any row has the build tag of ``* *``, unless an override is
shipped for it: then the lock does not contain its suffix, whatever version of this package wrote
the lock.
"""

from __future__ import annotations

import functools
import itertools
import pathlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from packaging.utils import canonicalize_name, is_normalized_name
from packaging.version import InvalidVersion, Version

from ..errors import InputError
from ..settings.hook import NO_HOOK, Hook
from ..stack.key import StackKey
from ..tag.build_tag import BuildTag, parse_build_tag
from ..tag.version_ranges import is_span, is_well_formed, like
from .locked_tags import ANY, FORMAT, Lock, LockedStack, Row, packages_of, public_version

_NO_TAG: Final = "-"

_HEADER: Final = (
    f"# build-tags.lock, format {FORMAT}.0: the build tags that these settings give.\n"
    "# Made by `fromager-build-tags lock`: change the settings, not this file.\n"
)
_FORMAT_LINE: Final = re.compile(r"# build-tags\.lock, format (\d{1,9})\b.*")
_ALL_LINE: Final = "# With every shipped override."
_HOOK_LINE: Final = re.compile(r"# (?:No hook|Hook: (.+))")
_CONFLICT: Final = re.compile(r"^(<{7}|={7}|>{7}|\|{7})", re.MULTILINE)
_NEXT_STACK: Final = re.compile(r"\n\n(?=[^\s#])")
_TAG: Final = re.compile(r"\d{1,255}((_[A-Za-z0-9.]+)*|_\?)|-")


def lock_file(settings_file: pathlib.Path) -> pathlib.Path:
    """Return the default lock file: beside the settings file."""
    return settings_file.parent / "build-tags.lock"


def format_tag(tag: BuildTag) -> str:
    """Return a build tag as a lock file spells it: ``-`` for none."""
    return str(tag) or _NO_TAG


def format_lock(lock: Lock) -> str:
    """Return the text of a lock file; the order of stacks and rows in *lock* does not matter."""
    blocks = [_HEADER + _hook_line(lock.hook) + (f"{_ALL_LINE}\n" if lock.every else "")]
    for stack in sorted(lock.stacks, key=lambda each: (each.variant, str(each.key))):
        rows = sorted(stack.tags.items(), key=lambda item: _sort_key(item[0]))
        body = "".join(f"  {' '.join(row)} {format_tag(tag)}\n" for row, tag in rows)
        blocks.append(f"{stack.variant}: {stack.key}\n{body}")
    return "\n".join(blocks)


def _hook_line(hook: Hook | None) -> str:
    if hook is None:
        return ""
    return "# No hook\n" if hook == NO_HOOK else f"# Hook: {hook.text}\n"


def parse_lock(text: str, source: str) -> Lock:
    """Read the text of a lock file.

    Raises:
        InputError: the text is not a lock file of this format; with *source* and the line.
    """
    format_, comments = _head(text, source)
    hooks = [found for each in comments if (found := _HOOK_LINE.fullmatch(each))]
    hook = Hook(text=hooks[0][1] or "") if hooks else None
    if text.count("\n") > _MOST_LINES:
        raise InputError(f"{source} has more than {_MOST_LINES:,} lines: {_AGAIN}")
    blocks = _NEXT_STACK.split(text.rstrip("\n"))
    stacks: list[LockedStack] = []
    for number, block in enumerate(blocks):
        try:
            stacks += _parse_block(block)
        except ValueError as err:
            line, problem = err.args
            line += sum(each.count("\n") + 2 for each in blocks[:number])
            raise InputError(f"{source}:{line}: {problem}: {_AGAIN}") from None
    packages = None if hook == NO_HOOK else packages_of(each.tags for each in stacks)
    return Lock(
        stacks=tuple(each for block in blocks for each in _with_packages(block, packages)),
        hook=hook,
        every=_ALL_LINE in comments,
        format=format_,
    )


@functools.lru_cache(maxsize=1024)
def _parse_block(block: str) -> tuple[LockedStack, ...]:
    """Parse a stack; or several, where no empty line separates them.

    Two locks of a comparison have most stacks in common, so the same text is parsed once.

    Raises:
        ValueError: a line is wrong; with its number in the block, from 1, and the problem.
    """
    stacks: list[LockedStack] = []
    rows: dict[Row, BuildTag] = {}
    for number, line in enumerate(block.splitlines(), start=1):
        try:
            if line.startswith(" "):
                row, tag = _parse_row(line)
                if not stacks:
                    raise ValueError(_NOT_A_LINE.format(line[:80]))
                if row in rows:
                    raise ValueError(f"{line.strip()!r} is listed twice")
                rows[row] = tag
            elif line and not line.startswith("#"):
                rows = {}
                stacks.append(_parse_heading(line, rows))
        except ValueError as err:
            raise ValueError(number, str(err)) from None
    return tuple(stacks)


@functools.lru_cache(maxsize=1024)
def _with_packages(block: str, packages: frozenset[str] | None) -> tuple[LockedStack, ...]:
    """Return the stacks of a block, in a lock with these packages."""
    return tuple(replace(each, packages=packages) for each in _parse_block(block))


@functools.lru_cache(maxsize=65536)
def _parse_row(line: str) -> tuple[Row, BuildTag]:
    """Parse a row; many stacks have the same one."""
    fields = line.split()
    if len(fields) != 3 or not _TAG.fullmatch(fields[2]):
        raise ValueError(_NOT_A_LINE.format(line[:80]))
    package, version, tag = fields
    if package != ANY and not is_normalized_name(canonicalize_name(package)):
        raise ValueError(f"{package[:80]!r} is not a package")
    if is_span(version) and not is_well_formed(version):
        raise ValueError(f"{version[:80]!r} is not a version range")
    if not is_span(version) and version != ANY and isinstance(public_version(version), str):
        raise ValueError(f"{version[:80]!r} is not a version")
    return (package, version), parse_build_tag("" if tag == _NO_TAG else tag)


def _parse_heading(line: str, rows: Mapping[Row, BuildTag]) -> LockedStack:
    variant, colon, key = line.partition(": ")
    if not colon:
        raise ValueError(_NOT_A_LINE.format(line[:80]))
    return LockedStack(variant=variant, key=StackKey.parse(key), tags=rows)


#: A thousand packages with settings have some ten thousand lines on ten stacks. A comparison can
#: have a finding for each line, so a stranger's lock must not have millions.
_MOST_LINES: Final = 100_000
_NOT_A_LINE: Final = "{!r} is not a valid line"
_AGAIN: Final = "write the lock again with `fromager-build-tags lock`"


def _head(text: str, source: str) -> tuple[int, Sequence[str]]:
    """Refuse a text of another format; return its format and the comments of its header."""
    if conflict := _CONFLICT.search(text):
        number = text.count("\n", 0, conflict.start()) + 1
        raise InputError(f"{source}:{number}: the lock file has conflict markers: {_AGAIN}")
    lines = _NEXT_STACK.split(text, maxsplit=1)[0].splitlines()
    head = list(itertools.takewhile(lambda line: not line or line[0] == "#", lines))
    formats = [found for line in head if (found := _FORMAT_LINE.fullmatch(line))]
    if not formats:
        raise InputError(
            f"{source} is not a lock file: its first line does not contain the format: {_AGAIN}"
        )
    if int(formats[0][1]) > FORMAT:
        raise InputError(
            f"{source} has format {formats[0][1]}, newer than {FORMAT}: upgrade fromager-build-tags"
        )
    return int(formats[0][1]), head


def _sort_key(row: Row) -> tuple[str, int, Version, str]:
    """Sort the versions of a package from old to new, then its version ranges, then ``*``."""
    package, version = row
    if version == ANY:
        return (package, 2, _NOTHING, version)
    if is_span(version):
        return (package, 1, like(version), version)
    try:
        return (package, 0, Version(version), version)
    except InvalidVersion:
        return (package, 0, _NOTHING, version)


_NOTHING: Final = Version("0")
