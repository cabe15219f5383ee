"""Write a pool: all of it beside the old one, which is then replaced in one step."""

from __future__ import annotations

import contextlib
import hashlib
import os
import pathlib
import shutil
from collections.abc import Iterable, Iterator, Mapping

from ..errors import OutputError
from ..wheel.archive import WheelError
from .exchange import discard, recover, replace_folder, temporary_for
from .merging import MergedWheel, read_metadata
from .pool import FILES, METADATA, POOL_FILE, SIMPLE, Pool
from .pool_pages import list_pages, project_pages
from .source_file import link_or_copy


def restore(folder: pathlib.Path) -> None:
    """Complete what a killed run left beside the folder of a pool.

    Raises:
        InputError: something else is there.
        OutputError: it cannot be deleted.
    """
    with _named_errors(folder):
        recover(folder, POOL_FILE)


def publish(folder: pathlib.Path, pool: Pool, added: Iterable[MergedWheel]) -> None:
    """Write a pool into a folder: a kill at any moment leaves the old or the new one.

    Nothing of the old one is deleted: its files become hard links in the new one, and a page is
    written only if it changes. The caller excludes other processes.

    Args:
        folder: the folder, without symbolic links in its path.
        pool: all of its wheels.
        added: the wheels among them that the folder does not have.

    Raises:
        OutputError: it cannot be written; the folder is as before.
    """
    new = temporary_for(folder)
    try:
        with _named_errors(folder):
            new.mkdir()
            _write_list(new / POOL_FILE, pool)
            _link_tree(folder, new)
            _add_wheels(new / FILES, added)
            _write_pages(new, pool)
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


@contextlib.contextmanager
def _named_errors(folder: pathlib.Path) -> Iterator[None]:
    try:
        yield
    except WheelError as err:
        raise OutputError(f"{folder} is not changed: {err}") from None
    except OSError as err:
        where = f" ({err.filename})" if err.filename else ""
        raise OutputError(f"{folder} is not changed: {err.strerror}{where}") from None


def _write_list(path: pathlib.Path, pool: Pool) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(pool.lines())


def _link_tree(old: pathlib.Path, new: pathlib.Path) -> None:
    """Link every file of the old pool, but the list of its wheels."""
    if not old.exists():
        return
    shutil.copymode(old, new)
    for folder, names, files in os.walk(old):
        target = new / os.path.relpath(folder, old)
        for name in names:
            source = pathlib.Path(folder, name)
            if source.is_symlink():
                (target / name).symlink_to(source.readlink())
            else:
                (target / name).mkdir()
                shutil.copymode(source, target / name)
        for name in files:
            if name != POOL_FILE or target != new:
                link_or_copy(f"{folder}/{name}", target / name)


def _add_wheels(files: pathlib.Path, added: Iterable[MergedWheel]) -> None:
    files.mkdir(exist_ok=True)
    for each in added:
        if each.source is None:
            continue
        target = files / each.wheel.filename
        each.source.place(target)
        if each.wheel.metadata:
            text = read_metadata(str(target))
            if hashlib.sha256(text).hexdigest() != each.wheel.metadata:
                raise WheelError(each.source.path, "it changed while it was read")
            target.with_name(f"{target.name}{METADATA}").write_bytes(text)


def _write_pages(root: pathlib.Path, pool: Pool) -> None:
    projects = pool.by_project()
    for view in pool.views:
        listed = {
            name: [each for each in wheels if view in each.views]
            for name, wheels in projects.items()
        }
        listed = {name: wheels for name, wheels in listed.items() if wheels}
        simple = root / view / SIMPLE
        _write_page(simple, list_pages([*listed]))
        for name, wheels in listed.items():
            _write_page(simple / name, project_pages(name, wheels, depth=3))


def _write_page(folder: pathlib.Path, files: Mapping[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        path, content = folder / name, text.encode()
        if path.exists() and path.read_bytes() == content:
            continue  # a link to the old page: its time is that of its last change
        path.unlink(missing_ok=True)  # else the old pool would change, too
        path.write_bytes(content)
