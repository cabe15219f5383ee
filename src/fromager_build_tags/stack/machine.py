"""The detected facts: os-release, the variables that base images set, and a ``torch==`` pin."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from packaging.version import Version

from ..errors import SettingsError
from . import distro
from .fact import IMAGE_VARIABLES, Fact, explicit_variable
from .versions import exact_pin, parse_version

if TYPE_CHECKING:
    from packaging.specifiers import Specifier


@dataclass(frozen=True, kw_only=True, slots=True)
class Machine:
    """The facts that one machine reports.

    A value is read only when a stack needs it: a stray or garbled ``CUDA_VERSION`` means nothing
    in a ROCm build.

    Attributes:
        distro: the distribution's text; None if it is not detected.
        no_distro: why the distribution is not detected.
        variables: the image variables that are set, by their own names.
        torch: the constraints on Torch; one with ``==`` pins its version.
    """

    distro: Fact[str] | None = None
    no_distro: str = "this machine is not read (use --here)"
    variables: Mapping[str, str] = field(default_factory=dict)
    torch: Iterable[Specifier] = ()

    def facts(self, keys: Iterable[str] = IMAGE_VARIABLES) -> Mapping[str, Fact[str]]:
        """Return the texts of the image variables that are set, by settings key."""
        return {
            key: Fact(value=self.variables[name], source=name)
            for key in keys
            if (name := IMAGE_VARIABLES[key]) in self.variables
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
        text, path = distro.read_os_release(distro.OS_RELEASE_FILES)
    except SettingsError as err:
        return Machine(no_distro=str(err), variables=variables, torch=torch)
    detected = Fact(value=text, source=str(path))
    return Machine(distro=detected, variables=variables, torch=torch)
