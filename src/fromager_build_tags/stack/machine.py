"""The detected facts: os-release, the variables that base images set, and a ``torch==`` pin.

``platform.freedesktop_os_release()`` reads the same files, but takes no path, names no file in its
result or its errors, fails on bytes that are not UTF-8, and caches for the life of the process.
"""

from __future__ import annotations

import pathlib
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from packaging.version import Version

from ..errors import InputError, SettingsError
from ..files import read_regular
from ..tag.segment import DISTRIBUTION_TEXT
from ..text import plain
from .fact import IMAGE_VARIABLES, Fact, exact_pin, explicit_variable, parse_version, unpackaged

if TYPE_CHECKING:
    from packaging.specifiers import Specifier

#: The paths of os-release(5); the first match wins.
OS_RELEASE_FILES: Final = (
    pathlib.Path("/etc/os-release"),
    pathlib.Path("/usr/lib/os-release"),
)
_FAMILIES: Final[Mapping[str, str]] = {
    "fedora": "fc",
    **dict.fromkeys(("rhel", "centos", "almalinux", "rocky", "ol", "scientific"), "el"),
}
_PLATFORM: Final = re.compile(r"platform:(?P<family>el|f)(?P<version>\d[\d.]*)")
#: The characters that os-release(5) allows in ``ID`` and ``VERSION_ID``; some add capitals.
_ALLOWED: Final = re.compile(r"[A-Za-z0-9._-]{0,31}")
_MAXIMAL_SIZE: Final = 1_000_000
"""Bytes. An os-release file has some hundred."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Machine:
    """The facts that one machine reports.

    A value is read only when a stack needs it: a stray or garbled ``CUDA_VERSION`` means nothing
    in a ROCm build.

    ``no_distro`` is why the distribution is not detected. The image variables that are set are
    texts, by settings key. A constraint on Torch with ``==`` pins its version.
    """

    distro: Fact[str] | None = None
    no_distro: str = "this machine is not read (use --here)"
    variables: Mapping[str, Fact[str]] = field(default_factory=dict)
    torch: Iterable[Specifier] = ()

    def versions(self, key: str) -> tuple[Fact[Version], ...]:
        """Return the detected versions for a settings key, such as ``cuda_version``.

        Raises:
            SettingsError: an image variable or a pin is not a version.
        """
        found: list[Fact[Version]] = []
        if variable := self.variables.get(key):
            text, name = variable.value, str(variable.source)
            found.append(_detected(unpackaged(text), name, f"{name}={text!r}", key, "unset"))
        if key == "torch_version" and (pin := exact_pin(self.torch)) is not None:
            source = f"the constraint torch{pin}"
            found.append(_detected(pin.version, source, source, key, "correct"))
        return tuple(found)


def _detected(text: str, source: str, shown: str, key: str, fix: str) -> Fact[Version]:
    try:
        return Fact(value=parse_version(text), source=source)
    except ValueError as err:
        raise SettingsError(f"{shown} {err}: {fix} it, or set {explicit_variable(key)}") from None


#: A machine that reports nothing, for commands that plan.
NO_MACHINE: Final = Machine()


def detect(environ: Mapping[str, str], torch: Iterable[Specifier]) -> Machine:
    """Detect the facts of this machine: its os-release, *environ*, and the constraints *torch*."""
    variables = {
        key: Fact(value=value, source=name)
        for key, name in IMAGE_VARIABLES.items()
        if (value := environ.get(name))
    }
    try:
        text, path = read_os_release(OS_RELEASE_FILES)
    except SettingsError as err:
        return Machine(no_distro=str(err), variables=variables, torch=torch)
    detected = Fact(value=text, source=str(path))
    return Machine(distro=detected, variables=variables, torch=torch)


def read_os_release(files: Sequence[pathlib.Path]) -> tuple[str, pathlib.Path]:
    """Return the distribution's text, such as ``el9.6``, and the file that contains it.

    Raises:
        SettingsError: no file can be read, or the first one has no usable ``ID``.
    """
    for path in files:
        try:
            content = read_regular(path, _MAXIMAL_SIZE)
        except OSError:
            continue
        except InputError as err:
            raise SettingsError(str(err)) from None
        try:
            # a name in another encoding does not matter; UTF-16 has no readable ID
            fields = parse_os_release(content.decode("utf-8-sig", errors="replace"))
            return distribution_text(fields), path
        except SettingsError as err:
            raise SettingsError(f"{path} has {err}") from None
    raise SettingsError(f"{' and '.join(map(str, files))} cannot be read")


def parse_os_release(content: str) -> dict[str, str]:
    """Return the assignments of an os-release file, without shell quotes; the last one holds.

    Other lines are ignored, as os-release(5) requires.
    """
    fields: dict[str, str] = {}
    for line in content.split("\n"):
        name, equals, value = line.strip().removeprefix("export ").partition("=")
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

    ``ID_LIKE`` is not used: it is ``fedora`` on Oracle Linux and on Amazon Linux 2023, and ``rhel
    centos fedora`` on Nobara, a Fedora. ``PLATFORM_ID`` names the family with its version, if it is
    set: the ``VERSION_ID`` of RHEL CoreOS is OpenShift's, and its ``RHEL_VERSION`` is the minor.

    Raises:
        SettingsError: ``ID`` is missing, ``ID`` or ``VERSION_ID`` has a character that
            os-release(5) forbids, or they do not make a segment.
    """
    for key in ("ID", "VERSION_ID"):
        if not _ALLOWED.fullmatch(value := os_release.get(key, "")):
            raise SettingsError(f"no usable {key} ({plain(repr(value), 80)})")
    distro_id, version = os_release.get("ID", "").lower(), os_release.get("VERSION_ID", "")
    name = _FAMILIES.get(distro_id) or _clean(distro_id)
    if platform := _PLATFORM.fullmatch(os_release.get("PLATFORM_ID", "").lower()):
        name = "el" if platform["family"] == "el" else "fc"
        minors = [each for each in (os_release.get("RHEL_VERSION", ""), version) if name == "el"]
        major = platform["version"]
        version = next((each for each in minors if f"{each}.".startswith(f"{major}.")), major)
    text = name + _clean(version)
    if not name or not re.fullmatch(DISTRIBUTION_TEXT, text):
        raise SettingsError(f"no usable ID ({os_release.get('ID')!r})")
    return text


def _clean(text: str) -> str:
    return re.sub(r"[^a-z0-9.]", "", text.lower())
