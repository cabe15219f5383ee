"""Writing files: the whole file or nothing."""

from __future__ import annotations

import os
import pathlib
import tempfile

from .errors import OutputError


def write_text(path: pathlib.Path, text: str) -> None:
    """Write *text* to *path* as UTF-8: to a temporary file beside it, which is then renamed.

    Raises:
        OutputError: the file cannot be written; what was there before is still there.
    """
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as err:
        raise OutputError(f"{path} cannot be written: {err.strerror}") from err
    temporary = pathlib.Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        temporary.chmod(path.stat().st_mode & 0o777 if path.exists() else _new_file_mode())
        temporary.replace(path)
    except OSError as err:
        temporary.unlink(missing_ok=True)
        raise OutputError(f"{path} cannot be written: {err.strerror}") from err


def _new_file_mode() -> int:
    umask = os.umask(0)
    os.umask(umask)
    return 0o666 & ~umask
