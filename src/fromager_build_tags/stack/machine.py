"""What is observed: os-release, the variables that base images set, and a ``torch==`` pin."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from packaging.version import Version

from ..errors import SettingsError
from . import distro
from .facts import Fact
from .variables import IMAGE_VARIABLES, explicit_variable
from .versions import exact_pin, parse_version

if TYPE_CHECKING:
    from packaging.specifiers import Specifier


@dataclass(frozen=True, kw_only=True, slots=True)
class Machine:
    """What one machine says. Nothing is judged before a stack needs it: a stray or garbled
    ``CUDA_VERSION`` means nothing in a ROCm build.

    Attributes:
        distro: the distribution's text, or None where it is not observed.
        no_distro: why the distribution is not observed.
        variables: the image variables that are set, by their own names.
        torch: the constraints on Torch, of which a ``==`` pins its version.
    """

    distro: Fact[str] | None = None
    no_distro: str = "this machine was not asked (--here asks it)"
    variables: Mapping[str, str] = field(default_factory=dict)
    torch: Iterable[Specifier] = ()

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
            SettingsError: an image variable or a pin is not a version.
        """
        seen: list[Fact[Version]] = []
        name = IMAGE_VARIABLES.get(key, "")
        if text := self.variables.get(name):
            seen.append(_observed(text, name, f"{name}={text!r}", key, "unset"))
        if key == "torch_version" and (pin := exact_pin(self.torch)) is not None:
            source = f"the constraint torch{pin}"
            seen.append(_observed(pin.version, source, source, key, "correct"))
        return tuple(seen)


def _observed(text: str, source: str, shown: str, key: str, mend: str) -> Fact[Version]:
    try:
        return Fact(value=parse_version(text), source=source)
    except ValueError as err:
        raise SettingsError(f"{shown} {err}: {mend} it, or set {explicit_variable(key)}") from None


#: A machine that says nothing: what commands that plan look at.
NO_MACHINE: Final = Machine()


def observe(environ: Mapping[str, str], torch: Iterable[Specifier]) -> Machine:
    """Look at this machine: its os-release, and *environ*; *torch* is what is asked of Torch."""
    variables = {name: value for name in IMAGE_VARIABLES.values() if (value := environ.get(name))}
    try:
        text, path = distro.read_os_release(distro.OS_RELEASE_FILES)
    except SettingsError as err:
        return Machine(no_distro=str(err), variables=variables, torch=torch)
    observed = Fact(value=text, source=str(path))
    return Machine(distro=observed, variables=variables, torch=torch)
