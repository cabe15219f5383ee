"""Decide which wheels are obsolete, and delete them: never a wheel without a replacement."""

from __future__ import annotations

import csv
import functools
import os
import pathlib
import stat
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from packaging.utils import canonicalize_name
from packaging.version import Version

from ..errors import OutputError
from ..tag.segment import accelerator_word
from ..wheel.archive import WheelArchive, WheelError
from .expected import Expected
from .listing import FROMAGER_FOLDERS
from .status import (
    IndexWheel,
    ProjectView,
    Status,
    is_replaced,
    replacements,
    replacing_text,
    tags_text,
)

#: Signature and metadata of a wheel, beside it.
_COMPANIONS: Final = (".asc", ".metadata")
_BLOCK: Final = 1 << 20
#: Characters of a name that are shown.
_MOST: Final = 200
_NOT_CONSIDERED: Final = {Status.CURRENT, Status.PRE_BUILT, Status.UNKNOWN}


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """A wheel whose build tag the settings do not give: delete it or keep it, and the reason.

    Attributes:
        size: bytes that deleting the wheel frees; None if unknown.
        replacements: the wheels that replace it.
    """

    wheel: IndexWheel
    delete: bool
    reason: str
    size: int | None
    replacements: Sequence[IndexWheel] = ()


def decide(
    view: ProjectView, *, foreign: bool = False, accelerators: Collection[str] = ()
) -> Iterator[Decision]:
    """Yield a decision for each wheel of a project whose build tag the settings do not give.

    A wheel is deleted only if its replacements exist and are intact: they are read completely,
    where they are on this machine.

    Args:
        view: the project in an index.
        foreign: whether to consider wheels, too, that have a higher build number than the
            settings give, or are for another accelerator.
        accelerators: the accelerators of the variant, such as ``cuda``; empty if unknown.
    """
    damage = functools.cache(_damage)
    for version, wheels in view.wheels.items():
        for wheel in wheels:
            if wheel.status in _NOT_CONSIDERED:
                continue
            expected = view.expected[version]
            if not foreign and (reason := _foreign(wheel, expected, accelerators)):
                yield _kept(wheel, reason)
            else:
                yield _decide(wheel, expected, wheels, damage)


def _foreign(wheel: IndexWheel, expected: Expected, accelerators: Collection[str]) -> str:
    """Return why a wheel belongs to other settings or another variant; "" if it does not."""
    if wheel.status is Status.FOREIGN:
        given = tags_text(expected.replacing(wheel.name))
        return (
            f"build tag {wheel.build_tag} is above {given} from the settings; update the settings, "
            "or use --foreign"
        )
    accelerator = wheel.accelerator
    if accelerator and accelerators and accelerator_word(accelerator) not in accelerators:
        words = " or ".join(sorted(accelerators))
        return f"it is for {accelerator}, not {words}; move it to another index, or use --foreign"
    return ""


def _decide(
    wheel: IndexWheel,
    expected: Expected,
    wheels: Sequence[IndexWheel],
    damage: Callable[[IndexWheel], str],
) -> Decision:
    if expected.number is None:
        failed = "its build tag cannot be computed" if expected.error else ""
        return _kept(wheel, failed or "the settings give no build number")
    found = replacements(wheel.name, expected, wheels)
    if not is_replaced(found):
        missing = tags_text((tag for tag, some in found.items() if not some), " and ")
        text = f"its replacement with build tag {missing} is not in the index; build it first"
        return _kept(wheel, text)
    chosen: list[IndexWheel] = []
    for some in found.values():
        intact = next((each for each in some if not damage(each)), None)
        if intact is None:
            name = some[0].file.filename
            return _kept(wheel, f"its replacement {name} is damaged: {damage(some[0])}")
        chosen.append(intact)
    return Decision(
        wheel=wheel,
        delete=True,
        reason=f"{_difference(wheel, expected)}, {replacing_text(chosen)}",
        size=_freed(wheel),
        replacements=chosen,
    )


def _kept(wheel: IndexWheel, reason: str) -> Decision:
    return Decision(
        wheel=wheel, delete=False, reason=f"kept: {reason}", size=wheel.file.read_size()
    )


def _difference(wheel: IndexWheel, expected: Expected) -> str:
    number, given = wheel.name.number or 0, expected.number or 0
    if number == given:
        return "other stack"
    return f"{'older' if number < given else 'higher'} build number"


def _damage(wheel: IndexWheel) -> str:
    """Return what is wrong with a wheel, read completely; "" for an intact or a remote one."""
    path = wheel.file.path
    if path is None:
        return ""
    try:
        with WheelArchive.open(path) as archive:
            archive.wheel_metadata()
            if reason := _wrong_metadata(archive, wheel) or _missing_member(archive):
                return reason
            for member in archive.members:
                with member.open() as stream:  # zipfile compares the checksum at the end
                    while stream.read(_BLOCK):
                        pass
    except WheelError as err:
        return err.reason
    return ""


def _wrong_metadata(archive: WheelArchive, wheel: IndexWheel) -> str:
    metadata = archive.metadata()
    name, version = metadata.get("name", ""), metadata.get("version", "")
    try:
        same = (canonicalize_name(name), Version(version)) == (wheel.name.name, wheel.name.version)
    except ValueError:  # InvalidVersion, or a number that is too long for int()
        same = False
    return "" if same else f"its METADATA names {name[:_MOST]!r} {version[:_MOST]!r}"


def _missing_member(archive: WheelArchive) -> str:
    text = archive.dist_info_text("RECORD")
    if text is None:
        return f"{archive.record!r} is missing"
    try:
        rows = list(csv.reader(text.decode("utf-8", "replace").splitlines()))
    except csv.Error as err:  # such as a name of 200,000 characters
        return f"RECORD cannot be read: {err}"
    missing = {row[0] for row in rows if len(row) > 1} - {each.name for each in archive.members}
    files = sorted(each for each in missing if not each.endswith("/"))  # some list folders
    return f"{files[0][:_MOST]!r} of its RECORD is missing" if files else ""


def _freed(wheel: IndexWheel) -> int | None:
    """Return the bytes that deleting a wheel frees: 0 for a link or a file with another name."""
    path = wheel.file.path
    if path is None:
        return wheel.file.size
    known = path.lstat()
    return known.st_size if stat.S_ISREG(known.st_mode) and known.st_nlink == 1 else 0


def links_of(wheels: Iterable[IndexWheel]) -> Iterator[tuple[str, str]]:
    """Yield the target and the location of each wheel that is a link."""
    for wheel in wheels:
        path = wheel.file.path
        if path is not None and path.is_symlink():
            yield os.path.realpath(path), wheel.file.location


def keep_linked(decisions: Iterable[Decision], links: Iterable[tuple[str, str]]) -> list[Decision]:
    """Return decisions that keep every file to which a remaining link leads."""
    decisions = list(decisions)
    deleted = {each.wheel.file.location for each in decisions if each.delete}
    remaining = {target: link for target, link in links if link not in deleted}
    return [_unless_linked(each, remaining) for each in decisions] if remaining else decisions


def _unless_linked(decision: Decision, links: Mapping[str, str]) -> Decision:
    path = decision.wheel.file.path
    if not decision.delete or path is None or path.is_symlink():
        return decision
    link = links.get(os.path.realpath(path))
    return _kept(decision.wheel, f"the link {link} leads to it") if link else decision


def linked_folder(wheels: Iterable[IndexWheel]) -> pathlib.Path | None:
    """Return the folder of wheels that are all links; None if one is a file."""
    folder = None
    for wheel in wheels:
        path = wheel.file.path
        if path is None or not path.is_symlink():
            return None
        folder = pathlib.Path(os.path.realpath(path)).parent
    return folder.parent if folder and folder.name in FROMAGER_FOLDERS else folder


def delete(decisions: Iterable[Decision]) -> Iterator[tuple[Decision, str]]:
    """Delete wheels, each with its signature, its metadata and fromager's link to it.

    Yields:
        Each decision as carried out, and why a file could not be deleted, or "".

    Raises:
        OutputError: a wheel is not on this machine.
    """
    for each in decisions:
        if not each.delete:
            yield each, ""
        elif gone := next(filter(_is_gone, each.replacements), None):
            name = gone.file.filename
            yield _kept(each.wheel, f"its replacement {name} was deleted in the meantime"), ""
        else:
            wheel, *others = _files_of(each.wheel)
            if problem := _unlink(wheel):
                yield _kept(each.wheel, "it cannot be deleted"), problem
            else:
                yield each, next(filter(None, map(_unlink, others)), "")


def _is_gone(wheel: IndexWheel) -> bool:
    path = wheel.file.path
    return path is not None and not path.is_file()


def _files_of(wheel: IndexWheel) -> Iterator[pathlib.Path]:
    """Yield a wheel and the files that are useless without it."""
    path = wheel.file.path
    if path is None:
        raise OutputError(f"{wheel.file.location} is not on this machine and cannot be deleted")
    yield path
    yield from (pathlib.Path(f"{path}{suffix}") for suffix in _COMPANIONS)
    # fromager's server lists the links of `simple`, and fails on one without a target
    link = path.parent.resolve().parent / "simple" / wheel.name.name / path.name
    if link.is_symlink() and os.path.realpath(link) == os.path.realpath(path):
        yield link


def _unlink(path: pathlib.Path) -> str:
    """Delete a file, if it exists; return why that failed, or ""."""
    try:
        path.unlink(missing_ok=True)
    except OSError as err:
        return f"{path} cannot be deleted: {err.strerror}"
    return ""
