"""Read and write files: a read is bounded, a write replaces a file completely or not at all."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pathlib
import stat
from collections.abc import Iterator, Mapping
from typing import BinaryIO, Final

from .errors import InputError, OutputError

#: Bytes of the largest text file that is read: a lock of a thousand packages has one million.
LARGEST_FILE: Final = 10_000_000
_OPEN_PIPES: Final = ("/dev/fd/", "/dev/stdin")


def printable(name: str) -> str:
    """Escape the bytes of a file's name that are not UTF-8: no report can contain them."""
    if name.isascii():
        return name
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def real_path(path: pathlib.Path) -> pathlib.Path:
    """Return a path without symbolic links, as far as they lead: a link to itself stays.

    ``Path.resolve`` raises RuntimeError for such a link before Python 3.13.
    """
    return pathlib.Path(os.path.realpath(path))


def read_text(path: pathlib.Path) -> str:
    """Return the text of a settings file, with its line ends; "" for a missing file.

    Raises:
        InputError: as :func:`read_bounded`, or the file is not UTF-8.
    """
    if not os.path.lexists(path):
        return ""
    try:
        return read_bounded(path, root=root_of(path)).decode("utf-8")
    except UnicodeDecodeError:
        raise InputError(f"{path} is not UTF-8") from None


def read_bounded(
    path: pathlib.Path, *, largest: int = LARGEST_FILE, root: pathlib.Path | None = None
) -> bytes:
    """Return the content of a regular file; never wait for a pipe, nor read a device.

    Args:
        path: the file.
        largest: the number of bytes that it can have.
        root: the folder below which no symbolic link is followed; None to follow every link.

    Raises:
        InputError: the file is missing, no regular file, too large, or behind such a link.
    """
    if root is not None:
        refuse_links(path, root)
    try:
        return read_regular(path, largest)
    except IsADirectoryError:
        raise InputError(f"{path} is a directory, not a file") from None
    except OSError as err:
        raise InputError(f"{path} cannot be read: {err.strerror}") from None


def read_regular(path: pathlib.Path, most: int) -> bytes:
    """Return the content of a regular file of at most *most* bytes; a link is followed.

    A pipe that the shell opens for this process, such as ``-r <(uv export)``, is read, too.

    Raises:
        OSError: the file cannot be opened.
        InputError: it is larger, or something else, such as a FIFO, which would not end.
    """
    with open(path, "rb", opener=_open_at_once) as file:
        mode = os.fstat(file.fileno()).st_mode
        if stat.S_ISFIFO(mode) and str(path).startswith(_OPEN_PIPES):
            os.set_blocking(file.fileno(), True)
        elif not stat.S_ISREG(mode):
            raise InputError(f"{path} is not a regular file")
        content = file.read(most + 1)
    if len(content) > most:
        raise InputError(f"{path} is larger than {most:,} bytes")
    return content


def _open_at_once(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)  # else a FIFO waits for a writer


def refuse_links(path: pathlib.Path, root: pathlib.Path) -> None:
    """Refuse a path below *root* that is, or leads through, a symbolic link.

    A stranger's settings could contain a link to a secret file, which a report then shows.

    Raises:
        InputError: it does.
    """
    top = _normal(root)
    for each in (path, *path.parents):
        if top in _normal(each).parents and each.is_symlink():
            raise InputError(f"{each} is a symbolic link: not followed")


def _normal(path: pathlib.Path) -> pathlib.Path:
    return pathlib.Path(os.path.normpath(path.absolute()))  # resolve() would follow links


def root_of(path: pathlib.Path) -> pathlib.Path:
    """Return the current folder, if it contains a path; else the folder of the path."""
    here = pathlib.Path.cwd()
    return here if _normal(path).is_relative_to(here) else path.parent


def refuse_read_only(path: pathlib.Path) -> None:
    """Refuse a read-only file, which root, and a rename over it, could replace.

    Raises:
        OutputError: the file exists, and its permissions forbid writing.
    """
    target = real_path(path)
    if target.exists() and not target.stat().st_mode & 0o222:
        raise OutputError(f"{path} is read-only: to allow the change, run chmod u+w {path}")


def write_text(path: pathlib.Path, text: str) -> None:
    """Write *text* to *path* as UTF-8: to a temporary file beside it, which is then renamed.

    Line ends stay as they are; a symbolic link is followed. A device, a pipe or the output of this
    process is written to, not replaced.

    Raises:
        OutputError: the file is read-only or cannot be written, or no process reads the pipe; the
            old content of a file stays.
    """
    refuse_read_only(path)
    try:
        if is_replaced(path):
            _replace(real_path(path), text)
        else:
            _write_through(path, text)
    except OSError as err:
        raise OutputError(f"{path} cannot be written: {err.strerror}") from None


def is_replaced(path: pathlib.Path) -> bool:
    """Return whether *path* is a file, or none yet; False for a pipe, ``/dev/stdout`` and such."""
    return not path.exists() or (path.is_file() and _own_output(path) is None)


def _own_output(path: pathlib.Path) -> int | None:
    """Return the descriptor of this process that writes to *path*: stdout, stderr or None."""
    return next((each for each in (1, 2) if _is_same(each, path)), None)


def _is_same(descriptor: int, path: pathlib.Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except OSError:
        return False


def _write_through(path: pathlib.Path, text: str) -> None:
    own = _own_output(path)
    # opening a pipe waits for a reader otherwise
    descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK) if own is None else os.dup(own)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
        os.set_blocking(descriptor, True)
        file.write(text)


def write_texts(texts: Mapping[pathlib.Path, str]) -> None:
    """Write each text to its file: all of them, or none.

    All are written to temporary files before the first one replaces its file. The caller excludes
    other processes, see :func:`alone`.

    Raises:
        OutputError: a file is read-only or cannot be written: no file has changed then, unless a
            file system refuses the last step, a rename.
    """
    for path in texts:
        refuse_read_only(path)
    with contextlib.ExitStack() as undo:
        ready = []
        for path, text in texts.items():
            target = real_path(path)
            try:
                with _written_beside(target, text) as temporary:
                    undo.callback(temporary.unlink, missing_ok=True)
            except OSError as err:
                raise OutputError(
                    f"{path} cannot be written: {err.strerror}; no file is changed"
                ) from None
            ready.append((temporary, target))
        for temporary, target in ready:
            try:
                temporary.replace(target)
            except OSError as err:
                raise OutputError(
                    f"{target} cannot be written: {err.strerror}; `git diff` shows which files "
                    "are changed"
                ) from None


def _replace(target: pathlib.Path, text: str) -> None:
    with _written_beside(target, text) as temporary:
        temporary.replace(target)


@contextlib.contextmanager
def replacing(path: pathlib.Path) -> Iterator[BinaryIO]:
    """Open a file that replaces *path* at the end; an error leaves *path* as it is.

    Raises:
        OutputError: it cannot be written.
    """
    refuse_read_only(path)
    target = real_path(path)
    try:
        with _beside(target) as (temporary, file):
            yield file
            file.flush()
            temporary.replace(target)
    except OSError as err:
        raise OutputError(f"{path} cannot be written: {err.strerror}") from None


@contextlib.contextmanager
def _written_beside(target: pathlib.Path, text: str) -> Iterator[pathlib.Path]:
    """Write a temporary file beside *target*, with its permissions."""
    with _beside(target) as (temporary, file):
        file.write(text.encode("utf-8"))
        file.flush()
        yield temporary


@contextlib.contextmanager
def _beside(target: pathlib.Path) -> Iterator[tuple[pathlib.Path, BinaryIO]]:
    """Open a temporary file beside *target*, with its permissions; no other process has it."""
    temporary = target.with_name(f".{target.name}.tmp")
    with os.fdopen(_claimed(temporary), "wb") as file:
        try:
            mode = target.stat().st_mode & 0o777 if target.exists() else _new_file_mode()
            os.fchmod(file.fileno(), mode)
            yield temporary, file
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


def _claimed(temporary: pathlib.Path) -> int:
    """Open a temporary file that no other process writes; a killed one left it to the next."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
    while True:
        descriptor = os.open(temporary, flags, 0o600)
        with contextlib.suppress(OSError):  # some file systems have no locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        found = os.fstat(descriptor)
        links = found.st_nlink
        if links == 1 and _is_same(descriptor, temporary):
            if found.st_size:  # ext4 writes a truncated file to the disk when it is closed
                os.ftruncate(descriptor, 0)
            return descriptor
        os.close(descriptor)
        if links > 1:  # the name of a file elsewhere, which is not ours
            temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def alone(folder: pathlib.Path) -> Iterator[None]:
    """Exclude other processes that edit the files of a folder; they wait. No file is made."""
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):  # a missing folder, or a file system without locks
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            stack.callback(os.close, descriptor)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield


def _new_file_mode() -> int:
    umask = os.umask(0)
    os.umask(umask)
    return 0o666 & ~umask
