"""Verify wheels: find them, read them, and hold what is in them against their names."""

from __future__ import annotations

import contextlib
import glob
import os
import pathlib
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..errors import InputError, SettingsError
from ..files import printable
from ..findings.settings_rules import BAD_ANNOTATION
from ..http.urls import file_name, is_url, shown_url
from ..tag.filename import parse_wheel_name
from ..wheel import WheelError, open_url, read_facts, read_wheel
from .checks import (
    NOTHING,
    Declared,
    Examined,
    RemedyFor,
    check,
    set_depends_on,
    unexpected,
    unreadable,
)

if TYPE_CHECKING:
    from packaging.utils import NormalizedName

    from ..findings.finding import Finding

_LONGEST: Final = 255
_NOT_FOUND: Final = "name a file, a folder, a pattern or a URL that has a wheel, and can be read"
type DeclaredOf = Callable[[NormalizedName], Declared]


@dataclass(frozen=True, kw_only=True, slots=True)
class WheelSource:
    """Where a wheel is, or was looked for in vain.

    Attributes:
        text: a path or a URL.
        reason: why there is no wheel, "" if there is one.
    """

    text: str
    reason: str = ""

    @property
    def shown(self) -> str:
        """The text without what may be secret, or what no report could write."""
        return printable(shown_url(self.text) if is_url(self.text) else self.text)

    @property
    def wheel(self) -> tuple[str, str]:
        """Which wheel it is: a file under a name, however it was reached."""
        if is_url(self.text):
            return self.text, ""
        return os.path.realpath(self.text), pathlib.PurePath(self.text).name


def find_wheels(arguments: list[str]) -> Iterator[WheelSource]:
    """Yield the wheels of files, folders, patterns and URLs; what gives none says why.

    A wheel that is found again under the same name is left out: fromager's ``simple`` links to
    what is in ``downloads``.
    """
    seen: set[tuple[str, str]] = set()
    for source in _of_arguments(arguments):
        if source.wheel not in seen:
            seen.add(source.wheel)
            yield source


def _of_arguments(arguments: list[str]) -> Iterator[WheelSource]:
    for argument in arguments:
        try:
            yield from _of_argument(argument)
        except OSError as err:  # such as a name that is too long for any file
            yield WheelSource(text=argument, reason=err.strerror or str(err))


def _of_argument(argument: str) -> Iterator[WheelSource]:
    path = pathlib.Path(argument)
    if is_url(argument):
        yield WheelSource(text=argument)
    elif path.is_dir():
        yield from _in_folder(path)
    elif os.path.lexists(path):
        yield WheelSource(text=argument)
    elif glob.has_magic(argument):
        yield from _of_pattern(argument)
    elif "://" in argument:
        yield WheelSource(text=argument, reason="only URLs of http and https are read")
    else:
        yield WheelSource(text=argument, reason="there is no such file or folder")


def _in_folder(folder: pathlib.Path) -> Iterator[WheelSource]:
    failed: list[OSError] = []
    wheels = sorted(
        pathlib.Path(root, name)
        for root, _, names in os.walk(folder, onerror=failed.append)
        for name in names
        if name.endswith(".whl")
    )
    yield from (WheelSource(text=str(wheel)) for wheel in wheels)
    for err in failed:
        yield WheelSource(
            text=str(err.filename), reason=f"the folder cannot be read: {err.strerror}"
        )
    if not wheels and not failed:
        yield WheelSource(text=str(folder), reason="there is no wheel in this folder")


def _of_pattern(pattern: str) -> Iterator[WheelSource]:
    found = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207 - may be absolute
    for each in found:
        path = pathlib.Path(each)
        yield from _in_folder(path) if path.is_dir() else [WheelSource(text=each)]
    if not found:
        yield WheelSource(text=pattern, reason="no file matches this pattern")


def verify_wheel(
    source: WheelSource,
    declared_of: DeclaredOf,
    remedy_for: RemedyFor = set_depends_on,
) -> Iterator[Finding]:
    """Yield what is wrong with one wheel; that it cannot be read is a finding, too.

    So is an annotation that cannot be read; nothing is declared then. So is an error that nobody
    thought of: one wheel never hides the next, nor stops a build that only asked to be warned.

    Args:
        source: where it is.
        declared_of: returns what is declared of a package.
        remedy_for: says what to change in the settings.
    """
    if source.reason:
        yield unreadable(source.shown, source.reason, remedy=_NOT_FOUND)
        return
    try:
        examined = examine(source, remedy_for)
        yield from checked(examined, ask(declared_of, examined.name.name))
    except WheelError as err:
        yield unreadable(source.shown, err.reason)
    except InputError as err:
        yield unreadable(source.shown, str(err))
    except Exception as err:  # noqa: BLE001 - the last resort
        yield unexpected(source.shown, err)


def ask(declared_of: DeclaredOf, name: NormalizedName) -> Declared | SettingsError:
    """Return what is declared of a package, or why it cannot be read."""
    try:
        return declared_of(name)
    except SettingsError as err:
        return err


def checked(examined: Examined, declared: Declared | SettingsError) -> Iterator[Finding]:
    """Yield what is wrong with a wheel that is read, and with what is declared of it."""
    if isinstance(declared, SettingsError):
        yield BAD_ANNOTATION.finding(
            str(declared),
            subject=examined.name.name,
            remedy="correct it; until then it says nothing",
        )
        declared = NOTHING
    yield from check(examined, declared)


def examine(source: WheelSource, remedy_for: RemedyFor) -> Examined:
    """Read a wheel.

    Raises:
        InputError: its name is none of a wheel.
        WheelError: it cannot be read.
    """
    if not is_url(source.text):
        path = pathlib.Path(source.text)
        name = parse_wheel_name(path.name)
        _refuse_special(path)
        return Examined(
            source=source.shown, name=name, facts=read_wheel(path), remedy_for=remedy_for
        )
    name = parse_wheel_name(_checked_name(file_name(source.text)))
    from ..http.session import Session  # requests takes 0.2 s, and few wheels are behind a URL

    session = Session(source.text)
    with contextlib.closing(session), open_url(source.text, session) as archive:
        return Examined(
            source=source.shown, name=name, facts=read_facts(archive), remedy_for=remedy_for
        )


def _checked_name(filename: str) -> str:
    """Refuse what no file system takes: a name of some kilobytes can hold millions of tags."""
    if not filename:
        raise InputError("the URL names no file; `audit` and `winners` take an index")
    if len(filename) > _LONGEST:
        raise InputError(f"{filename[:80]!r}… is too long for the file name of a wheel")
    return filename


def _refuse_special(path: pathlib.Path) -> None:
    """Refuse what is there and is no regular file: to open a pipe waits for its other end."""
    try:
        mode = path.stat().st_mode
    except OSError:  # told when it is opened
        return
    if not stat.S_ISREG(mode):
        raise WheelError(path, "it is not a regular file")
