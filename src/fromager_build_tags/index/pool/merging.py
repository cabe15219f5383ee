"""Merge folders of wheels into a pool: what goes where, decided before anything is written."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import pathlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from packaging.metadata import parse_email
from packaging.utils import NormalizedName

from ...findings import rules
from ...findings.finding import Finding, Place
from ...http.prefetch import prefetch
from ...verify.run import unreadable
from ...wheel.archive import WheelArchive, WheelError
from ...wheel.content import difference, read_content
from ..auditing import side_by_side
from ..listing import ListedProject
from ..status import IndexWheel, group_files
from .pool import FILES, Pool, PooledWheel, has_room
from .source_file import SourceFile
from .view_input import Copies, ViewInput, problems

#: Projects that are read, and files that are written, at the same time.
READERS: Final = 8
#: Characters of a Requires-Python, which is on the page of each view and in the list of the pool.
_LONGEST_REQUIRES: Final = 1_000


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

    def run(self) -> Iterator[MergedProject]:
        """Yield what becomes of every project of the inputs; nothing is written."""
        projects = side_by_side([each.index for each in self.inputs])
        return prefetch(self._project, projects, threads=READERS)

    def findings(self, projects: Iterable[MergedProject]) -> Iterator[Finding]:
        """Yield those of the inputs, then those of the projects."""
        for view in self.inputs:
            yield from view.empty()
        for each in projects:
            yield from each.findings

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
        copies: dict[str, Copies] = {}
        findings: list[Finding] = []
        skipped = 0
        for number, listed in by_input.items():
            files = group_files(listed.files)
            skipped += files.skipped + len(files.sdists)
            findings += problems(listed, files)
            findings += self.inputs[number].collect(files, copies)
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

    def _wheel(self, copies: Copies) -> tuple[MergedWheel, Sequence[Finding]]:
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
