"""The symbolic links in folders of wheels, and what they lead to.

Paths are compared by the device and inode of their folder: a bind mount, or a link to a folder,
gives one folder several names.
"""

from __future__ import annotations

import os
import pathlib
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from ..errors import InputError

#: The kernel follows no more links from one to the next.
_MOST: Final = 40


class Entry(NamedTuple):
    """An entry of a folder, whatever the path of the folder."""

    device: int
    inode: int
    name: str


class Link(NamedTuple):
    """A symbolic link.

    Attributes:
        needs: the entries from the next link on, up to the target.
        target: its path; it may not exist.
    """

    path: pathlib.Path
    needs: tuple[Entry, ...]
    target: pathlib.Path


def entry_of(path: pathlib.Path) -> Entry | None:
    """Return the entry of a path; None if its folder does not exist."""
    try:
        folder = path.parent.stat()
    except OSError:
        return None
    return Entry(folder.st_dev, folder.st_ino, path.name)


def read_link(path: pathlib.Path) -> Link:
    """Follow a link, from one to the next, up to a path that is no link."""
    at = path
    needs: list[Entry | None] = []
    while at.is_symlink() and len(needs) < _MOST:
        at = at.parent / at.readlink()
        needs.append(entry_of(at))
    return Link(path, tuple(each for each in needs if each), at)


def links_below(folders: Iterable[pathlib.Path]) -> Iterator[Link]:
    """Yield every link in folders, however deep; links to folders are not entered.

    Raises:
        InputError: a folder cannot be read, so that not every link is known.
    """
    waiting = [*folders]
    seen: set[tuple[int, int]] = set()
    while waiting:
        folder = waiting.pop()
        try:
            known = folder.stat()
            if (known.st_dev, known.st_ino) in seen:
                continue
            seen.add((known.st_dev, known.st_ino))
            with os.scandir(folder) as entries:
                for each in entries:
                    if each.is_symlink():
                        yield read_link(pathlib.Path(each.path))
                    elif each.is_dir():
                        waiting.append(pathlib.Path(each.path))
        except OSError as err:
            raise InputError(f"{folder} cannot be searched for links: {err.strerror}") from None
