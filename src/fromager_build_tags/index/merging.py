"""Merge folders of wheels into a pool: what goes where, decided before anything is written."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import os
import pathlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from packaging.metadata import parse_email
from packaging.utils import NormalizedName

from ..findings import rules
from ..findings.finding import Finding, Place, Severity
from ..http.prefetch import prefetch
from ..verify.run import unreadable
from ..wheel.archive import WheelArchive, WheelError
from ..wheel.content import difference, read_content
from .auditing import side_by_side
from .listing import DirectoryIndex, ListedProject
from .pool import FILES, Pool, PooledWheel, has_room
from .source_file import SourceFile
from .status import IndexWheel, ProjectFiles, group_files, wheel_name_or_none

#: Projects that are read, and files that are written, at the same time.
READERS: Final = 8
#: Characters of a Requires-Python, which is on the page of each view and in the list of the pool.
_LONGEST_REQUIRES: Final = 1_000


@dataclass(frozen=True, kw_only=True, slots=True)
class ViewInput:
    """A folder of wheels, and the name of the view that lists them."""

    view: str
    index: DirectoryIndex


@dataclass(frozen=True, kw_only=True, slots=True)
class MergedWheel:
    """A wheel of the inputs, as it is in the pool after the merge.

    Attributes:
        source: its file, if the pool does not have the wheel yet.
        equal: files with its content and other bytes: their timestamps, or the order of their
            members, differ. They are left out.
    """

    wheel: PooledWheel
    source: SourceFile | None
    equal: Sequence[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class MergedProject:
    """What becomes of a project of the inputs.

    Attributes:
        skipped: the number of files that are no wheels.
        findings: the pool is written only if none of them is an error.
    """

    project: NormalizedName
    wheels: Sequence[MergedWheel]
    skipped: int
    findings: Sequence[Finding]


@dataclass(kw_only=True, slots=True)
class _Copies:
    """The files of the inputs that have one name; one file for each SHA-256."""

    wheel: IndexWheel
    views: set[str] = field(default_factory=set)
    files: dict[str, SourceFile] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Merge:
    """Folders to merge into a pool.

    Attributes:
        pool: the wheels that the pool has.
        folder: the folder of the pool.
    """

    inputs: Sequence[ViewInput]
    pool: Pool
    folder: pathlib.Path

    def empty(self) -> Iterator[Finding]:
        """Yield the inputs without a wheel: they have no view."""
        for each in self.inputs:
            files = itertools.chain.from_iterable(each.index.files.values())
            if not any(wheel_name_or_none(filename) for filename, *_ in files):
                yield rules.EMPTY_INDEX.finding(
                    f"no wheels for the view {each.view}",
                    subject=each.view,
                    remedy="name a folder of wheels",
                    place=Place(file=str(each.index.place)),
                    severity=Severity.ERROR,
                )

    def run(self) -> Iterator[MergedProject]:
        """Yield what becomes of every project of the inputs; nothing is written."""
        projects = side_by_side([each.index for each in self.inputs])
        return prefetch(self._project, projects, threads=READERS)

    def newly_shared(
        self, pool: Pool, projects: Iterable[MergedProject]
    ) -> Iterator[tuple[PooledWheel, str]]:
        """Yield the wheels that the index of all accelerators did not list, and their paths."""
        sources = {
            each.wheel.filename: each.source.path
            for project in projects
            for each in project.wheels
            if each.source
        }
        for filename, wheel in sorted(pool.wheels.items()):
            old = self.pool.wheels.get(filename)
            if wheel.shared and not (old and old.shared):
                yield wheel, sources.get(filename, str(self.folder / FILES / filename))

    def _project(self, each: tuple[NormalizedName, Mapping[int, ListedProject]]) -> MergedProject:
        project, by_input = each
        copies: dict[str, _Copies] = {}
        findings: list[Finding] = []
        skipped = 0
        for number, listed in by_input.items():
            files = group_files(listed.files)
            skipped += files.skipped + len(files.sdists)
            findings += _problems(listed, files)
            wheels = [*itertools.chain.from_iterable(files.wheels.values())]
            findings += map(_labelled, (each for each in wheels if each.name.label))
            plain = [each for each in wheels if not each.name.label]
            findings += _collect(self.inputs[number], plain, copies)
        merged = []
        for filename in sorted(copies):
            try:
                wheel, found = self._wheel(copies[filename])
            except WheelError as err:
                findings.append(unreadable(str(err.path), err.reason))
            else:
                merged.append(wheel)
                findings += found
        return MergedProject(project=project, wheels=merged, skipped=skipped, findings=findings)

    def _wheel(self, copies: _Copies) -> tuple[MergedWheel, Sequence[Finding]]:
        """Choose the file to keep: the published one, or else the one with the lowest hash.

        Raises:
            WheelError: a file cannot be read.
        """
        filename = copies.wheel.file.filename
        old = self.pool.wheels.get(filename)
        kept = old.sha256 if old else min(copies.files)  # whatever the order of the inputs
        path = str(self.folder / FILES / filename) if old else copies.files[kept].path
        others = [file for sha256, file in sorted(copies.files.items()) if sha256 != kept]
        findings = [*_different(copies.wheel, path, [each.path for each in others])]
        source = None if old else copies.files[kept]
        wheel = old if source is None else _pooled(copies.wheel, source)
        assert wheel is not None, "it is either in the pool or has a source"
        merged = MergedWheel(
            wheel=dataclasses.replace(wheel, views=wheel.views | copies.views),
            source=source,
            equal=[] if findings else sorted(each.path for each in others),
        )
        return merged, findings


def merged_pool(pool: Pool, projects: Iterable[MergedProject]) -> Pool:
    """Return the pool after a merge."""
    added = {each.wheel.filename: each.wheel for project in projects for each in project.wheels}
    return Pool(wheels={**pool.wheels, **added})


def read_metadata(path: str) -> bytes:
    """Return the METADATA of a wheel.

    Raises:
        WheelError: it cannot be read.
    """
    with WheelArchive.open(path) as archive:
        return archive.metadata_text()


def _pooled(wheel: IndexWheel, source: SourceFile) -> PooledWheel:
    text = read_metadata(source.path)
    filename = wheel.file.filename
    requires_python = parse_email(text)[0].get("requires_python", "")
    if len(requires_python) > _LONGEST_REQUIRES:
        reason = f"its Requires-Python has {len(requires_python):,} characters"
        raise WheelError(source.path, f"{reason}; {_LONGEST_REQUIRES:,} are read")
    return PooledWheel(
        filename=filename,
        project=wheel.name.name,
        version=str(wheel.name.version),
        sha256=source.sha256,
        size=source.size,
        requires_python=requires_python,
        metadata=hashlib.sha256(text).hexdigest() if has_room(filename) else "",
        views=frozenset(),
    )


def _collect(
    view: ViewInput, wheels: Iterable[IndexWheel], copies: dict[str, _Copies]
) -> Iterator[Finding]:
    """Hash wheels of an input, add them to *copies*, and yield those that cannot be read."""
    root = os.path.realpath(view.index.place.address)
    for wheel in wheels:
        location = wheel.file.location
        path = os.path.realpath(location)
        if not path.startswith(os.path.join(root, "")):  # noqa: PTH118 - a text, one of 50,000
            yield unreadable(
                location,
                f"it is, or lies behind, a symbolic link that leads out of {view.index.place}",
                remedy="copy the wheel into the folder",
            )
            continue
        try:
            file = SourceFile.read(path if os.path.islink(location) else location)  # noqa: PTH114
        except OSError as err:
            yield unreadable(location, err.strerror or str(err))
            continue
        same = copies.setdefault(wheel.file.filename, _Copies(wheel=wheel))
        same.views.add(view.view)
        same.files.setdefault(file.sha256, file)


def _labelled(wheel: IndexWheel) -> Finding:
    return rules.UNLABELLED_WHEEL.finding(
        f"{wheel.file.filename} already has the label {wheel.name.label!r}",
        subject=wheel.name.name,
        remedy="merge the plain wheel: --variants makes the copy with the label",
        place=Place(file=wheel.file.location),
        severity=Severity.ERROR,
    )


def _problems(listed: ListedProject, files: ProjectFiles) -> Iterator[Finding]:
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


def _different(wheel: IndexWheel, kept: str, others: Sequence[str]) -> Iterator[Finding]:
    """Yield the files whose content is not that of the file that is kept.

    Raises:
        WheelError: a file cannot be read.
    """
    if not others:
        return
    with WheelArchive.open(kept) as archive:
        content = read_content(archive)
    for path in others:
        with WheelArchive.open(path) as archive:
            names = os.path.dirname(kept), os.path.dirname(path)  # noqa: PTH120 - texts
            found = difference(content, read_content(archive), names)
        if found:
            yield rules.DIFFERENT_CONTENT.finding(
                f"{wheel.file.filename} has other content in {names[1]} than in {names[0]}: "
                f"{found}",
                subject=wheel.name.name,
                remedy="keep one of them, or rebuild one with another build number",
                place=Place(file=path),
            )
