"""A pool: one folder of files, and the views over it, each with a simple index of its own.

``pool.json`` in the folder lists every wheel. All pages of the views follow from it.
"""

from __future__ import annotations

import json
import os
import pathlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from packaging.utils import NormalizedName

from ...errors import InputError
from ...files import read_bounded
from ...text import first_few, plain
from ..file_name import LONGEST_NAME, wheel_name_or_none

#: Lists the wheels of a pool; a folder without it is not a pool.
POOL_FILE: Final = "pool.json"
#: Contains the wheels.
FILES: Final = "files"
#: Contains the pages of a view.
SIMPLE: Final = "simple"
#: The ending of the file with a wheel's METADATA, beside the wheel (PEP 658).
METADATA: Final = ".metadata"
#: A minor number adds, a major number breaks.
FORMAT_VERSION: Final = "1.0"
_VIEW: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
_RESERVED: Final = {FILES, SIMPLE, POOL_FILE}
#: The types of the values of a wheel; those of the list of views are checked as names.
_TYPES: Final[Mapping[str, type]] = {
    "filename": str,
    "sha256": str,
    "size": int,
    "views": list,
    "requires_python": str,
    "metadata": str,
    "shared": bool,
    "labelled": dict,
}
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
#: Bytes: 50,000 wheels in ten views have 25 million.
_LARGEST: Final = 400_000_000


class LabelledCopy(NamedTuple):
    """The copy of a wheel with the label of its accelerator."""

    sha256: str
    size: int


@dataclass(frozen=True, kw_only=True, slots=True)
class PooledWheel:
    """A wheel of a pool.

    Attributes:
        requires_python: of its METADATA; it may be an invalid specifier.
        metadata: the SHA-256 of its METADATA; "" if there is no such file beside the wheel.
        views: the names of the views that list it.
        shared: whether the index of all accelerators lists it.
        labelled: the copy with a label, which that index lists in its place; None if there is none.
    """

    filename: str
    project: NormalizedName
    version: str
    sha256: str
    size: int
    requires_python: str
    metadata: str
    views: frozenset[str]
    shared: bool = False
    labelled: LabelledCopy | None = None

    @property
    def saved(self) -> int:
        """The bytes of the copies that the views would have without a pool."""
        return max(len(self.views) - 1, 0) * self.size


@dataclass(frozen=True, kw_only=True, slots=True)
class Pool:
    """The wheels of a pool by their file names, in no order."""

    wheels: Mapping[str, PooledWheel] = field(default_factory=dict)

    @property
    def views(self) -> Sequence[str]:
        """The names of the views, sorted."""
        return sorted({view for wheel in self.wheels.values() for view in wheel.views})

    def by_project(self) -> Mapping[NormalizedName, Sequence[PooledWheel]]:
        """Return the wheels of each project, all sorted by name."""
        found: dict[NormalizedName, list[PooledWheel]] = {}
        for wheel in sorted(self.wheels.values(), key=lambda each: (each.project, each.filename)):
            found.setdefault(wheel.project, []).append(wheel)
        return found

    def lines(self) -> Iterator[str]:
        """Yield the text of ``pool.json``, which has a line for each wheel."""
        yield f'{{"format_version": "{FORMAT_VERSION}", "wheels": [\n'
        for number, name in enumerate(sorted(self.wheels)):
            yield ("," if number else "") + json.dumps(_record(self.wheels[name])) + "\n"
        yield "]}\n"


def has_room(filename: str) -> bool:
    """Return whether the file with a wheel's METADATA can have its name."""
    return len(filename) + len(METADATA) <= LONGEST_NAME


def view_problem(name: str) -> str:
    """Return why a view cannot have a name; "" if it can."""
    if not _VIEW.fullmatch(name):
        return (
            f"{name!r} is not the name of a view: use lower-case letters, digits, '.', '_' and '-'"
        )
    return f"{name!r} is a name that the pool itself uses" if name in _RESERVED else ""


def read_pool(folder: pathlib.Path) -> Pool:
    """Return the pool in a folder; an empty one if the folder is missing or empty.

    Raises:
        InputError: the folder contains something else, or a pool of a later format.
    """
    path = folder / POOL_FILE
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is not a folder: name a new or empty one, or a pool")
    if not path.exists():
        try:
            found = sorted(each.name for each in folder.iterdir()) if folder.exists() else []
        except OSError as err:
            raise InputError(f"{folder} cannot be read: {err.strerror}") from None
        if found:
            raise InputError(
                f"{folder} contains {found[0]!r} and no {POOL_FILE}, so it is not a pool: name a "
                "new or empty folder"
            )
        return Pool()
    text = read_bounded(path, largest=_LARGEST, root=folder)
    try:
        pool = _parsed(json.loads(text))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as err:
        reason = plain(str(err))
        raise InputError(f"{path} is not the list of a pool ({reason}): restore it") from None
    _refuse_missing(pool, folder / FILES)
    return pool


def _refuse_missing(pool: Pool, folder: pathlib.Path) -> None:
    """Refuse a pool whose pages would list files that it does not have."""
    try:
        missing = pool.wheels.keys() - set(os.listdir(folder))  # noqa: PTH208 - texts, 50,000
    except OSError as err:
        raise InputError(f"{folder} cannot be read: {err.strerror}") from None
    if missing:
        raise InputError(
            f"{folder} has no {first_few(sorted(missing))}, which {POOL_FILE} lists: restore it"
        )


def _parsed(data: Any) -> Pool:
    version = str(data["format_version"])
    if version.partition(".")[0] != FORMAT_VERSION.partition(".")[0]:
        raise ValueError(f"format_version {version!r}, this release reads {FORMAT_VERSION!r}")
    wheels = [_wheel(each) for each in data["wheels"]]
    return Pool(wheels={each.filename: each for each in wheels})


def _wheel(record: Mapping[str, Any]) -> PooledWheel:
    _refuse_types(record)
    filename, sha256 = record["filename"], record["sha256"]
    metadata = record.get("metadata", "")
    name = wheel_name_or_none(filename)
    if name is None or "/" in filename:
        raise ValueError(f"{filename!r} is not the file name of a wheel")
    labelled = LabelledCopy(**record["labelled"]) if "labelled" in record else None
    hashes = (sha256, metadata or sha256, labelled.sha256 if labelled else sha256)
    if not all(map(_SHA256.fullmatch, hashes)):
        raise ValueError(f"a SHA-256 of {filename!r} is none")
    views = frozenset(record["views"])
    if problem := next(filter(None, map(view_problem, sorted(views))), ""):
        raise ValueError(problem)
    return PooledWheel(
        filename=filename,
        project=name.name,
        version=str(name.version),
        sha256=sha256,
        size=record["size"],
        requires_python=record.get("requires_python", ""),
        metadata=metadata,
        views=views,
        shared=record.get("shared", False),
        labelled=labelled,
    )


def _refuse_types(record: Mapping[str, Any]) -> None:
    """Refuse values that another program, or a person, wrote; the pages have all of them."""
    for name, value in (*record.items(), *record.get("labelled", {}).items()):
        kind = _TYPES.get(name)
        if kind and (type(value) is not kind or (isinstance(value, int) and value < 0)):
            raise ValueError(f"{name} is {value!r}")
        if kind is str:
            value.encode()  # no half of a surrogate pair


def _record(wheel: PooledWheel) -> Mapping[str, Any]:
    record: dict[str, Any] = {
        "filename": wheel.filename,
        "sha256": wheel.sha256,
        "size": wheel.size,
        "views": sorted(wheel.views),
    }
    if wheel.requires_python:
        record["requires_python"] = wheel.requires_python
    if wheel.metadata:
        record["metadata"] = wheel.metadata
    if wheel.shared:
        record["shared"] = True
    if wheel.labelled:
        record["labelled"] = wheel.labelled._asdict()
    return record
