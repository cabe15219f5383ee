"""The text of the distribution segment, from os-release(5).

``ID_LIKE`` is not used: it is ``fedora`` on Oracle Linux and on Amazon Linux 2023, and ``rhel
centos fedora`` on Nobara, a Fedora. ``PLATFORM_ID`` names the family, if it is set.

``platform.freedesktop_os_release()`` reads the same files, but takes no path, names no file in its
result or its errors, fails on bytes that are not UTF-8, and caches for the life of the process.
"""

from __future__ import annotations

import pathlib
import re
import shlex
from collections.abc import Iterable, Mapping
from typing import Final

from ..errors import SettingsError

#: The paths of os-release(5); the first match wins.
OS_RELEASE_FILES: Final = (
    pathlib.Path("/etc/os-release"),
    pathlib.Path("/usr/lib/os-release"),
)

_ENTERPRISE_LINUX: Final = {"rhel", "centos", "almalinux", "rocky", "ol", "scientific"}
_PLATFORM: Final = re.compile(r"platform:(?P<family>el|f)(?P<version>\d[\d.]*)")
_ID: Final = re.compile(r"[a-z0-9._-]+")
_OTHERS: Final = re.compile(r"[^a-z0-9.]")


def read_os_release(files: Iterable[pathlib.Path] = OS_RELEASE_FILES) -> tuple[str, pathlib.Path]:
    """Return the distribution's text, such as ``el9.6``, and the file that contains it.

    Raises:
        SettingsError: no file can be read, or the first one has no usable ``ID``.
    """
    files = tuple(files)
    for path in files:
        try:
            content = path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        try:
            return distribution_text(parse_os_release(content)), path
        except SettingsError as err:
            raise SettingsError(f"{path} has {err}") from err
    tried = " and ".join(str(path) for path in files)
    raise SettingsError(f"{tried} cannot be read")


def parse_os_release(content: str) -> dict[str, str]:
    """Return the assignments of an os-release file, without shell quotes.

    Other lines are ignored, as os-release(5) requires.
    """
    fields: dict[str, str] = {}
    for line in content.splitlines():
        name, equals, value = line.strip().partition("=")
        if not equals or name.startswith("#"):
            continue
        try:
            words = shlex.split(value)
        except ValueError:  # an unbalanced quote
            words = [value.strip("\"'")]
        fields[name] = words[0] if len(words) == 1 else value
    return fields


def distribution_text(os_release: Mapping[str, str]) -> str:
    """Return ``el9.6``, ``fc43``, or the distribution's own ID and version, ``ubuntu24.04``.

    Raises:
        SettingsError: ``ID`` is missing, has a character that os-release(5) forbids, or none that
            a build tag can contain.
    """
    distro_id = os_release.get("ID", "").lower()
    platform = _PLATFORM.fullmatch(os_release.get("PLATFORM_ID", "").lower())
    version = _clean(os_release.get("VERSION_ID", ""))
    if family := _family(distro_id, platform):
        return family + (version or (platform["version"] if platform else ""))
    name = _clean(distro_id)
    if not name or not _ID.fullmatch(distro_id):
        raise SettingsError(f"no usable ID ({os_release.get('ID')!r})")
    return name + version


def _family(distro_id: str, platform: re.Match[str] | None) -> str | None:
    if distro_id in _ENTERPRISE_LINUX:
        return "el"
    if distro_id == "fedora":
        return "fc"
    if platform:
        return "el" if platform["family"] == "el" else "fc"
    return None


def _clean(text: str) -> str:
    return _OTHERS.sub("", text.lower())
