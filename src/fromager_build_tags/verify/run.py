"""Verify wheels: find them, read them, and check their names against their contents."""

from __future__ import annotations

import contextlib
import dataclasses
import glob
import itertools
import os
import pathlib
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..errors import InputError, SettingsError
from ..files import printable
from ..findings.finding import Finding, Place
from ..findings.rules import BAD_ANNOTATION, UNREADABLE_WHEEL
from ..http.urls import file_name, is_url, shown_url, split_url
from ..tag.filename import parse_wheel_name
from ..text import redact_argument
from ..wheel.archive import WheelError, open_url
from ..wheel.facts import read_facts, read_wheel
from .checks import CHECKS
from .checks.examined import ExaminedWheel, RemedyFor, set_depends_on
from .exemptions import NO_EXEMPTIONS, Exemptions

if TYPE_CHECKING:
    from packaging.utils import NormalizedName

_LONGEST: Final = 255
_NAME_A_WHEEL: Final = "name a file, a folder, a pattern or a URL of a readable wheel"
_GET_AGAIN: Final = "build it or fetch it again"
#: What to do about an unexpected exception.
REPORT: Final = "report it to fromager-build-tags, with the wheel: its findings may be incomplete"
type ExemptionsOf = Callable[[NormalizedName], Exemptions]


@dataclass(frozen=True, kw_only=True, slots=True)
class WheelSource:
    """A place of a wheel, or a place without one.

    Attributes:
        text: a path or a URL.
        reason: why there is no wheel; "" if there is one.
    """

    text: str
    reason: str = ""

    @property
    def shown(self) -> str:
        """The text without secrets of a URL, and without characters that no report can write."""
        return printable(shown_url(self.text) if is_url(self.text) else self.text)

    @property
    def wheel(self) -> tuple[str, str]:
        """The identity of the wheel: a file and its name, whatever links lead to it."""
        if is_url(self.text):
            return self.text, ""
        return os.path.realpath(self.text), pathlib.PurePath(self.text).name


def find_wheels(arguments: list[str]) -> Iterator[WheelSource]:
    """Yield the wheels of files, folders, patterns and URLs, and the places without a wheel.

    A second path to a wheel is left out if its file name is the same: fromager's folder ``simple``
    links to ``downloads``.
    """
    seen: set[tuple[str, str]] = set()
    for source in itertools.chain.from_iterable(map(_of_argument, arguments)):
        if source.wheel not in seen:
            seen.add(source.wheel)
            yield source


def _of_argument(argument: str) -> Iterator[WheelSource]:
    if "://" in argument:
        yield WheelSource(text=argument, reason=_problem_of_url(argument))
        return
    found = [argument]
    if not os.path.lexists(argument):  # the name of a file can contain the characters of a pattern
        found = sorted(glob.glob(argument, recursive=True))  # noqa: PTH207 - may be absolute
    for each in found:
        path = pathlib.Path(each)
        yield from _in_folder(path) if path.is_dir() else [WheelSource(text=each)]
    if not found:
        yield WheelSource(text=redact_argument(argument), reason="no such file or folder")


def _problem_of_url(url: str) -> str:
    if not is_url(url):
        return "only http and https URLs are supported"
    if not split_url(url).netloc:
        return "the URL cannot be parsed"
    if not file_name(url):
        return "the URL does not name a file; use `audit` or `which` for an index"
    return ""


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
        reason = f"the folder cannot be read: {err.strerror}"
        yield WheelSource(text=str(err.filename), reason=reason)
    if not wheels and not failed:
        yield WheelSource(text=str(folder), reason="the folder contains no wheel")


def verify_wheel(
    source: WheelSource, exemptions_of: ExemptionsOf, remedy_for: RemedyFor = set_depends_on
) -> Iterator[Finding]:
    """Yield the findings of one wheel.

    A wheel that cannot be read is a finding, and so is an unexpected exception: one wheel never
    hides the next, nor stops a build that asked for warnings only.
    """
    if source.reason:
        yield unreadable(source.shown, source.reason, remedy=_NAME_A_WHEEL)
        return
    try:
        wheel = _examine(source, remedy_for)
        yield from check_wheel(wheel, exemptions_or_error(exemptions_of, wheel.name.name))
    except WheelError as err:
        yield unreadable(source.shown, err.reason)
    except InputError as err:
        yield unreadable(source.shown, str(err))
    except Exception as err:  # noqa: BLE001 - the last resort
        what = " ".join(f"{type(err).__name__}: {err}".split())[:300].rstrip(": ")
        yield unreadable(source.shown, f"the wheel cannot be read: {what}", remedy=REPORT)


def exemptions_or_error(
    exemptions_of: ExemptionsOf, name: NormalizedName
) -> Exemptions | SettingsError:
    """Return the exemptions of a package, or the error in its annotation."""
    try:
        return exemptions_of(name)
    except SettingsError as err:
        return err


def check_wheel(wheel: ExaminedWheel, exemptions: Exemptions | SettingsError) -> Iterator[Finding]:
    """Yield the findings of a wheel, and one for the error in its annotation."""
    if isinstance(exemptions, SettingsError):
        yield BAD_ANNOTATION.finding(
            str(exemptions),
            subject=wheel.name.name,
            remedy="correct it; until then it has no effect",
        )
        exemptions = NO_EXEMPTIONS
    exempted = dataclasses.replace(wheel, exemptions=exemptions)
    for check in CHECKS:
        yield from map(exemptions.applied_to, check(exempted))


def unreadable(source: str, reason: str, *, remedy: str = _GET_AGAIN) -> Finding:
    """Return the finding that a wheel cannot be read, BT341."""
    return UNREADABLE_WHEEL.finding(
        reason,
        subject=source.rpartition("/")[2] or source,
        remedy=remedy,
        place=Place(file=source),
    )


def _examine(source: WheelSource, remedy_for: RemedyFor) -> ExaminedWheel:
    """Read a wheel.

    Raises:
        InputError: its name is not that of a wheel.
        WheelError: it cannot be read.
    """
    if not is_url(source.text):
        path = pathlib.Path(source.text)
        name = parse_wheel_name(path.name)
        _refuse_special(path)
        facts = read_wheel(path)
    else:
        name = parse_wheel_name(_checked_name(redact_argument(file_name(source.text))))
        from ..http.session import Session  # requests takes 0.2 s, and few wheels are behind a URL

        session = Session(source.text)
        with contextlib.closing(session), open_url(source.text, session) as archive:
            facts = read_facts(archive)
    return ExaminedWheel(source=source.shown, name=name, facts=facts, remedy_for=remedy_for)


def _checked_name(filename: str) -> str:
    """Refuse a name that no file system takes: one of some kilobytes can hold millions of tags."""
    if len(filename) > _LONGEST:
        raise InputError(f"{filename[:80]!r}… is too long for the file name of a wheel")
    return filename


def _refuse_special(path: pathlib.Path) -> None:
    """Refuse a path that exists and is not a regular file: opening a pipe waits for its writer."""
    with contextlib.suppress(OSError):  # reported when the file is opened
        if not stat.S_ISREG(path.stat().st_mode):
            raise WheelError(path, "it is not a regular file")
