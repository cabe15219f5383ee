"""Read a wheel to verify: a file, or one behind a URL."""

from __future__ import annotations

import contextlib
import pathlib
import stat
from typing import Final

from ..errors import InputError
from ..http.urls import file_name, is_url
from ..tag.filename import parse_wheel_name
from ..text import redact_argument
from ..wheel.archive import WheelError, open_url
from ..wheel.facts import read_facts, read_wheel
from .checks.examined import ExaminedWheel
from .declared_archs import ArchsOf, no_archs

_LONGEST: Final = 255


def examine_wheel(location: str, shown: str, archs_of: ArchsOf = no_archs) -> ExaminedWheel:
    """Read a wheel.

    Args:
        location: a path or a URL.
        shown: how reports show it.
        archs_of: returns the declared GPU architectures. Device code is read only if there are any.

    Raises:
        InputError: its name is not that of a wheel.
        WheelError: it cannot be read.
    """
    if not is_url(location):
        path = pathlib.Path(location)
        name = parse_wheel_name(path.name)
        _refuse_special(path)
        archs = archs_of(name)
        facts = read_wheel(path, device_code=bool(archs))
    else:
        name = parse_wheel_name(_checked_name(redact_argument(file_name(location))))
        archs = archs_of(name)
        from ..http.session import Session  # requests takes 0.2 s, and few wheels are behind a URL

        session = Session(location)
        with contextlib.closing(session), open_url(location, session) as archive:
            facts = read_facts(archive, device_code=bool(archs))
    return ExaminedWheel(source=shown, name=name, facts=facts, gpu_archs=archs)


def _checked_name(filename: str) -> str:
    """Refuse a name that no file system takes: one of some kilobytes can hold millions of tags."""
    if len(filename) > _LONGEST:
        raise InputError(f"{filename[:80]!r}… is too long for the file name of a wheel")
    return filename


def _refuse_special(path: pathlib.Path) -> None:
    """Refuse a path that exists and is not a regular file: opening a pipe waits for its writer."""
    with contextlib.suppress(OSError):  # reported when the file is opened
        if not stat.S_ISREG(path.stat().st_mode):
            raise WheelError(path, "it is not a regular file")
