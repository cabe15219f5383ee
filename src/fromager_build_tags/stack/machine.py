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

from ..errors import SettingsError
from .fact import IMAGE_VARIABLES, Fact, exact_pin, explicit_variable, parse_version

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
_ID: Final = re.compile(r"[a-z0-9._-]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Machine:
    """The facts that one machine reports.

    A value is read only when a stack needs it: a stray or garbled ``CUDA_VERSION`` means nothing
    in a ROCm build.

    ``no_distro`` is why the distribution is not detected. The image variables that are set have
    their own names. A constraint on Torch with ``==`` pins its version.
    """

    distro: Fact[str] | None = None
    no_distro: str = "this machine is not read (use --here)"
    variables: Mapping[str, str] = field(default_factory=dict)
    torch: Iterable[Specifier] = ()

    def facts(self) -> Mapping[str, Fact[str]]:
        """Return the texts of the image variables that are set, by settings key."""
        return {
            key: Fact(value=self.variables[name], source=name)
            for key, name in IMAGE_VARIABLES.items()
            if name in self.variables
        }

    def versions(self, key: str) -> tuple[Fact[Version], ...]:
        """Return the detected versions for a settings key, such as ``cuda_version``.

        Raises:
            SettingsError: an image variable or a pin is not a version.
        """
        found: list[Fact[Version]] = []
        name = IMAGE_VARIABLES.get(key, "")
        if text := self.variables.get(name):
            found.append(_detected(text, name, f"{name}={text!r}", key, "unset"))
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
    variables = {name: value for name in IMAGE_VARIABLES.values() if (value := environ.get(name))}
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
            content = path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        try:
            return distribution_text(parse_os_release(content)), path
        except SettingsError as err:
            raise SettingsError(f"{path} has {err}") from err
    raise SettingsError(f"{' and '.join(map(str, files))} cannot be read")


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

    ``ID_LIKE`` is not used: it is ``fedora`` on Oracle Linux and on Amazon Linux 2023, and ``rhel
    centos fedora`` on Nobara, a Fedora. ``PLATFORM_ID`` names the family, if it is set.

    Raises:
        SettingsError: ``ID`` is missing, has a character that os-release(5) forbids, or none that
            a build tag can contain.
    """
    distro_id = os_release.get("ID", "").lower()
    platform = _PLATFORM.fullmatch(os_release.get("PLATFORM_ID", "").lower())
    version = _clean(os_release.get("VERSION_ID", ""))
    family = _FAMILIES.get(distro_id)
    if platform:
        family = family or ("el" if platform["family"] == "el" else "fc")
        version = version or platform["version"]
    name = family or _clean(distro_id)
    if not name or not (family or _ID.fullmatch(distro_id)):
        raise SettingsError(f"no usable ID ({os_release.get('ID')!r})")
    return name + version


def _clean(text: str) -> str:
    return re.sub(r"[^a-z0-9.]", "", text.lower())
