"""The stack: distribution, accelerator and Torch, as the segments spell them.

An unknown fact is an error only if a package needs it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from packaging.version import Version

from ..errors import MissingFactError
from ..findings.finding import Place
from .fact import VERSION_KEYS, Fact, Missing, Precision, accelerator_of, agree, segment_text
from .gpu_arch import GpuArch
from .key import StackKey


@dataclass(frozen=True, kw_only=True, slots=True)
class Stack:
    """What the wheels of one build are built for; each fact known, or missing with a remedy.

    The place is where the stack is declared. An accelerator without a version has None. No tag
    depends on the GPU architectures, so two stacks that differ in them alone are equal. Each method
    raises :class:`MissingFactError` for a fact that is unknown, or not known precisely enough.
    """

    variant: str
    place: Place
    distro: Fact[str] | Missing
    accelerator: Fact[str] | Missing
    accelerator_version: Fact[Version] | Missing | None
    torch_version: Fact[Version] | Missing
    torch_precision: Precision = Precision.PATCH
    gpu_archs: tuple[GpuArch, ...] = field(default=(), compare=False)

    def distro_text(self) -> str:
        """Return the distribution segment's text, such as ``el9.6``."""
        return _known(self.distro).value

    def accelerator_word(self) -> str:
        """Return the accelerator without its version: ``cpu``, ``cuda``, ``rocm``, ``tpu``."""
        return _known(self.accelerator).value

    def accelerator_text(self) -> str:
        """Return the accelerator segment's text: ``cpu``, ``cuda13.0``, ``rocm7.1``, ``tpu``."""
        word = self.accelerator_word()
        if self.accelerator_version is None:
            return word
        fact = _known(self.accelerator_version)
        if word not in VERSION_KEYS:
            return word + fact.value.public
        return word + _precisely(fact, Precision.MINOR, f"the version of {word}")

    def torch_text(self) -> str:
        """Return the Torch segment's text, such as ``torch2.10.0``."""
        fact = _known(self.torch_version)
        return "torch" + _precisely(fact, self.torch_precision, "the version of Torch")

    def has_torch(self, release: Version) -> bool:
        """Return whether Torch is *release*, a major and a minor version, or later."""
        fact = _known(self.torch_version)
        _precisely(fact, Precision.MINOR, "the version of Torch")
        return fact.value >= release

    def other_accelerator(self, torch: Version) -> str:
        """Return the accelerator that *torch* is for by its local part, "" if the stack has it.

        ``+cpu`` agrees with accelerators that have no Torch of their own, such as ``tpu``.
        """
        built = accelerator_of(torch)
        if built is None or isinstance(self.accelerator, Missing):
            return ""
        word, version = built
        own = self.accelerator.value
        if word != own:
            agrees = word == "cpu" and own not in {"cuda", "rocm", "xpu"}
        else:
            known = self.accelerator_version
            agrees = not (version and isinstance(known, Fact)) or agree(
                version, known.value, Precision.MINOR
            )
        return "" if agrees else f"{word}{version or ''}"

    @property
    def key(self) -> StackKey:
        """The facts that are known."""
        return StackKey(
            distro=_text(self.distro_text),
            accelerator=_text(self.accelerator_text),
            torch=_text(self.torch_text),
        )

    def __str__(self) -> str:
        return str(self.key)


@dataclass(frozen=True, kw_only=True, slots=True)
class DeclaredTorch:
    """The Torch of a stack, as far as it is declared.

    Attributes:
        version: at least its major and minor number.
        variant: of the stack.
    """

    version: Version
    variant: str

    @classmethod
    def of(cls, stack: Stack) -> DeclaredTorch | None:
        """Return the Torch of a stack; None if it is unknown, or known only as a major version."""
        fact = stack.torch_version
        if isinstance(fact, Missing) or len(fact.value.release) < Precision.MINOR:
            return None
        return cls(version=fact.value, variant=stack.variant)

    def __str__(self) -> str:
        return f"Torch {self.version} of {self.variant}"


def _text(fact: Callable[[], str]) -> str:
    try:
        return fact()
    except MissingFactError:
        return ""


def _known[T](fact: Fact[T] | Missing) -> Fact[T]:
    if isinstance(fact, Missing):
        raise MissingFactError(fact.message)
    return fact


def _precisely(fact: Fact[Version], precision: Precision, what: str) -> str:
    text = segment_text(fact.value, precision)
    if text is None:
        example = ".".join(["X", "Y", "Z"][:precision])
        raise MissingFactError(
            f"{what} is needed as {example}, yet known only as {fact}: set it more precisely"
        )
    return text
