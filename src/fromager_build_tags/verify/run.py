"""Verify wheels: find them, read them, and check their names against their contents."""

from __future__ import annotations

import dataclasses
import glob
import itertools
import os
import pathlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..errors import InputError, SettingsError
from ..files import printable
from ..findings.finding import Finding, Place
from ..findings.rules import BAD_ANNOTATION, UNREADABLE_WHEEL
from ..http.urls import file_name, is_url, shown_url, split_url
from ..text import redact_argument
from ..wheel.archive import WheelError
from .checks import CHECKS
from .checks.torch_symbols import not_in_table
from .examine import examine_wheel
from .exemptions import Exemptions

if TYPE_CHECKING:
    from packaging.utils import NormalizedName

    from ..wheel.torch.torch_loads import TorchLoads
    from .checks.examined import ExaminedWheel

_NAME_A_WHEEL: Final = "name a file, a folder, a pattern or a URL of a readable wheel"
_GET_AGAIN: Final = "build it or fetch it again"
#: What to do about an unexpected exception.
REPORT: Final = "report it to fromager-build-tags, with the wheel: its findings may be incomplete"
type ExemptionsOf = Callable[[NormalizedName], Exemptions]
type Examine = Callable[[str, str], ExaminedWheel]


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Verified:
    """A place of a wheel that was verified.

    Attributes:
        source: a path or a URL, as reports show it.
        loads: with which Torch it loads; None if it imports nothing of Torch, or cannot be read.
        note: what ``loads`` leaves out, for the same line.
    """

    source: str
    findings: Sequence[Finding]
    loads: TorchLoads | None = None
    note: str = ""


def verify_wheel(
    source: WheelSource, exemptions_of: ExemptionsOf, examine: Examine = examine_wheel
) -> Sequence[Finding]:
    """Return the findings of one wheel, as :func:`verified` does."""
    return verified(source, exemptions_of, examine).findings


def verified(
    source: WheelSource, exemptions_of: ExemptionsOf, examine: Examine = examine_wheel
) -> Verified:
    """Verify one wheel.

    A wheel that cannot be read is a finding, and so is an unexpected exception: one wheel never
    hides the next, nor stops a build that asked for warnings only.

    Args:
        source: where the wheel is.
        exemptions_of: returns the exemptions of a package.
        examine: reads a wheel at a path or URL, of which the second text is what reports show.
    """
    findings: list[Finding] = []
    if source.reason:
        findings.append(unreadable(source.shown, source.reason, remedy=_NAME_A_WHEEL))
        return Verified(source=source.shown, findings=findings)
    try:
        wheel = examine(source.text, source.shown)
        exempted, errors = _exempted(wheel, exemptions_or_error(exemptions_of, wheel.name.name))
        findings += errors
        for finding in _checked(exempted):  # those before an exception count
            findings.append(finding)
        return Verified(
            source=source.shown,
            findings=findings,
            loads=exempted.loads,
            note=not_in_table(exempted),
        )
    except WheelError as err:
        findings.append(unreadable(source.shown, err.reason))
    except InputError as err:
        findings.append(unreadable(source.shown, str(err)))
    except Exception as err:  # noqa: BLE001 - the last resort
        what = " ".join(f"{type(err).__name__}: {err}".split())[:300].rstrip(": ")
        what = f"the wheel cannot be read: {what}"
        findings.append(unreadable(source.shown, what, remedy=REPORT))
    return Verified(source=source.shown, findings=findings)


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
    exempted, errors = _exempted(wheel, exemptions)
    yield from errors
    yield from _checked(exempted)


def _exempted(
    wheel: ExaminedWheel, exemptions: Exemptions | SettingsError
) -> tuple[ExaminedWheel, Sequence[Finding]]:
    """Return a wheel with its exemptions, and the finding for an error in its annotation."""
    if not isinstance(exemptions, SettingsError):
        return dataclasses.replace(wheel, exemptions=exemptions), []
    error = BAD_ANNOTATION.finding(
        str(exemptions),
        subject=wheel.name.name,
        remedy="correct it; until then it has no effect",
    )
    return wheel, [error]


def _checked(wheel: ExaminedWheel) -> Iterator[Finding]:
    for check in CHECKS:
        yield from map(wheel.exemptions.applied_to, check(wheel))


def unreadable(source: str, reason: str, *, remedy: str = _GET_AGAIN) -> Finding:
    """Return the finding that a wheel cannot be read, BT341."""
    return UNREADABLE_WHEEL.finding(
        reason,
        subject=source.rpartition("/")[2] or source,
        remedy=remedy,
        place=Place(file=source),
    )
