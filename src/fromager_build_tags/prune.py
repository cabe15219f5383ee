"""Which wheels nothing needs any more, and deleting them: never the last that does the job."""

from __future__ import annotations

import dataclasses
import functools
import os
import pathlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from .errors import OutputError
from .expected import Expected
from .hashing import file_size, local_path
from .index import IndexFile
from .standing import Standing, Wheel, is_replaced, replacements
from .view import ProjectView, build_tag, replaced_by, tags_text, wanted_tags
from .wheel import WheelArchive, WheelError

#: What is said of a wheel in a file beside it, which means nothing without it.
_COMPANIONS: Final = (".asc", ".sig", ".metadata", ".provenance")
_BLOCK: Final = 1 << 20
#: What fromager's ``simple`` holds links to.
_FROMAGER: Final = {"downloads", "prebuilt"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """A wheel that the settings don't give: to delete, or kept, and why.

    Attributes:
        size: of what is to delete, in bytes; None if nobody tells it.
        companions: the files beside it that go with it, such as its signature.
    """

    wheel: Wheel
    delete: bool
    reason: str
    size: int | None
    companions: Sequence[pathlib.Path] = ()


def judge_leftovers(view: ProjectView, *, foreign: bool = False) -> Iterator[Judgement]:
    """Yield each wheel of a project that the settings don't give.

    It is to delete only if wheels that they do give do its job, and are whole: they are read to
    their ends, where they are on this machine.

    Args:
        view: the project in an index.
        foreign: whether those with a higher build number than the settings give count, too.
    """
    damage = functools.cache(_damage)
    for version, wheels in view.wheels.items():
        for wheel in wheels:
            if wheel.standing not in _STAY:
                yield _judge(wheel, view.expected[version], wheels, damage, foreign=foreign)


_STAY: Final = {Standing.CURRENT, Standing.PRE_BUILT, Standing.UNKNOWN}


def _judge(
    wheel: Wheel,
    expected: Expected,
    wheels: Sequence[Wheel],
    damage: Callable[[IndexFile], str],
    *,
    foreign: bool,
) -> Judgement:
    if expected.number is None:
        untold = "its build tag cannot be told" if expected.error else ""
        return _kept(wheel, untold or "the settings give it no build number")
    found = replacements(wheel.name, expected, wheels)
    if not is_replaced(found):
        missing = tags_text((tag for tag, some in found.items() if not some), " and ")
        return _kept(wheel, f"no wheel with {missing} fits wherever it does: build that")
    if wheel.standing is Standing.FOREIGN and not foreign:
        wanted = wanted_tags(wheel, expected)
        return _kept(wheel, f"{build_tag(wheel)} is above {wanted}: are the settings older?")
    chosen: list[Wheel] = []
    for some in found.values():
        why_not = {each.file: _link(each, wheel) or damage(each.file) for each in some}
        whole = [each for each in some if not why_not[each.file]]
        if not whole:
            file, reason = next(iter(why_not.items()))
            return _kept(wheel, f"{file.filename} should replace it, and {reason}")
        chosen.append(whole[0])
    companions = tuple(_companions(wheel))
    return Judgement(
        wheel=wheel,
        delete=True,
        reason=_reason(wheel, expected, chosen),
        size=_size(wheel, companions),
        companions=companions,
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


def _damage(file: IndexFile) -> str:
    """Return what is wrong with a wheel, read to its end; "" for one that is elsewhere."""
    path = local_path(file)
    if path is None:
        return ""
    try:
        with WheelArchive.open(path) as archive:
            archive.metadata()
            for member in archive.members():
                with member.open() as stream:  # to its end, where the checksum is compared
                    while stream.read(_BLOCK):
                        pass
    except WheelError as err:
        return f"is damaged: {err.reason}"
    return ""


def _link(one: Wheel, other: Wheel) -> str:
    """Return whether one wheel is but a link to another, which does not outlive it."""
    path = local_path(one.file)
    linked = path is not None and path.is_symlink() and _same(path, other.file)
    return "is a link to it" if linked else ""


def _same(path: pathlib.Path, file: IndexFile) -> bool:
    return os.path.realpath(path) == os.path.realpath(file.location)


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
    """Return what deleting a file frees: nothing, if it is a link."""
    return path.stat().st_size if path.is_file() and not path.is_symlink() else 0


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
        failure = _delete(path, each.wheel)
        if failure:
            reason = "kept: it cannot be deleted"
            kept = dataclasses.replace(each, delete=False, reason=reason, companions=())
            yield kept, [failure]
        else:
            failures = [_delete(companion, each.wheel) for companion in each.companions]
            yield each, [text for text in failures if text]


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
