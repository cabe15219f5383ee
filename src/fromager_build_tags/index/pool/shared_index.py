"""The index of all accelerators over a pool: which files it lists. It is experimental.

A wheel without accelerator, or for ``cpu``, is listed as it is; one for CUDA or ROCm as a copy with
a label, which only uv with its preview reads. A wheel for another accelerator is not listed.
"""

from __future__ import annotations

import dataclasses
import hashlib
import pathlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from packaging.utils import NormalizedName
from packaging.version import Version

from ...errors import InputError
from ...tag.filename import WheelName, parse_wheel_name
from ..file_name import LONGEST_NAME
from ..listing import IndexFile
from ..wheel_variants import label_of, labelled, relabel, version_json, version_json_path
from .pool import METADATA, LabelledCopy, Pool, PooledWheel, has_room
from .pool_pages import PageFile
from .source_file import SourceFile, link_or_copy


@dataclass(frozen=True, kw_only=True, slots=True)
class SharedProject:
    """The files of a project in the index.

    Attributes:
        names: the names of its wheels, with their labels, in the order of the pool.
        documents: the files that list the labels of a version, by their paths.
    """

    project: NormalizedName
    wheels: Sequence[PooledWheel]
    names: Sequence[WheelName]
    documents: Mapping[str, bytes]

    def page(self) -> Sequence[PageFile]:
        """Return the files of its page; each wheel with a label has its copy by now."""
        wheels = [
            _page_file(wheel, name.filename)
            for wheel, name in zip(self.wheels, self.names, strict=True)
        ]
        documents = [
            PageFile(path, hashlib.sha256(content).hexdigest(), len(content))
            for path, content in self.documents.items()
        ]
        return [*wheels, *documents]

    def listing(self) -> Sequence[IndexFile]:
        """Return its files as an installer reads them."""
        wheels = [
            IndexFile(
                self.project,
                name.filename,
                name.filename,
                wheel.sha256,
                requires_python=wheel.requires_python,
            )
            for wheel, name in zip(self.wheels, self.names, strict=True)
        ]
        names = [path.rpartition("/")[2] for path in self.documents]
        return [*wheels, *(IndexFile(self.project, name, name) for name in names)]


def with_shared(pool: Pool) -> Pool:
    """Return a pool whose index of all accelerators lists every wheel that it can list."""
    wheels = {
        name: dataclasses.replace(wheel, shared=not unlisted_reason(wheel))
        for name, wheel in pool.wheels.items()
    }
    return Pool(wheels=wheels)


def unlisted_reason(wheel: PooledWheel) -> str:
    """Return why the index cannot list a wheel; "" if it can."""
    try:
        name = _name_in_index(wheel)
    except InputError as err:
        return str(err)
    return "" if len(name.filename) <= LONGEST_NAME else f"{name.filename!r} is too long"


def shared_projects(pool: Pool) -> Iterator[SharedProject]:
    """Yield the projects of the index, sorted by name."""
    for project, wheels in pool.by_project().items():
        if listed := [each for each in wheels if each.shared]:
            names = [*map(_name_in_index, listed)]
            documents = dict(_documents(project, names))
            yield SharedProject(project=project, wheels=listed, names=names, documents=documents)


def write_labelled(files: pathlib.Path, wheel: PooledWheel) -> PooledWheel:
    """Write the copy of a wheel with its label, unless there is one, and return the wheel with it.

    Raises:
        WheelError: the wheel cannot be copied, such as a signed one.
        OutputError: the copy cannot be written.
        OSError: its METADATA cannot be written.
    """
    if not wheel.shared:
        return wheel
    name = _name_in_index(wheel)
    target, beside = files / name.filename, files / f"{name.filename}{METADATA}"
    if not name.label or (wheel.labelled and target.exists()):
        return wheel
    relabel(files / wheel.filename, target)
    if wheel.metadata and has_room(target.name) and not beside.exists():
        link_or_copy(f"{files / wheel.filename}{METADATA}", beside)
    copy = SourceFile.read(str(target))
    return dataclasses.replace(wheel, labelled=LabelledCopy(copy.sha256, copy.size))


def _name_in_index(wheel: PooledWheel) -> WheelName:
    """Return the name of a wheel in the index.

    Raises:
        InputError: no label is possible.
    """
    name = parse_wheel_name(wheel.filename)
    return parse_wheel_name(labelled(name)) if label_of(name) else name


def _documents(project: NormalizedName, names: Iterable[WheelName]) -> Iterator[tuple[str, bytes]]:
    labels: dict[Version, set[str]] = {}
    for name in names:
        if name.label:
            labels.setdefault(name.version, set()).add(name.label)
    for version in sorted(labels):
        content = version_json(labels[version])
        yield version_json_path(project, version, content), content


def _page_file(wheel: PooledWheel, filename: str) -> PageFile:
    copy = wheel.labelled if filename != wheel.filename else None
    return PageFile(
        path=filename,
        sha256=copy.sha256 if copy else wheel.sha256,
        size=copy.size if copy else wheel.size,
        requires_python=wheel.requires_python,
        metadata=wheel.metadata if has_room(filename) else "",
    )
