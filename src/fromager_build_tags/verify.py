"""Verify wheels: find them, read them, and hold what is in them against their names."""

from __future__ import annotations

import glob
import os
import pathlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .errors import InputError, SettingsError
from .rules.catalogue.settings import BAD_ANNOTATION
from .rules.wheel import NOTHING, Declared, Examined, check, unreadable
from .wheel import WheelError, read_facts, read_wheel
from .wheel.remote import open_url
from .wheel.server import Traffic
from .wheel.urls import file_name, is_url, shown_url
from .wheelname import parse_wheel_name

if TYPE_CHECKING:
    from packaging.utils import NormalizedName

    from .rules.finding import Finding

type DeclaredOf = Callable[[NormalizedName], Declared]


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """Where a wheel is, or was looked for in vain.

    Attributes:
        text: a path or a URL.
        reason: why there is no wheel, "" if there is one.
    """

    text: str
    reason: str = ""

    @property
    def shown(self) -> str:
        """The text without what may be secret."""
        return shown_url(self.text) if is_url(self.text) else self.text


def find_wheels(arguments: list[str]) -> Iterator[Source]:
    """Yield the wheels of files, folders, patterns and URLs; what gives none says why."""
    for argument in arguments:
        path = pathlib.Path(argument)
        if is_url(argument):
            yield Source(text=argument)
        elif path.is_dir():
            yield from _in_folder(path)
        elif path.exists() or not glob.has_magic(argument):
            yield Source(text=argument)
        else:
            yield from _of_pattern(argument)


def _in_folder(folder: pathlib.Path) -> Iterator[Source]:
    failed: list[OSError] = []
    wheels = sorted(
        pathlib.Path(root, name)
        for root, _, names in os.walk(folder, onerror=failed.append)
        for name in names
        if name.endswith(".whl")
    )
    yield from (Source(text=str(wheel)) for wheel in wheels)
    for err in failed:
        yield Source(text=str(err.filename), reason=f"the folder cannot be read: {err.strerror}")
    if not wheels and not failed:
        yield Source(text=str(folder), reason="there is no wheel in this folder")


def _of_pattern(pattern: str) -> Iterator[Source]:
    found = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207 - may be absolute
    for each in found:
        path = pathlib.Path(each)
        yield from _in_folder(path) if path.is_dir() else [Source(text=each)]
    if not found:
        yield Source(text=pattern, reason="no file matches this pattern")


def verify_wheel(
    source: Source, declared_of: DeclaredOf, traffic: Traffic | None = None
) -> Iterator[Finding]:
    """Yield what is wrong with one wheel; that it cannot be read is a finding, too.

    So is an annotation that cannot be read; nothing is declared then.

    Args:
        source: where it is.
        declared_of: returns what is declared of a package.
        traffic: counts what is read of a URL.
    """
    if source.reason:
        yield unreadable(source.shown, source.reason)
        return
    try:
        examined = examine(source, Traffic() if traffic is None else traffic)
    except WheelError as err:
        yield unreadable(source.shown, err.reason)
    except InputError as err:
        yield unreadable(source.shown, str(err))
    else:
        yield from checked(examined, ask(declared_of, examined.name.name))


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


def examine(source: Source, traffic: Traffic) -> Examined:
    """Read a wheel.

    Raises:
        InputError: its name is none of a wheel.
        WheelError: it cannot be read.
    """
    if not is_url(source.text):
        path = pathlib.Path(source.text)
        name = parse_wheel_name(path.name)
        return Examined(source=source.shown, name=name, facts=read_wheel(path))
    name = parse_wheel_name(file_name(source.text))
    with open_url(source.text, traffic) as archive:
        return Examined(source=source.shown, name=name, facts=read_facts(archive))
