"""The lock: a plan as a file, made for line diffs and human eyes.

A stack's line begins at the margin, so that ``git diff`` shows it above each hunk; its tags
stand below it, one a line: package, version, build tag::

    rocm: el9.6 rocm7.1 torch2.10.0
      * * 2_el9.6
      flash-attn 2.8.3 8_el9.6_rocm7.1_torch2.10.0

``*`` stands for every version without a changelog entry, but for those of a span such as
``<0.29``, if what the package depends on changes there; and for every package that nothing names.
The tag ``-`` stands for no build tag, and ``2_?`` for one whose suffix cannot be told: the number
is fromager's, and known.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from packaging.version import InvalidVersion, Version

from ..errors import InputError
from ..stack.key import StackKey
from ..tag.version_ranges import holds, is_span, is_well_formed, like

FORMAT: Final = 1
ANY: Final = "*"
NO_TAG: Final = "-"
UNKNOWN_SUFFIX: Final = "_?"

_HEADER: Final = (
    f"# build-tags.lock, format {FORMAT}: the build tags that these settings give.\n"
    "# Made by `fromager-build-tags lock`: change the settings, not this file.\n"
)
_FORMAT_LINE: Final = re.compile(r"# build-tags\.lock, format (\d+)\b.*")
_MARKERS: Final = ("<<<<<<<", "=======", ">>>>>>>", "|||||||")
_NEXT_STACK: Final = re.compile(r"\n\n(?=[^\s#])")
_TAG: Final = re.compile(r"\d+((_[A-Za-z0-9.]+)*|_\?)|-")

#: Package and version, each of them perhaps ``*``.
type Key = tuple[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class LockedStack:
    """The tags of one stack.

    Attributes:
        variant: fromager's word.
        key: the facts of the stack.
        tags: the tag of each package and version.
        reasons: why the suffixes that are not known cannot be told; no part of the file.
    """

    variant: str
    key: StackKey
    tags: Mapping[Key, str]
    reasons: Mapping[Key, str] = field(default_factory=dict, compare=False)
    _by_version: dict[tuple[str, Version | str], Key] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )
    _spans: list[dict[str, list[str]]] = field(
        default_factory=list, init=False, compare=False, repr=False
    )

    def tag(self, package: str, version: str) -> str:
        """Return the tag of a version of a package, named or not."""
        named = self.tags.get((package, version))
        return self.tags.get(self._row(package, version), NO_TAG) if named is None else named

    def reason(self, package: str, version: str) -> str:
        """Return why that tag's suffix cannot be told, as far as it is known."""
        return self.reasons.get(self._row(package, version), "")

    def _row(self, package: str, version: str) -> Key:
        if (package, version) in self.tags:
            return (package, version)
        asked = like(version) if is_span(version) else public_version(version)
        if not is_span(version) and (spelled := self._versions().get((package, asked))):
            return spelled
        if isinstance(asked, Version):
            for span in self.spans().get(package, ()):
                if holds(span, asked):
                    return (package, span)
        return (package, ANY) if (package, ANY) in self.tags else (ANY, ANY)

    def spans(self) -> Mapping[str, Sequence[str]]:
        """Return the spans of versions that have a row of their own, by package."""
        if not self._spans:
            self._spans.append({})
            for package, version in self.tags:
                if is_span(version):
                    self._spans[0].setdefault(package, []).append(version)
        return self._spans[0]

    def _versions(self) -> Mapping[tuple[str, Version | str], Key]:
        """Return the rows by version, however the lock spells it."""
        if not self._by_version:
            for key in self.tags:
                self._by_version.setdefault((key[0], public_version(key[1])), key)
        return self._by_version


@dataclass(frozen=True, kw_only=True, slots=True)
class Lock:
    """The tags of every stack of every variant."""

    stacks: tuple[LockedStack, ...]

    def of_variant(self, variant: str) -> list[LockedStack]:
        """Return the stacks of one variant."""
        return [stack for stack in self.stacks if stack.variant == variant]

    def without_suffixes(self) -> Lock:
        """Return the tags as fromager gives them where it is told of no hook: numbers alone."""
        return Lock(
            stacks=tuple(
                replace(
                    stack, tags={key: _bare(tag) for key, tag in stack.tags.items()}, reasons={}
                )
                for stack in self.stacks
            )
        )

    def is_part_of(self, other: Lock) -> bool:
        """Tell whether the other has the same stacks, and in each every tag of this one."""
        stacks = {(each.variant, each.key): each.tags for each in self.stacks}
        others = {(each.variant, each.key): each.tags for each in other.stacks}
        return stacks.keys() == others.keys() and all(
            tags.items() <= others[stack].items() for stack, tags in stacks.items()
        )


@functools.lru_cache(maxsize=65536)
def public_version(text: str) -> Version | str:
    """Return the version that fromager looks up in a changelog: without its local part.

    It equals every other spelling: ``2.8.3.0`` is ``2.8.3``. What is no version is returned as
    it is.
    """
    try:
        return Version(Version(text).public)
    except InvalidVersion:
        return text


@functools.lru_cache(maxsize=65536)
def split_tag(tag: str) -> tuple[int, str] | None:
    """Return number and suffix, as installers compare them; None where there is no tag.

    A suffix that is not known compares with none: see :func:`is_told`.
    """
    number = re.match(r"\d+", tag)
    return (int(number[0]), tag[number.end() :]) if number else None


def _bare(tag: str) -> str:
    told = split_tag(tag)
    return str(told[0]) if told else tag


def is_told(tag: str) -> bool:
    """Tell whether the suffix of a tag is known; that of no tag at all is."""
    return not tag.endswith(UNKNOWN_SUFFIX)


def format_lock(lock: Lock) -> str:
    """Return the text of a lock file; the same for the same tags, whatever their order."""
    blocks = [_HEADER]
    for stack in sorted(lock.stacks, key=lambda each: (each.variant, str(each.key))):
        lines = sorted(stack.tags.items(), key=lambda item: _sort_key(item[0]))
        body = "".join(f"  {package} {version} {tag}\n" for (package, version), tag in lines)
        blocks.append(f"{stack.variant}: {stack.key}\n{body}")
    return "\n".join(blocks)


def parse_lock(text: str, source: str) -> Lock:
    """Read the text of a lock file.

    Raises:
        InputError: the text is not a lock of this format; with *source* and the line.
    """
    _check_format(text, source)
    blocks = _NEXT_STACK.split(text.rstrip("\n"))
    stacks: list[LockedStack] = []
    for number, block in enumerate(blocks):
        try:
            stacks += _parse_block(block)
        except _LineError as err:
            line = err.line + sum(each.count("\n") + 2 for each in blocks[:number])
            raise InputError(f"{source}:{line}: {err.problem}: {_AGAIN}") from None
    return Lock(stacks=tuple(stacks))


class _LineError(Exception):
    """A line of a block, from 1, is not what it should be."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(line, problem)
        self.line = line
        self.problem = problem


@functools.lru_cache(maxsize=1024)
def _parse_block(block: str) -> tuple[LockedStack, ...]:
    """Read a stack; or several, where no empty line stands between them.

    Two locks that are compared have most stacks in common, so the same text is read once.
    """
    stacks: list[LockedStack] = []
    rows: dict[Key, str] = {}
    for number, line in enumerate(block.splitlines(), start=1):
        try:
            if line.startswith(" "):
                key, tag = _parse_row(line)
                if not stacks:
                    raise ValueError(f"{line!r} is no line of a lock")
                if key in rows:
                    raise ValueError(f"{line.strip()!r} is there twice")
                rows[key] = tag
            elif line and not line.startswith("#"):
                rows = {}
                stacks.append(_parse_heading(line, rows))
        except ValueError as err:
            raise _LineError(number, str(err)) from None
    return tuple(stacks)


@functools.lru_cache(maxsize=65536)
def _parse_row(line: str) -> tuple[Key, str]:
    """Read a row, of which many stacks have the same."""
    fields = line.split()
    if len(fields) != 3 or not _TAG.fullmatch(fields[2]):
        raise ValueError(f"{line!r} is no line of a lock")
    package, version, tag = fields
    if is_span(version) and not is_well_formed(version):
        raise ValueError(f"{version!r} is no span of versions")
    return (package, version), tag


def _parse_heading(line: str, rows: Mapping[Key, str]) -> LockedStack:
    variant, colon, key = line.partition(": ")
    if not colon:
        raise ValueError(f"{line!r} is no line of a lock")
    return LockedStack(variant=variant, key=StackKey.parse(key), tags=rows)


_AGAIN: Final = "make it again with `fromager-build-tags lock`"


def _check_format(text: str, source: str) -> None:
    if any(f"\n{marker}" in text or text.startswith(marker) for marker in _MARKERS):
        lines = enumerate(text.splitlines(), start=1)
        number = next(number for number, line in lines if line.startswith(_MARKERS))
        raise InputError(f"{source}:{number}: the lock has conflict markers: {_AGAIN}")
    head = _head(_NEXT_STACK.split(text, maxsplit=1)[0].splitlines())
    formats = [found for line in head if (found := _FORMAT_LINE.fullmatch(line))]
    if not formats:
        raise InputError(f"{source} is not a lock: its first line has to tell its format: {_AGAIN}")
    if int(formats[0][1]) > FORMAT:
        raise InputError(
            f"{source} is of format {formats[0][1]}, newer than {FORMAT}: "
            "upgrade fromager-build-tags"
        )


def _head(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        if not line.startswith("#"):
            return
        yield line


def _sort_key(key: Key) -> tuple[str, int, Version, str]:
    """Sort the versions of a package from old to new, then its spans, last the rest."""
    package, version = key
    if version == ANY:
        return (package, 2, _NOTHING, version)
    if is_span(version):
        return (package, 1, like(version), version)
    try:
        return (package, 0, Version(version), version)
    except InvalidVersion:
        return (package, 0, _NOTHING, version)


_NOTHING: Final = Version("0")
