"""Read and write text files: a write replaces a file completely or not at all."""

from __future__ import annotations

import os
import pathlib
import stat
import tempfile

from .errors import InputError, OutputError


def printable(name: str) -> str:
    """Escape the bytes of a file's name that are not UTF-8: no report can contain them."""
    if name.isascii():
        return name
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def read_text(path: pathlib.Path) -> str:
    """Return a file's text with its line ends as they are; "" for a missing file.

    Raises:
        InputError: the file cannot be read, or is not UTF-8.
    """
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError:
        raise InputError(f"{path} is not UTF-8") from None
    except OSError as err:
        raise InputError(f"{path} cannot be read: {err.strerror}") from None


def read_regular(path: pathlib.Path, most: int) -> bytes:
    """Return the content of a regular file of at most *most* bytes; a link is followed.

    Raises:
        OSError: the file cannot be opened.
        InputError: it is larger, or something else, such as a FIFO, which would not end.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise InputError(f"{path} is not a regular file")
        content = file.read(most + 1)
    if len(content) > most:
        raise InputError(f"{path} is larger than {most:,} bytes")
    return content


def refuse_read_only(path: pathlib.Path) -> None:
    """Refuse a read-only file, which root, and a rename over it, could replace.

    Raises:
        OutputError: the file exists, and its permissions forbid writing.
    """
    target = path.resolve()
    if target.exists() and not target.stat().st_mode & 0o222:
        raise OutputError(f"{path} is read-only: to allow the change, run chmod u+w {path}")


def write_text(path: pathlib.Path, text: str) -> None:
    """Write *text* to *path* as UTF-8: to a temporary file beside it, which is then renamed.

    Line ends stay as they are; a symbolic link is followed. A device or a pipe is written to, not
    replaced.

    Raises:
        OutputError: the file is read-only or cannot be written; its old content stays.
    """
    refuse_read_only(path)
    target = path.resolve()
    try:
        if target.exists() and not target.is_file():
            path.write_text(text, encoding="utf-8", newline="")
        else:
            _replace(target, text)
    except OSError as err:
        raise OutputError(f"{path} cannot be written: {err.strerror}") from None


def _replace(target: pathlib.Path, text: str) -> None:
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    temporary = pathlib.Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        temporary.chmod(target.stat().st_mode & 0o777 if target.exists() else _new_file_mode())
        temporary.replace(target)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def _new_file_mode() -> int:
    umask = os.umask(0)
    os.umask(umask)
    return 0o666 & ~umask
