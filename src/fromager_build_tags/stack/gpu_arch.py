"""GPU architectures: those that a variant file declares, and the device code that runs on them.

Sources: CUDA C++ Programming Guide, "Compute Capabilities"; LLVM, "User Guide for AMDGPU Backend",
target IDs and generic processors; the HIP documentation on SPIR-V, ``amdgcnspirv``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Self

GPU_ARCH: Final = r"sm_[0-9]{2,3}[af]?|gfx[0-9a-f]{3,5}(:[a-z]+[+-])*"
"""Matches what a variant file declares."""
_CUDA: Final = re.compile(r"(sm|compute)_(\d{2,3})([af]?)")
#: Chips of systems on modules: neither their SASS nor that of the cards runs on the other.
_INTEGRATED: Final = {32, 53, 62, 72, 87, 101, 110}
#: Device code of ROCm that its runtime compiles for any GPU.
_SPIRV: Final = "amdgcnspirv"
_GENERIC: Final = {
    "gfx9-generic": r"gfx90[02469c]",
    "gfx9-4-generic": r"gfx94[0-2]|gfx950",
    "gfx10-1-generic": r"gfx101[0-3]",
    "gfx10-3-generic": r"gfx103[0-6]",
    "gfx11-generic": r"gfx110[0-3]|gfx115[0-3]",
    "gfx12-generic": r"gfx120[01]",
    "gfx12-5-generic": r"gfx125[01]",
}


@dataclass(frozen=True, slots=True)
class GpuArch:
    """The architecture of a GPU, as compilers name it: ``sm_90``, ``gfx942:xnack-``.

    The suffixes of ``sm_90a`` and ``sm_100f`` are properties of code: the GPU is that of ``sm_90``
    and ``sm_100``.
    """

    text: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the architecture.

        Raises:
            ValueError: *text* is none; the message follows the value.
        """
        if not re.fullmatch(GPU_ARCH, text):
            raise ValueError("is not a GPU architecture, such as sm_90, sm_90a or gfx942")
        names = [each[:-1] for each in text.split(":")[1:]]
        if len(set(names)) < len(names):
            raise ValueError("has a feature twice: remove one")
        return cls(text)

    @property
    def accelerator(self) -> str:
        """The accelerator that has such GPUs: ``cuda`` or ``rocm``."""
        return "cuda" if self.text.startswith("sm_") else "rocm"

    @property
    def processor(self) -> str:
        """The text without a suffix and without features: ``sm_90``, ``gfx942``."""
        text = self.text.partition(":")[0]
        return text.rstrip("af") if self.accelerator == "cuda" else text

    @property
    def features(self) -> frozenset[str]:
        """The features that the text names, such as ``xnack-``."""
        return frozenset(self.text.split(":")[1:])

    def runs(self, code: str) -> bool:
        """Return whether it runs device code, such as ``sm_90a``, ``compute_80`` or ``gfx942``.

        ``compute_80`` is PTX, which the driver compiles for newer GPUs as well.
        """
        if self.accelerator == "cuda":
            match = _CUDA.fullmatch(code)
            return match is not None and self._runs_cuda(match[1], int(match[2]), match[3])
        processor, *features = code.split(":")
        if processor == _SPIRV:
            return True
        if processor != self.processor and not re.fullmatch(
            _GENERIC.get(processor, r"(?!)"), self.processor
        ):
            return False
        # a feature that is not named may be on or off
        return not any(_opposite(each) in self.features for each in features)

    def _runs_cuda(self, kind: str, code: int, suffix: str) -> bool:
        own = int(self.processor.removeprefix("sm_"))
        if suffix == "a" or code >= own:
            return code == own
        if kind == "compute" and not suffix:
            return True
        is_same_family = code // 10 == own // 10
        return is_same_family and (kind == "compute" or _INTEGRATED.isdisjoint({code, own}))

    def __str__(self) -> str:
        return self.text


def _opposite(feature: str) -> str:
    return feature[:-1] + ("-" if feature.endswith("+") else "+")


def refuse_repeated(archs: Sequence[GpuArch]) -> None:
    """Refuse architectures of which two are for the same GPU.

    Raises:
        ValueError: with both; the message follows a list.
    """
    seen: dict[tuple[str, frozenset[str]], GpuArch] = {}
    for arch in archs:
        if (first := seen.setdefault((arch.processor, arch.features), arch)) is not arch:
            raise ValueError(f"has {first} and {arch}, which name one GPU: remove one")


def not_covered(archs: Iterable[GpuArch], codes: Iterable[str]) -> Sequence[GpuArch]:
    """Return the architectures that run none of the codes."""
    known = [*codes]
    return [arch for arch in archs if not any(map(arch.runs, known))]
