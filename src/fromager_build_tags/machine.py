"""What is observed: os-release, the variables that base images set, and a ``torch==`` pin."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from packaging.version import Version

from . import distro
from .errors import SettingsError
from .facts import Fact
from .variables import IMAGE_VARIABLES, explicit_variable
from .versions import parse_version


@dataclass(frozen=True, kw_only=True, slots=True)
class Machine:
    """What one machine says. Nothing is judged before a stack needs it: a stray or garbled
    ``CUDA_VERSION`` means nothing in a ROCm build.

    Attributes:
        distro: the distribution's text, or None where it is not observed.
        no_distro: why the distribution is not observed.
        variables: the image variables that are set, by their own names.
        torch_pin: the version of a ``torch==`` constraint.
    """

    distro: Fact[str] | None = None
    no_distro: str = "this machine was not asked (--here asks it)"
    variables: Mapping[str, str] = field(default_factory=dict)
    torch_pin: Version | None = None

    def facts(self, keys: Iterable[str] = IMAGE_VARIABLES) -> Mapping[str, Fact[str]]:
        """Return the image variables that are set as they stand, by the file's keys."""
        return {
            key: Fact(value=self.variables[name], source=name)
            for key in keys
            if (name := IMAGE_VARIABLES[key]) in self.variables
        }

    def versions(self, key: str) -> tuple[Fact[Version], ...]:
        """Return what is observed for a key of the variant file, such as ``cuda_version``.

        Raises:
            SettingsError: an image variable is not a version.
        """
        seen: list[Fact[Version]] = []
        name = IMAGE_VARIABLES.get(key, "")
        if text := self.variables.get(name):
            try:
                seen.append(Fact(value=parse_version(text), source=name))
            except ValueError as err:
                raise SettingsError(
                    f"{name}={text!r} {err}: unset it, or set {explicit_variable(key)}"
                ) from None
        if key == "torch_version" and self.torch_pin is not None:
            pin = Fact(value=self.torch_pin, source=f"the constraint torch=={self.torch_pin}")
            seen.append(pin)
        return tuple(seen)


#: A machine that says nothing: what commands that plan look at.
NO_MACHINE: Final = Machine()


def observe(environ: Mapping[str, str], torch_pin: Version | None) -> Machine:
    """Look at this machine: its os-release, and *environ*."""
    variables = {name: value for name in IMAGE_VARIABLES.values() if (value := environ.get(name))}
    try:
        text, path = distro.read_os_release(distro.OS_RELEASE_FILES)
    except SettingsError as err:
        return Machine(no_distro=str(err), variables=variables, torch_pin=torch_pin)
    observed = Fact(value=text, source=str(path))
    return Machine(distro=observed, variables=variables, torch_pin=torch_pin)


def pinned_version(specifiers: Iterable[tuple[str, str]]) -> Version | None:
    """Return the version of an exact ``==`` or ``===`` among (operator, version) pairs."""
    for operator, text in specifiers:
        if operator in {"==", "==="} and not text.endswith(".*"):
            return parse_version(text)
    return None
