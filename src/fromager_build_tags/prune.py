"""Which wheels nothing needs any more, and deleting them: never the last that does the job."""

from __future__ import annotations

import pathlib
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .errors import OutputError
from .hashing import file_size, local_path
from .index import IndexPlace
from .standing import Standing, Wheel, covers
from .view import ProjectView, build_tag, wanted_tags


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """A wheel that the settings don't give: to delete, or kept, and why.

    Attributes:
        size: in bytes; None if nobody tells it.
    """

    wheel: Wheel
    delete: bool
    reason: str
    size: int | None


def judge_leftovers(view: ProjectView, *, foreign: bool = False) -> Iterator[Judgement]:
    """Yield each wheel of a project that the settings don't give.

    It is to delete only if a wheel that they do give fits wherever it does, and is whole, as
    far as this machine can tell.

    Args:
        view: the project in an index.
        foreign: whether those with a higher build number than the settings give count, too.
    """
    for version, wheels in view.wheels.items():
        left = [each for each in wheels if each.standing not in _STAY]
        if not left:
            continue
        expected = view.expected[version]
        whole = [each for each in wheels if _is_wanted(each) and _is_whole(each)]
        for wheel in left:
            wanted = wanted_tags(wheel, expected)
            if not any(covers(each.name.tags, wheel.name.tags) for each in whole):
                reason = f"kept: the settings give {wanted}, and no whole wheel has it: build it"
                yield _judgement(wheel, reason, delete=False)
            elif wheel.standing is Standing.FOREIGN and not foreign:
                reason = f"kept: {build_tag(wheel)} is above {wanted}: are the settings older?"
                yield _judgement(wheel, reason, delete=False)
            else:
                yield _judgement(wheel, _reason(wheel, expected.number, wanted), delete=True)


_STAY = {Standing.CURRENT, Standing.UNKNOWN}


def _judgement(wheel: Wheel, reason: str, *, delete: bool) -> Judgement:
    return Judgement(wheel=wheel, delete=delete, reason=reason, size=file_size(wheel.file))


def _reason(wheel: Wheel, number: int | None, wanted: str) -> str:
    if (wheel.name.number or 0) < (number or 0):
        return f"older build number: there is {wanted}"
    return f"another stack: the settings give {wanted}, which is there"


def _is_wanted(wheel: Wheel) -> bool:
    return wheel.standing is Standing.CURRENT and not wheel.yanked


def _is_whole(wheel: Wheel) -> bool:
    path = local_path(wheel.file)
    return path is None or zipfile.is_zipfile(path)


def delete(place: IndexPlace, judgements: Sequence[Judgement]) -> Iterator[str]:
    """Delete what is to delete, with fromager's links to it; yield what could not be.

    Raises:
        OutputError: the index is not a folder.
    """
    if place.is_url:
        raise OutputError(f"{place} is no folder: nothing can be deleted there")
    simple = pathlib.Path(place.address) / "simple"
    for each in judgements:
        if each.delete:
            path = pathlib.Path(each.wheel.file.location)
            link = simple / each.wheel.name.name / path.name
            try:
                path.unlink()
                if link.is_symlink():
                    link.unlink()
            except OSError as err:
                yield f"{path} cannot be deleted: {err.strerror}"
