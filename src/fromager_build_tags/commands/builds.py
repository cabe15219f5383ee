"""The wheels of real builds, from fromager's files and from folders."""

from __future__ import annotations

import collections
import pathlib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import click
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from ..errors import InputError
from ..plan.lockfile import public_version
from ..review.change import Wheels
from ..tag.filename import parse_wheel_name

if TYPE_CHECKING:
    from ..plan.model import Wanted
    from ..review.snapshot import Snapshot


def real_wheels(
    build_files: Iterable[pathlib.Path], folders: Iterable[pathlib.Path]
) -> list[Wheels]:
    """Return the wheels of real builds: from fromager's files, and from folders of wheels.

    fromager's files do not record which wheels are pure Python; folders do, and their wheels are
    counted.

    Raises:
        InputError: a file is not fromager's, or a folder has no wheels.
    """
    counts: collections.Counter[tuple[str, Version | str, bool]] = collections.Counter()
    for folder in folders:
        counts.update(_wheels(folder))
    in_folders = {(package, version) for package, version, _ in counts}
    for key in _built(build_files):
        if key not in in_folders:
            counts[*key, False] = 1
    return [
        Wheels(package, str(version), purelib, files)
        for (package, version, purelib), files in counts.items()
    ]


def _built(files: Iterable[pathlib.Path]) -> Iterator[tuple[str, Version | str]]:
    for file in files:
        from ..plan.requirements import from_build_file  # imports fromager: 1 s

        for wanted in from_build_file(file):
            for version in wanted.versions or ():
                yield wanted.package, public_version(str(version))


def _wheels(folder: pathlib.Path) -> Iterator[tuple[str, Version | str, bool]]:
    found = sorted(folder.rglob("*.whl"))
    if not found:
        raise InputError(f"there are no wheels in {folder}")
    for path in found:
        try:
            name = parse_wheel_name(path.name)
        except InputError:
            click.echo(f"{path} is not counted: it has no name of a wheel", err=True)
        else:
            yield name.name, public_version(str(name.version)), not name.is_platlib


def wanted_of(wheels: Iterable[Wheels]) -> list[Wanted]:
    """Return packages and versions as a plan takes them."""
    from ..plan.model import Wanted  # imports stevedore: 0.2 s

    versions: dict[NormalizedName, set[Version]] = {}
    for each in wheels:
        versions.setdefault(canonicalize_name(each.package), set()).add(Version(each.version))
    return [Wanted(package=name, versions=tuple(sorted(versions[name]))) for name in versions]


def named_in_locks(*snapshots: Snapshot) -> list[Wanted]:
    """Return the packages and versions that the locks of *snapshots* list."""
    from ..plan.requirements import named_in  # imports fromager: 1 s

    return [
        each
        for snapshot in snapshots
        if snapshot.lock is not None
        for each in named_in(snapshot.lock)
    ]
