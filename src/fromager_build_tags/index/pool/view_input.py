"""A folder of wheels that is merged into a pool: its wheels, hashed, and what is wrong in it."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass, field

from ...findings import rules
from ...findings.finding import Finding, Place, Severity
from ...verify.run import unreadable
from ..file_name import wheel_name_or_none
from ..listing import DirectoryIndex, ListedProject
from ..status import IndexWheel, ProjectFiles
from .source_file import SourceFile


@dataclass(kw_only=True, slots=True)
class Copies:
    """The files of the inputs that have one name; one file for each SHA-256."""

    wheel: IndexWheel
    views: set[str] = field(default_factory=set)
    files: dict[str, SourceFile] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class ViewInput:
    """A folder of wheels, and the name of the view that lists them."""

    view: str
    index: DirectoryIndex

    def empty(self) -> Iterator[Finding]:
        """Yield that the folder has no wheel, so that there is no view."""
        files = itertools.chain.from_iterable(self.index.files.values())
        if not any(wheel_name_or_none(filename) for filename, *_ in files):
            yield rules.EMPTY_INDEX.finding(
                f"no wheels for the view {self.view}",
                subject=self.view,
                remedy="name a folder of wheels",
                place=Place(file=str(self.index.place)),
                severity=Severity.ERROR,
            )

    def collect(self, files: ProjectFiles, copies: dict[str, Copies]) -> Iterator[Finding]:
        """Hash the wheels of a project, add them to *copies*, and yield those that are refused."""
        for wheel in itertools.chain.from_iterable(files.wheels.values()):
            try:
                file = _read(wheel, self.index) if not wheel.name.label else _labelled(wheel)
            except OSError as err:
                file = unreadable(wheel.file.location, err.strerror or str(err))
            if isinstance(file, Finding):
                yield file
                continue
            same = copies.setdefault(wheel.file.filename, Copies(wheel=wheel))
            same.views.add(self.view)
            same.files.setdefault(file.sha256, file)


def _read(wheel: IndexWheel, index: DirectoryIndex) -> SourceFile | Finding:
    """Hash a wheel, unless it is outside of the folder.

    Raises:
        OSError: it cannot be read.
    """
    location, root = wheel.file.location, os.path.realpath(index.place.address)
    path = os.path.realpath(location)
    if not path.startswith(os.path.join(root, "")):  # noqa: PTH118 - a text, one of 50,000
        return unreadable(
            location,
            f"it is, or lies behind, a symbolic link that leads out of {index.place}",
            remedy="copy the wheel into the folder",
        )
    return SourceFile.read(path if os.path.islink(location) else location)  # noqa: PTH114


def _labelled(wheel: IndexWheel) -> Finding:
    return rules.UNLABELLED_WHEEL.finding(
        f"{wheel.file.filename} already has the label {wheel.name.label!r}",
        subject=wheel.name.name,
        remedy="merge the plain wheel: --variants makes the copy with the label",
        place=Place(file=wheel.file.location),
        severity=Severity.ERROR,
    )


def problems(listed: ListedProject, files: ProjectFiles) -> Iterator[Finding]:
    """Yield what is no wheel, and links without a target."""
    for file in files.misnamed:
        yield rules.INVALID_NAME.finding(
            f"{file.filename!r} is not a valid name of a wheel of {listed.project}: not merged",
            subject=listed.project,
            remedy="rename or delete it: pip ignores it, and uv reads only a name with `__`",
            place=Place(file=file.location),
        )
    if listed.unreadable is not None:
        yield unreadable(listed.unreadable.location, listed.unreadable.reason)
