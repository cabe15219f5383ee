"""Of several indexes: files of one name that are not the same."""

from __future__ import annotations

import collections
from collections.abc import Collection, Iterable, Iterator, Sequence

from ..findings import index_rules as rules
from ..findings.finding import Finding, Place
from . import IndexFile
from .hashing import file_sha256, file_size


def check_contents(
    files: Iterable[tuple[int, IndexFile]],
) -> Iterator[tuple[Collection[int], Finding]]:
    """Yield the wheels *of one project* whose name stands for different contents.

    A file on this machine is hashed only where another has its name.

    Args:
        files: with the number of the index of each.

    Yields:
        The numbers of the indexes that a finding is about, and the finding.
    """
    files = list(files)
    if len({file.filename for _, file in files}) == len(files):
        return
    counts = collections.Counter(file.filename for _, file in files)
    for name in [name for name, count in counts.items() if count > 1]:
        same = [file for _, file in files if file.filename == name]
        if hashes := _hashes(same):
            numbers = {number for number, file in files if file.filename == name}
            yield (
                numbers,
                rules.DIFFERENT_CONTENT.finding(
                    f"{name} has {len(hashes)} different contents: "
                    + ", ".join(f"{sha256[:12]}… in {file.location}" for sha256, file in hashes),
                    subject=same[0].project,
                    remedy="keep one: a lock file that holds its hash refuses the others",
                    place=Place(file=hashes[0][1].location),
                ),
            )


def _hashes(files: Sequence[IndexFile]) -> list[tuple[str, IndexFile]]:
    """Return each hash with its first file, if there are several; what is unknown is left out."""
    sizes = {file_size(file) for file in files} - {None}
    known = {file.sha256 for file in files if file.sha256}
    if len(sizes) < 2 and len(known) < 2 and not any(_is_local(file) for file in files):
        return []
    first: dict[str, IndexFile] = {}
    for file in files:
        if sha256 := file_sha256(file):
            first.setdefault(sha256, file)
    return sorted(first.items()) if len(first) > 1 else []


def _is_local(file: IndexFile) -> bool:
    return "://" not in file.location
