"""Write a pool: all of it beside the old one, which is then replaced in one step."""

from __future__ import annotations

import collections
import contextlib
import hashlib
import os
import pathlib
import shutil
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from packaging.utils import NormalizedName

from ...errors import OutputError
from ...wheel.archive import WheelError
from .exchange import discard, recover, replace_folder, temporary_for
from .merging import READERS, MergedWheel, read_metadata
from .pool import FILES, METADATA, POOL_FILE, SIMPLE, Pool, PooledWheel
from .pool_pages import PageFile, list_pages, project_pages
from .shared_index import shared_projects, write_labelled
from .source_file import link_or_copy


def restore(folder: pathlib.Path) -> None:
    """Complete what a killed run left beside the folder of a pool.

    Raises:
        InputError: something else is there.
        OutputError: it cannot be deleted.
    """
    with _named_errors(folder):
        recover(folder, POOL_FILE)


def publish(folder: pathlib.Path, pool: Pool, added: Iterable[MergedWheel]) -> Pool:
    """Write a pool into a folder: a kill at any moment leaves the old or the new one.

    Nothing of the old one is deleted: its files become hard links in the new one, and a page is
    written only if it changes. The caller excludes other processes.

    Args:
        folder: the folder, without symbolic links in its path.
        pool: all of its wheels.
        added: the wheels among them that the folder does not have.

    Returns:
        The pool with the copies that have labels.

    Raises:
        OutputError: it cannot be written; the folder is as before.
    """
    new = temporary_for(folder)
    try:
        with _named_errors(folder):
            new.mkdir()
            (new / POOL_FILE).touch()
            _link_tree(folder, new, {FILES, SIMPLE, *pool.views})
            _add_wheels(new / FILES, added)
            pool = _with_labelled(new / FILES, pool)
            _write_pages(new, pool)
            _write_shared_pages(new, pool)
            _write_list(new / POOL_FILE, pool)
            replace_folder(new, folder)
    except BaseException:
        with contextlib.suppress(OSError):
            discard(new, POOL_FILE)
        raise
    try:
        discard(new, POOL_FILE)  # the old pool
    except OSError as err:
        raise OutputError(
            f"{folder} is written, but the old one is left at {new}: {err.strerror}"
        ) from None
    return pool


@contextlib.contextmanager
def _named_errors(folder: pathlib.Path) -> Iterator[None]:
    try:
        yield
    except (WheelError, OutputError) as err:
        raise OutputError(f"{folder} is not changed: {err}") from None
    except OSError as err:
        name = err.filename2 or err.filename  # of a link, the new name
        where = f" ({name})" if name else ""
        raise OutputError(f"{folder} is not changed: {err.strerror}{where}") from None


def _write_list(path: pathlib.Path, pool: Pool) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(pool.lines())


def _link_tree(old: pathlib.Path, new: pathlib.Path, written: Container[str]) -> None:
    """Link every file of the old pool, but the list of its wheels.

    Args:
        old: the folder of the old pool.
        new: that of the new one.
        written: the names in it that a merge writes below: no link may lead out of there.

    Raises:
        OutputError: there is a link, or a FIFO, which a merge would wait for.
    """
    folders = [(str(old), new)] if old.exists() else []
    for folder, target in folders:
        shutil.copymode(folder, target)
        with os.scandir(folder) as entries:
            for entry in entries:
                new_path = target / entry.name
                is_ours = target != new or entry.name in written
                if entry.is_dir(follow_symlinks=False):
                    new_path.mkdir()
                    folders.append((entry.path, new_path))
                elif entry.is_symlink() and not is_ours:
                    new_path.symlink_to(os.readlink(entry.path))  # noqa: PTH115 - a text
                elif is_ours and not entry.is_file(follow_symlinks=False):
                    raise OutputError(f"{entry.path} is neither a file nor a folder: replace it")
                elif is_ours or entry.name != POOL_FILE:
                    link_or_copy(entry.path, new_path)


def _add_wheels(files: pathlib.Path, added: Iterable[MergedWheel]) -> None:
    """Write wheels, each with its METADATA, which is often that of another stack."""
    files.mkdir(exist_ok=True)
    written: dict[str, str] = {}

    def add(each: MergedWheel) -> None:
        if each.source is None:
            return
        target = files / each.wheel.filename
        each.source.place(target)
        metadata = target.with_name(f"{target.name}{METADATA}")
        if each.wheel.metadata in written:
            link_or_copy(written[each.wheel.metadata], metadata)
        elif each.wheel.metadata:
            text = read_metadata(str(target))
            if hashlib.sha256(text).hexdigest() != each.wheel.metadata:
                raise WheelError(each.source.path, "it changed while it was read")
            metadata.write_bytes(text)
            written[each.wheel.metadata] = str(metadata)

    _in_threads(add, added)


def _write_pages(root: pathlib.Path, pool: Pool) -> None:
    projects = pool.by_project()

    def write(each: tuple[NormalizedName, Sequence[PooledWheel]]) -> None:
        project, wheels = each
        written: dict[bytes, pathlib.Path] = {}
        for view in sorted({view for wheel in wheels for view in wheel.views}):
            listed = [wheel for wheel in wheels if view in wheel.views]
            pages = project_pages(
                project, (each.version for each in listed), map(_page_file, listed), depth=3
            )
            _write_files(root / view / SIMPLE / project, pages, written)

    for view in pool.views:
        listed = [
            project
            for project, wheels in projects.items()
            if any(view in wheel.views for wheel in wheels)
        ]
        _write_files(root / view / SIMPLE, list_pages(listed), {})
    _in_threads(write, projects.items())


def _page_file(wheel: PooledWheel) -> PageFile:
    return PageFile(wheel.filename, wheel.sha256, wheel.size, wheel.requires_python, wheel.metadata)


def _with_labelled(files: pathlib.Path, pool: Pool) -> Pool:
    """Write the copies with labels that are missing."""
    done: dict[str, PooledWheel] = {}

    def write(wheel: PooledWheel) -> None:
        done[wheel.filename] = write_labelled(files, wheel)

    _in_threads(write, pool.wheels.values())
    return Pool(wheels=done)


def _write_shared_pages(root: pathlib.Path, pool: Pool) -> None:
    """Write the index of all accelerators; old files of labels stay, as old pages list them."""
    projects = list(shared_projects(pool))
    for each in projects:
        for path, content in each.documents.items():
            target = root / FILES / path
            _write_files(target.parent, {target.name: content.decode()}, {})
        versions = (wheel.version for wheel in each.wheels)
        pages = project_pages(each.project, versions, each.page(), depth=2)
        _write_files(root / SIMPLE / each.project, pages, {})
    if projects:
        _write_files(root / SIMPLE, list_pages([each.project for each in projects]), {})


def _write_files(
    folder: pathlib.Path, files: Mapping[str, str], written: dict[bytes, pathlib.Path]
) -> None:
    """Write the files of a page that change; one that is in *written* becomes a link to it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        path, content = folder / name, text.encode()
        if not path.exists() or path.read_bytes() != content:
            path.unlink(missing_ok=True)  # a link to the old page, which stays as it is
            if content in written:
                link_or_copy(str(written[content]), path)
            else:
                path.write_bytes(content)
        written[content] = path


def _in_threads[T](work: Callable[[T], None], items: Iterable[T]) -> None:
    """Do *work* for each item: a new file takes longer than its text. No thread is left."""
    with ThreadPoolExecutor(READERS) as threads:
        collections.deque(threads.map(work, items), maxlen=0)
