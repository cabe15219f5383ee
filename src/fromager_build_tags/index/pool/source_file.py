"""A file of an input, and its link or copy in another folder; the input never changes."""

from __future__ import annotations

import errno
import hashlib
import os
import pathlib
import shutil
from typing import NamedTuple, Self

#: A hard link is impossible: another file system, one without links, too many of them, or a file
#: of another user, which Linux protects.
_NO_LINK = {errno.EXDEV, errno.EPERM, errno.ENOTSUP, errno.EMLINK, errno.ENOSYS, errno.EACCES}


class SourceFile(NamedTuple):
    """A file, and what changes with its content."""

    path: str
    sha256: str
    size: int
    identity: tuple[int, int]
    modified: int

    @classmethod
    def read(cls, path: str) -> Self:
        """Hash a file.

        Raises:
            OSError: it cannot be read, or changes meanwhile.
        """
        with pathlib.Path(path).open("rb") as stream:
            before = os.fstat(stream.fileno())
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
            _refuse_change(path, before, os.fstat(stream.fileno()))
        identity = (before.st_dev, before.st_ino)
        return cls(path, digest, before.st_size, identity, before.st_mtime_ns)

    def place(self, target: pathlib.Path) -> None:
        """Make a hard link to the file, or else a copy of it.

        Raises:
            OSError: the file changed after it was read, or the target cannot be written.
        """
        link_or_copy(self.path, target)
        found = os.stat(self.path)  # noqa: PTH116 - a text, one of 50,000
        known = (*self.identity, self.size, self.modified)
        if known != (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns):
            raise OSError(errno.EBUSY, "it changed while it was read", self.path)


def _refuse_change(path: str, before: os.stat_result, after: os.stat_result) -> None:
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise OSError(errno.EBUSY, "it changes while it is read", path)


def link_or_copy(source: str, target: pathlib.Path) -> None:
    """Make a hard link to a file that is no symbolic link; where links are impossible, a copy.

    Raises:
        OSError: the target exists, or cannot be written.
    """
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError as err:
        if err.errno not in _NO_LINK:
            raise
        shutil.copyfile(source, target, follow_symlinks=False)
