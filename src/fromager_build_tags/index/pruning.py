"""Which wheels nothing needs any more, and deleting them: never the last that does the job."""

from __future__ import annotations

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
from ..tag.segment import Order
from ..tag.vocabulary import accelerator_word, segment_texts
from ..wheel import WheelArchive, WheelError
from .content_hashes import recorded_hashes
from .expected import Expected
from .hashing import file_size, local_path
from .status import Status, Wheel, is_replaced, replacements
from .view import ProjectView, build_tag, replaced_by, tags_text, wanted_tags

#: What is said of a wheel in a file beside it, which means nothing without it.
_COMPANIONS: Final = (".asc", ".sig", ".metadata", ".provenance")
_BLOCK: Final = 1 << 20
#: Characters of a name that are shown.
_MOST: Final = 200
#: What fromager's ``simple`` holds links to.
_FROMAGER: Final = {"downloads", "prebuilt"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """A wheel that the settings don't give: to delete, or kept, and why.

    Attributes:
        size: of what is to delete, in bytes; None if nobody tells it.
        companions: the files beside it that go with it, such as its signature.
        instead: the wheels that do its job.
    """

    wheel: Wheel
    delete: bool
    reason: str
    size: int | None
    companions: Sequence[pathlib.Path] = ()
    instead: Sequence[Wheel] = ()


def judge_leftovers(
    view: ProjectView, *, foreign: bool = False, accelerators: Collection[str] = ()
) -> Iterator[Judgement]:
    """Yield each wheel of a project that the settings don't give.

    It is to delete only if wheels that they do give do its job, and are whole: they are read to
    their ends, where they are on this machine.

    Args:
        view: the project in an index.
        foreign: whether those count, too, that have a higher build number than the settings give,
            or are for another accelerator.
        accelerators: what the stacks of the variant are for, such as ``cuda``; empty if nobody
            knows.
    """
    damage = functools.cache(_damage)
    for version, wheels in view.wheels.items():
        for wheel in wheels:
            if wheel.standing in _STAY:
                continue
            expected = view.expected[version]
            if not foreign and (reason := _foreign(wheel, expected, accelerators)):
                yield _kept(wheel, reason)
            else:
                yield _judge(wheel, expected, wheels, damage)


_STAY: Final = {Status.CURRENT, Status.PRE_BUILT, Status.UNKNOWN}


def _foreign(wheel: Wheel, expected: Expected, accelerators: Collection[str]) -> str:
    """Return why a wheel seems to be somebody else's; "" if it does not."""
    if wheel.standing is Status.FOREIGN:
        wanted = wanted_tags(wheel, expected)
        return f"{build_tag(wheel)} is above {wanted}: are the settings older?"
    accelerator = segment_texts(wheel.name.suffix).get(Order.ACCELERATOR, "")
    if accelerator and accelerators and accelerator_word(accelerator) not in accelerators:
        words = " or ".join(sorted(accelerators))
        return f"it is for {accelerator}, and not for {words}: move it to an index of its own"
    return ""


def _judge(
    wheel: Wheel,
    expected: Expected,
    wheels: Sequence[Wheel],
    damage: Callable[[Wheel], str],
) -> Judgement:
    if expected.number is None:
        untold = "its build tag cannot be told" if expected.error else ""
        return _kept(wheel, untold or "the settings give it no build number")
    found = replacements(wheel.name, expected, wheels)
    if not is_replaced(found):
        missing = tags_text((tag for tag, some in found.items() if not some), " and ")
        return _kept(wheel, f"no wheel with {missing} fits wherever it does: build that")
    chosen: list[Wheel] = []
    for some in found.values():
        whole = next((each for each in some if not damage(each)), None)
        if whole is None:
            reason = f"is damaged: {damage(some[0])}"
            return _kept(wheel, f"{some[0].file.filename} should replace it, and {reason}")
        chosen.append(whole)
    companions = tuple(_companions(wheel))
    return Judgement(
        wheel=wheel,
        delete=True,
        reason=_reason(wheel, expected, chosen),
        size=_size(wheel, companions),
        companions=companions,
        instead=chosen,
    )


def _kept(wheel: Wheel, reason: str) -> Judgement:
    return Judgement(
        wheel=wheel, delete=False, reason=f"kept: {reason}", size=file_size(wheel.file)
    )


def _reason(wheel: Wheel, expected: Expected, chosen: Sequence[Wheel]) -> str:
    number, wanted = wheel.name.number or 0, expected.number or 0
    why = "another stack"
    if number != wanted:
        why = f"{'older' if number < wanted else 'higher'} build number"
    return f"{why}: {replaced_by(chosen)}"


def _damage(wheel: Wheel) -> str:
    """Return what is wrong with a wheel, read to its end; "" for one that is elsewhere."""
    path = local_path(wheel.file)
    if path is None:
        return ""
    try:
        with WheelArchive.open(path) as archive:
            archive.wheel_metadata()
            if reason := _wrong_metadata(archive, wheel) or _lacking(archive):
                return reason
            for member in archive.members():
                with member.open() as stream:  # to its end, where the checksum is compared
                    while stream.read(_BLOCK):
                        pass
    except WheelError as err:
        return err.reason
    return ""


def _wrong_metadata(archive: WheelArchive, wheel: Wheel) -> str:
    metadata = archive.metadata()
    name, version = metadata.get("name", ""), metadata.get("version", "")
    try:
        same = (canonicalize_name(name), Version(version)) == (wheel.name.name, wheel.name.version)
    except ValueError:  # InvalidVersion, or a number that is too long for int()
        same = False
    return "" if same else f"its METADATA is that of {name[:_MOST]!r} {version[:_MOST]!r}"


def _lacking(archive: WheelArchive) -> str:
    """Return what a wheel lacks of that which its RECORD lists."""
    missing = recorded_hashes(archive).keys() - set(archive.names())
    lacking = sorted(each for each in missing if not each.endswith("/"))  # some list folders
    return f"it lacks {lacking[0][:_MOST]!r}, which its RECORD lists" if lacking else ""


def links_of(wheels: Iterable[Wheel]) -> Iterator[tuple[str, str]]:
    """Yield where each wheel that is a link leads to, and the link."""
    for wheel in wheels:
        path = local_path(wheel.file)
        if path is not None and path.is_symlink():
            yield os.path.realpath(path), wheel.file.location


def spare_linked(
    judgements: Iterable[Judgement], links: Iterable[tuple[str, str]]
) -> list[Judgement]:
    """Return judgements that delete no file to which a link leads that stays."""
    judgements = list(judgements)
    doomed = {each.wheel.file.location for each in judgements if each.delete}
    staying = {target: link for target, link in links if link not in doomed}
    return [_spared(each, staying) for each in judgements] if staying else judgements


def _spared(judgement: Judgement, staying: Mapping[str, str]) -> Judgement:
    wheel = judgement.wheel
    path = local_path(wheel.file)
    if not judgement.delete or path is None or path.is_symlink():
        return judgement
    link = staying.get(os.path.realpath(path))
    return _kept(wheel, f"{link} is a link to it") if link else judgement


def _companions(wheel: Wheel) -> Iterator[pathlib.Path]:
    path = local_path(wheel.file)
    for suffix in _COMPANIONS if path else ():
        companion = pathlib.Path(f"{path}{suffix}")
        if companion.is_file():
            yield companion


def _size(wheel: Wheel, companions: Iterable[pathlib.Path]) -> int | None:
    path = local_path(wheel.file)
    if path is None:
        return wheel.file.size
    return sum(map(_bytes, (path, *companions)))


def _bytes(path: pathlib.Path) -> int:
    """Return what deleting a file frees: nothing, if it is a link or has another name."""
    known = path.lstat()
    return known.st_size if stat.S_ISREG(known.st_mode) and known.st_nlink == 1 else 0


def linked_folder(wheels: Iterable[Wheel]) -> pathlib.Path | None:
    """Return the folder that wheels lie in which are all links; None if one is a file."""
    folder = None
    for wheel in wheels:
        path = local_path(wheel.file)
        if path is None or not path.is_symlink():
            return None
        folder = pathlib.Path(os.path.realpath(path)).parent
    return folder.parent if folder and folder.name in _FROMAGER else folder


def delete(judgements: Iterable[Judgement]) -> Iterator[tuple[Judgement, Sequence[str]]]:
    """Delete what is to delete: wheels, with their companions and fromager's links to them.

    Yields:
        Each judgement as it came true, and what could not be deleted.

    Raises:
        OutputError: a wheel is not on this machine.
    """
    for each in judgements:
        if not each.delete:
            yield each, ()
            continue
        path = local_path(each.wheel.file)
        if path is None:
            raise OutputError(f"{each.wheel.file.location} is elsewhere: it cannot be deleted")
        if gone := next(filter(_is_gone, each.instead), None):
            yield _kept(each.wheel, f"{gone.file.filename}, which replaces it, is gone by now"), ()
            continue
        failure = _delete(path, each.wheel)
        if failure:
            yield _kept(each.wheel, "it cannot be deleted"), [failure]
        else:
            failures = [_delete(companion, each.wheel) for companion in each.companions]
            yield each, [text for text in failures if text]


def _is_gone(wheel: Wheel) -> bool:
    path = local_path(wheel.file)
    return path is not None and not path.is_file()


def _delete(path: pathlib.Path, wheel: Wheel) -> str:
    """Delete a file and fromager's link to it; return what keeps it from being deleted."""
    # fromager's downloads and prebuilt have its simple beside them
    link = path.parent.resolve().parent / "simple" / wheel.name.name / path.name
    linked = link.is_symlink() and os.path.realpath(link) == os.path.realpath(path)
    try:
        path.unlink()
        if linked:
            link.unlink()
    except OSError as err:
        return f"{path} cannot be deleted: {err.strerror}"
    return ""
