"""The hash and size of a file in an index, as listed or read from disk, and which file it is."""

from __future__ import annotations

import hashlib
import pathlib

from . import IndexFile


def local_path(file: IndexFile) -> pathlib.Path | None:
    """Return where a file is on this machine, if it is."""
    return None if "://" in file.location else pathlib.Path(file.location)


def file_sha256(file: IndexFile) -> str:
    """Return the SHA-256 of a file; "" if it is not listed, or cannot be read."""
    path = local_path(file)
    if file.sha256 or path is None:
        return file.sha256
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return ""


def file_size(file: IndexFile) -> int | None:
    """Return the size of a file in bytes; None if it is not listed, or cannot be read."""
    path = local_path(file)
    if file.size is not None or path is None:
        return file.size
    try:
        return path.stat().st_size
    except OSError:
        return None


def file_identity(file: IndexFile) -> object:
    """Return what two names of one file have in common: links on a disk, or equal URLs."""
    path = local_path(file)
    if path is None:
        return file.address
    try:
        found = path.stat()
    except OSError:
        return file.location
    return (found.st_dev, found.st_ino)
