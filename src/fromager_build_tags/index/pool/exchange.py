"""Put a complete folder in the place of another one, so that a kill leaves one of the two.

Linux exchanges two folders in one step. Elsewhere, and on file systems that cannot, two renames do
it; between them the folder is missing, and :func:`recover` restores it.
"""

from __future__ import annotations

import ctypes
import errno
import os
import pathlib
import shutil
from typing import Final

from ...errors import InputError

_AT_FDCWD: Final = -100
_RENAME_EXCHANGE: Final = 2
_UNSUPPORTED: Final = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP}


def temporary_for(folder: pathlib.Path) -> pathlib.Path:
    """Return the path, beside a folder, of the one that replaces it."""
    return folder.with_name(f".{folder.name}.tmp")


def _old_for(folder: pathlib.Path) -> pathlib.Path:
    return folder.with_name(f".{folder.name}.old")


def replace_folder(new: pathlib.Path, folder: pathlib.Path) -> None:
    """Replace a folder, or none, by *new*; afterwards, *new* is the old folder or does not exist.

    Raises:
        OSError: the file system refuses it.
    """
    if not folder.exists() or not any(folder.iterdir()):
        new.rename(folder)  # which replaces an empty folder
    elif not _exchanged(new, folder):
        old = _old_for(folder)
        folder.rename(old)
        try:
            new.rename(folder)
        except OSError:
            old.rename(folder)
            raise
        old.rename(new)


def recover(folder: pathlib.Path, marker: str) -> None:
    """Complete what a killed run left: restore the folder, and delete what is beside it.

    Args:
        folder: the folder that :func:`replace_folder` replaces.
        marker: the name of a file that each such folder contains.

    Raises:
        InputError: what is beside it is not of such a run.
        OSError: it cannot be deleted.
    """
    old = _old_for(folder)
    if old.is_dir() and not folder.exists() and (old / marker).exists():
        old.rename(folder)
    for leftover in (old, temporary_for(folder)):
        discard(leftover, marker)


def discard(folder: pathlib.Path, marker: str) -> None:
    """Delete a folder with its marker, which goes last: a kill leaves what the next run deletes.

    Raises:
        InputError: it has other content, or is no folder.
        OSError: it cannot be deleted.
    """
    if not os.path.lexists(folder):
        return
    is_folder = folder.is_dir() and not folder.is_symlink()
    names = [each.name for each in folder.iterdir()] if is_folder else []
    if not is_folder or (names and marker not in names):
        raise InputError(f"{folder} is in the way: move it, or delete it")
    for each in (folder / name for name in names if name != marker):
        if each.is_dir() and not each.is_symlink():
            shutil.rmtree(each)
        else:
            each.unlink()
    (folder / marker).unlink(missing_ok=True)
    folder.rmdir()


def _exchanged(one: pathlib.Path, other: pathlib.Path) -> bool:
    """Exchange two paths in one step; return whether this machine can."""
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return False
    paths = os.fsencode(one), os.fsencode(other)
    if not rename(_AT_FDCWD, paths[0], _AT_FDCWD, paths[1], _RENAME_EXCHANGE):
        return True
    number = ctypes.get_errno()
    if number in _UNSUPPORTED:
        return False
    raise OSError(number, os.strerror(number), str(other))
